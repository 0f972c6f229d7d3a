//go:build e2e

package faults

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang/snappy"
	logproto "github.com/grafana/loki/pkg/push"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/lokicases"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// flood is requests of one kind, many at a time.
type flood struct {
	path      string
	body      []byte
	header    http.Header
	events    int // in a body
	senders   int
	refused   int // the answer that all are to get, if they are not to be taken
	anonymous bool
}

const (
	floodBody = 10_000_000 // bytes, decompressed: a little less than the gateway takes
	floodTime = 4 * time.Second
)

// TestMemoryOfRequests promises: within 256 MiB, 60 senders who push 10 MB at a time, compressed to
// 300 KB or not at all, in each protocol and encoding, and 200 who forge webhooks leave the process
// below. Those with credentials get through or 503 with Retry-After, and each event that was
// acknowledged arrives.
func TestMemoryOfRequests(t *testing.T) {
	const secret = "whsec_b2xkLXNlY3JldC1vZi10aGUtdGVzdA=="
	r := prepared(t, inMemory, within256MiB, `
receivers: {stytch: {webhook: {secrets: ["`+secret+`"]}}}
processors: {stytch/datadog: {deduplicate: {enabled: false}}, stytch/loki: {deduplicate: {enabled: false}}}
`)
	r.options.Env["GOMEMLIMIT"] = goMemLimit
	var arrived atomic.Int64
	r.datadog.Tell(func(logs []standin.Log) { arrived.Add(int64(len(logs))) })
	r.loki.Tell(func([]standin.Entry) {})
	r.start()

	acknowledged := 0
	for _, name := range floodNames {
		t.Run(name, func(t *testing.T) {
			r := r.within(t)
			f := floodOf(t, name)
			r.forgetPeak()
			taken, busy := f.run(t, r)
			acknowledged += taken * f.events
			peak := r.kibibytes("VmHWM")
			t.Logf("%d bytes on the wire; %d requests taken, %d refused; largest RSS %d MiB of 256", len(f.body), taken, busy, peak>>10)
			require.Less(t, peak, memory)
			if f.refused == 0 {
				require.Positive(t, taken)
			}
		})
	}
	r.until("every acknowledged event arrives", func() bool { return arrived.Load() >= int64(acknowledged) })
	require.Less(t, r.kibibytes("VmHWM"), memory)
}

var floodNames = []string{
	"loki_push JSON gzip", "loki_push JSON deflate", "loki_push JSON zstd", "loki_push JSON snappy", "loki_push JSON",
	"loki_push protobuf", "events gzip", "events zstd", "events", "events of two bytes", "webhooks gzip", "webhooks",
}

// floodOf builds a flood's body when it is needed: all at once they are larger than the collector.
func floodOf(t *testing.T, name string) flood {
	t.Helper()
	protocol, kind, _ := strings.Cut(name, " ")
	encoding := strings.TrimPrefix(strings.TrimPrefix(kind, "JSON"), " ")
	f := flood{path: harness.EventsPath, senders: 60, header: http.Header{}}
	switch {
	case kind == "of two bytes":
		f.body, f.events, encoding = bytes.Repeat([]byte("{}\n"), 20_000), 20_000, ""
	case protocol == "events":
		f.body, f.events = floodLines()
	case protocol == "webhooks":
		f.path, f.senders, f.anonymous, f.refused = harness.WebhookPath, 200, true, http.StatusUnauthorized
		f.body = bytes.Repeat([]byte(" "), 1<<20)
		f.header.Set("Svix-Id", "msg_1")
		f.header.Set("Svix-Timestamp", strconv.FormatInt(time.Now().Unix(), 10))
		f.header.Set("Svix-Signature", "v1,Zm9yZ2Vk")
		if encoding != "" {
			f.refused, f.body = http.StatusBadRequest, bytes.Repeat(f.body, 20)
		}
	case kind == "protobuf":
		f.path, encoding = harness.LokiPushPath, ""
		f.body, f.events = floodPush(t, true)
		f.header.Set("Content-Type", "application/x-protobuf")
	default:
		f.path = harness.LokiPushPath
		f.body, f.events = floodPush(t, false)
		f.header.Set("Content-Type", "application/json")
	}
	if encoding != "" {
		f.body = compress(t, encoding, f.body)
		f.header.Set("Content-Encoding", encoding)
	}
	return f
}

