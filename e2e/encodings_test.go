//go:build e2e

package e2e

import (
	"net/http"
	"testing"
	"time"

	logproto "github.com/grafana/loki/pkg/push"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/lokicases"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestEncodings pushes the same kind of events in each way that loki_push takes; a part goes
// each way, and all arrive as they are.
func TestEncodings(t *testing.T) {
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	asJSON := func(encode func([]byte) []byte) func([]testdata.Event) []byte {
		return func(events []testdata.Event) []byte { return encode(harness.LokiBody(events)) }
	}
	w := newWorld(t)
	ways := []struct {
		kind, encoding string
		body           func([]testdata.Event) []byte
	}{
		{"application/json", "", asJSON(func(b []byte) []byte { return b })},
		{"application/json", "gzip", asJSON(harness.Gzip)},
		{"application/json", "deflate", asJSON(func(b []byte) []byte { return []byte(lokicases.Compress(string(b), lokicases.RawDeflate)) })},
		{"application/json", "zstd", asJSON(func(b []byte) []byte { return encoder.EncodeAll(b, nil) })},
		{"application/x-protobuf", "", protobufPush},
		{"application/x-protobuf", "snappy", protobufPush},
		{"application/x-protobuf", "gzip", func(e []testdata.Event) []byte { return harness.Gzip(protobufPush(e)) }},
	}
	const each = 20
	events := testdata.Mixed(each*len(ways), time.Now())
	for i, way := range ways {
		reply, err := w.sender.Post(t.Context(), harness.LokiPushPath, way.body(events[i*each:(i+1)*each]),
			http.Header{"Content-Type": {way.kind}, "Content-Encoding": {way.encoding}})
		require.NoError(t, err)
		require.Equal(t, http.StatusNoContent, reply.Status, "%s %s: %s", way.kind, way.encoding, reply.Body)
	}
	w.settle(len(events), len(events))
	requireInLoki(t, w.loki, events, sentTime)
	requireInDatadog(t, w.datadog, events)
}

func protobufPush(events []testdata.Event) []byte {
	stream := logproto.Stream{Labels: `{service_name="stytch.auth", source="stytch"}`}
	for _, event := range events {
		stream.Entries = append(stream.Entries, logproto.Entry{Timestamp: event.Time, Line: event.JSON})
	}
	return lokicases.Protobuf(stream)
}
