package stytchreceiver

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

func FuzzEvents(f *testing.F) {
	for _, e := range append(testdata.Events(), testdata.OtherLines()...) {
		f.Add([]byte(e.JSON), "")
		f.Add([]byte("["+e.JSON+","+e.JSON+"]"), "")
		f.Add([]byte(e.JSON+"\r\n\n"+e.JSON), "")
	}
	f.Add(encoded(f, "gzip", 100, "{}\n{}"), "gzip")
	f.Add(encoded(f, "zstd", 100, "[{}]"), "zstd")
	fuzzed := newFuzzed(f)
	f.Fuzz(func(t *testing.T, body []byte, encoding string) {
		records, taken := fuzzed.send(t, "/v1/events", body, http.Header{"Content-Encoding": {encoding}})
		if !taken {
			return
		}
		var again []string
		for _, lr := range records {
			event := lr.Body().Str()
			require.True(t, json.Valid([]byte(event)) && event[0] == '{', "%q is no JSON object", event)
			if encoding == "" {
				require.Contains(t, string(body), event)
			}
			again = append(again, event)
		}
		if encoding == "" {
			requireEvents(t, body, again)
		}
		if whole := "[" + strings.Join(again, ",") + "]"; len(whole) <= fuzzLimit {
			records, taken = fuzzed.send(t, "/v1/events", []byte(whole), http.Header{})
			require.True(t, taken)
			require.Len(t, records, len(again))
		}
	})
}

// requireEvents finds in the body the events that encoding/json finds there.
func requireEvents(t *testing.T, body []byte, got []string) {
	t.Helper()
	var want []string
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); trimmed[0] == '[' {
		var raw []json.RawMessage
		require.NoError(t, json.Unmarshal(body, &raw))
		for _, event := range raw {
			want = append(want, string(event))
		}
	} else {
		for decoder := json.NewDecoder(bytes.NewReader(body)); decoder.More(); {
			var raw json.RawMessage
			require.NoError(t, decoder.Decode(&raw))
			want = append(want, string(raw))
		}
	}
	slices.Sort(want) // got is in order within each project only
	slices.Sort(got)
	require.Equal(t, want, got)
}

func FuzzWebhook(f *testing.F) {
	for _, e := range append(testdata.Webhooks(), testdata.OtherLines()...) {
		f.Add([]byte(e.JSON), "msg_1", "", int64(0))
	}
	f.Add([]byte(vectorBody), vectorID, vectorSignature, int64(301))
	f.Add([]byte("{}"), "", "v1,", int64(-301))
	fuzzed := newFuzzed(f)
	key, err := standardwebhooks.NewWebhook(vectorSecret)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body []byte, id, signature string, skew int64) {
		at := time.Now().Add(time.Duration(skew%400) * time.Second)
		header := sign(t, key, id, at, string(body))
		if signature != "" {
			header.Set("webhook-signature", signature)
		}
		records, taken := fuzzed.send(t, webhookPath, body, header)
		verified := key.Verify(body, header)
		if taken {
			if !errors.Is(verified, standardwebhooks.ErrMessageTooOld) { // a second has passed
				require.NoError(t, verified)
			}
			require.Len(t, records, 1)
			require.Equal(t, string(bytes.Trim(body, " \t\r\n")), records[0].Body().Str())
			got, _ := records[0].Attributes().Get("stytch.webhook_id")
			require.Equal(t, id, got.Str())
		}
	})
}