func compress(t *testing.T, encoding string, body []byte) []byte {
	t.Helper()
	switch encoding {
	case "gzip":
		return harness.Gzip(body)
	case "deflate":
		return []byte(lokicases.Compress(string(body), lokicases.Zlib))
	case "snappy":
		return snappy.Encode(nil, body)
	case "zstd":
		var packed bytes.Buffer // without its size, unlike EncodeAll
		encoder, err := zstd.NewWriter(&packed)
		require.NoError(t, err)
		_, err = encoder.Write(body)
		require.NoError(t, err)
		require.NoError(t, encoder.Close())
		return packed.Bytes()
	}
	t.Fatal(encoding)
	return nil
}

// floodEvent is an event of usual size, of which each differs from the others by its id: gzip leaves
// a thirtieth.
func floodEvent(n int) string {
	id := sha256.Sum256(strconv.AppendInt(nil, int64(n), 10))
	return strings.Replace(testdata.Events()[0].JSON, `"event_id":"`, fmt.Sprintf(`"event_id":"%x-`, id[:16]), 1)
}

func floodLines() (body []byte, events int) {
	for ; len(body) < floodBody; events++ {
		body = append(append(body, floodEvent(events)...), '\n')
	}
	return body, events
}

func floodPush(t *testing.T, protobuf bool) (body []byte, events int) {
	t.Helper()
	now := time.Now()
	if protobuf {
		stream := logproto.Stream{Labels: `{source="stytch", service_name="stytch.auth"}`}
		for size := 0; size < floodBody; events++ {
			line := floodEvent(events)
			size += len(line) + 24
			stream.Entries = append(stream.Entries, logproto.Entry{Timestamp: now, Line: line})
		}
		return lokicases.Protobuf(stream), events
	}
	body = []byte(`{"streams":[{"stream":{"source":"stytch","service_name":"stytch.auth"},"values":[`)
	for ; len(body) < floodBody; events++ {
		line, err := json.Marshal(floodEvent(events))
		require.NoError(t, err)
		body = fmt.Appendf(body, `["%d",%s],`, now.UnixNano(), line)
	}
	return append(body[:len(body)-1], "]}]}"...), events
}

// run sends for a while, and until something was taken, and counts the requests that were taken and
// those that are to come again. Other answers fail the test, but for those that are expected.
func (f flood) run(t *testing.T, r *rig) (taken, busy int) {
	t.Helper()
	var counts [600]atomic.Int64
	begin := time.Now()
	over := func() bool {
		since := time.Since(begin)
		return since > patience || since > floodTime && (f.refused > 0 || counts[http.StatusNoContent].Load()+counts[http.StatusAccepted].Load() > 0)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: f.senders}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	var senders sync.WaitGroup
	for range f.senders {
		senders.Go(func() {
			for !over() {
				code, retry := f.send(t, r, client)
				counts[code].Add(1)
				if code == http.StatusServiceUnavailable && !retry {
					t.Error("503 without Retry-After")
				}
				if code == http.StatusServiceUnavailable || code == 0 {
					time.Sleep(100 * time.Millisecond)
				}
			}
		})
	}
	senders.Wait()
	for code := range counts {
		n := int(counts[code].Load())
		switch {
		case n == 0, code == f.refused, code == 0: // a large body can be cut off by its refusal
		case code == http.StatusNoContent || code == http.StatusAccepted:
			taken += n
		case code == http.StatusServiceUnavailable:
			busy += n
		default:
			t.Errorf("%d answers of %d", n, code)
		}
	}
	require.True(t, f.refused == 0 || taken == 0)
	return taken, busy
}

func (f flood) send(t *testing.T, r *rig, client *http.Client) (code int, retry bool) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.sender.URL+f.path, bytes.NewReader(f.body))
	if err != nil {
		t.Error(err)
		return 0, false
	}
	request.Header = f.header.Clone()
	if !f.anonymous {
		request.SetBasicAuth(r.sender.Username, r.sender.Password)
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, false
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body) //nolint:errcheck // the status counts
	return answer.StatusCode, answer.Header.Get("Retry-After") != ""
}
