package lokiexporter

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configretry"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/exporterrig"
)

const (
	old  = httpsend.ReasonTooOld
	long = httpsend.ReasonTooLarge
	bad  = httpsend.ReasonRejected
)

// Each text is what Loki 3.7.8 answered to the request of that many entries that
// stands before it; times and streams are shortened.
func TestAnswers(t *testing.T) {
	lost := func(losses ...httpsend.Loss) httpsend.Result {
		return httpsend.Result{Outcome: httpsend.Delivered, Lost: losses}
	}
	of := func(n int, reason string) httpsend.Loss { return httpsend.Loss{Reason: reason, Records: n} }
	hold, retry, split, isolate := httpsend.Result{Outcome: httpsend.Hold}, httpsend.Result{Outcome: httpsend.Retry},
		httpsend.Result{Outcome: httpsend.Split}, httpsend.Result{Outcome: httpsend.Bisect}
	for _, c := range []struct {
		request string
		records int
		code    int
		text    string
		want    httpsend.Result
	}{
		{"an entry", 1, 204, "", lost()},
		{"an entry", 1, 200, "", lost()},
		{"an entry", 1, 200, `{"status":"success","data":{}}`, lost()},
		{"an entry, to an API that fails", 1, 200, `{"status":"error","error":"x"}`, hold},
		{"an entry, to a login page", 1, 200, "<!DOCTYPE html><title>Sign in</title>", hold},
		{"an entry, to another API", 1, 200, `{"result":"ok"}`, hold},
		{"an entry, to an API of arrays", 1, 200, `["success"]`, hold},
		{"an entry", 1, 202, "", hold},
		{"an entry", 1, 206, "", hold},
		{"an entry of 8 days ago", 1, 400, "entry for stream '{service_name=\"a\"}' has timestamp too old: 2026-11-15T10:21:23Z, oldest acceptable timestamp is: 2026-11-16T10:21:23Z", lost(of(1, old))},
		{"an entry in 20 minutes", 1, 400, "entry for stream '{service_name=\"a\"}' has timestamp too new: 2026-11-23T10:41:23Z", lost(of(1, bad))},
		{"an entry of 262,145 bytes among others", 9, 400, "max entry size '262144' bytes exceeded for stream '{service_name=\"a\"}' while adding an entry with length '262145' bytes", lost(of(1, long))},
		{
			"2 entries of 8 days ago, 2 of 262,145 bytes, a good one", 5, 400,
			"1 errors like: entry for stream '{service_name=\"a\"}' has timestamp too old: 2026-11-15T10:21:23Z, oldest acceptable timestamp is: 2026-11-16T10:21:23Z; 1 errors like: entry for stream '{service_name=\"a\"}' has timestamp too old: 2026-11-15T10:21:22Z, oldest acceptable timestamp is: 2026-11-16T10:21:23Z; 2 errors like: max entry size '262144' bytes exceeded for stream '{service_name=\"a\"}' while adding an entry with length '262145' bytes",
			lost(of(2, old), of(2, long)),
		},
		{
			"2 entries more than an hour behind the stream", 2, 400,
			"entry with timestamp 2026-11-23 07:21:23.2 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-11-23T07:21:23Z, oldest acceptable timestamp is: 2026-11-23T09:21:23Z',\nentry with timestamp 2026-11-23 08:21:23.2 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-11-23T08:21:23Z, oldest acceptable timestamp is: 2026-11-23T09:21:23Z',\nuser 't', total ignored: 2 out of 2 for stream: {service_name=\"a\"}",
			lost(of(2, old)),
		},
		{
			"an entry of 8 days ago, which the answer does not tell, 2 behind, a good one", 4, 400,
			"entry with timestamp 2026-11-23 07:21:23.2 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-11-23T07:21:23Z, oldest acceptable timestamp is: 2026-11-23T09:21:23Z',\nuser 't', total ignored: 2 out of 3 for stream: {service_name=\"a\"}",
			lost(of(2, old), of(1, bad)),
		},
		{"the same, cut short by a proxy", 4, 400, "entry with timestamp 2026-11-23 07:21:23.2 +0000 UTC ignored, reason: 'entry too far", lost(of(1, old))},
		{"structured metadata for a tenant without, and a line without", 2, 400, "stream '{service_name=\"a\"}' includes structured metadata, but this feature is disallowed. Please see `limits_config.allow_structured_metadata` or contact your Loki administrator to enable it", lost(of(1, bad))},
		{
			"too large and too much structured metadata", 2, 400,
			"1 errors like: stream '{service_name=\"a\"}' has structured metadata too large: '29' bytes, limit: '20' bytes. Please see `limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it; 1 errors like: stream '{service_name=\"a\"}' has too many structured metadata labels: '3', limit: '2'. Please see `limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it",
			lost(of(2, bad)),
		},
		{"2 entries of a stream of 3 labels", 2, 400, "entry for stream '{a=\"b\", b=\"c\", c=\"d\", service_name=\"a\"}' has 3 label names; limit 2", lost(of(2, bad))},
		{"2 entries of a stream with a long name", 2, 400, "stream '{abcdefghijklmnop=\"b\", service_name=\"a\"}' has label name too long: 'abcdefghijklmnop'", lost(of(2, bad))},
		{"2 entries of a stream with a long value", 2, 400, "stream '{service_name=\"abcdefghijklmnop\"}' has label value too long: 'abcdefghijklmnop'", lost(of(2, bad))},
		{"not seen, but in Loki's source", 2, 400, "stream '{a=\"b\"}' has duplicate label name: 'a'", lost(of(2, bad))},
		{"2 entries of a stream without a label that the tenant asks for", 2, 400, "missing required labels 'team' for user 'enforced' for stream '{service_name=\"a\"}' (policy: '')", lost(of(2, bad))},
		{"a label with a dot", 2, 400, "couldn't parse labels: 1:9: parse error: unexpected character inside braces: '.'", isolate},
		{"half a request", 2, 400, "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: Skip: do not know how to skip: 0, error found in #10 byte of ...", isolate},
		{"no stream", 0, 422, "error at least one valid stream is required for ingestion", isolate},
		{"no tenant", 1, 401, "no org id", hold},
		{"a blocked tenant", 1, 260, "ingestion blocked for user 'blocked' until '2099-01-01T00:00:00Z' with status code '260'", hold},
		{"a tenant that is blocked with 400", 1, 400, "ingestion blocked for user 'blocked-400' until '2099-01-01T00:00:00Z' with status code '400'", hold},
		{"structured metadata named _", 1, 500, "normalization for label name \"_\" resulted in invalid name \"_\"", retry},
		{"2 entries above the tenant's burst", 2, 429, "ingestion rate limit exceeded for user rate-limited (limit: 524 bytes/sec) while attempting to ingest '2' lines totaling '3000' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased", split},
		{"one entry above the tenant's burst", 1, 429, "ingestion rate limit exceeded for user rate-limited (limit: 524 bytes/sec) while attempting to ingest '1' lines totaling '3500' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased", retry},
		{"2 entries below the tenant's rate", 2, 429, "ingestion rate limit exceeded for user t (limit: 4194304 bytes/sec) while attempting to ingest '2' lines totaling '3000' bytes, reduce log volume", retry},
		{
			"a stream over its own limit", 2, 429,
			"entry with timestamp 2026-11-23 10:21:23.2 +0000 UTC ignored, reason: 'Per stream rate limit exceeded (limit: 1KB/sec) while attempting to ingest for stream '{service_name=\"a\"}' totaling 2000B, consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased',\nuser 'stream-rate-limited', total ignored: 1 out of 2 for stream: {service_name=\"a\"}",
			split,
		},
		{"a stream over a limit that the request is below", 2, 429, "entry with timestamp 2026-11-23 10:21:23.2 +0000 UTC ignored, reason: 'Per stream rate limit exceeded (limit: 3MB/sec) while attempting to ingest for stream '{service_name=\"a\"}' totaling 2000B, consider", retry},
		{"one entry over its stream's limit", 1, 429, "entry with timestamp 2026-11-23 10:21:23.2 +0000 UTC ignored, reason: 'Per stream rate limit exceeded (limit: 1KB/sec) while attempting to ingest for stream '{service_name=\"a\"}' totaling 2000B, consider", retry},
		{"one stream too many", 2, 429, "maximum active stream limit exceeded when trying to create stream {service_name=\"b\"}, reduce the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: 'one-stream'", retry},
		{"a web server's", 2, 400, "<html><head><title>400 Bad Request</title></head></html>", isolate},
		{"a web server's", 2, 413, "<html><head><title>413 Request Entity Too Large</title></head></html>", split},
		{"a made-up number", 2, 400, "99999999999999999999999 errors like: entry for stream '' has timestamp too old: x", lost(of(2, old))},
	} {
		t.Run(c.request, func(t *testing.T) {
			require.Equal(t, c.want, classify(c.code, []byte(c.text+"\n"), c.records))
		})
	}
}

// Of the 2xx only 200 and 204 mean stored; for the rest Loki is like others.
func TestEveryCode(t *testing.T) {
	differ := map[int]httpsend.Outcome{http.StatusNoContent: httpsend.Delivered}
	exporterrig.CheckAnswers(t, NewFactory(), func(url string) component.Config {
		return config(t, url, func(cfg *Config) { cfg.RetryConfig = configretry.BackOffConfig{MaxInterval: time.Minute} })
	}, differ)
}

// No text makes more be lost than was sent, and what a 400 stores is not sent
// again.
func FuzzClassify(f *testing.F) {
	f.Add(400, "2 errors like: max entry size; -1 errors like: timestamp too old", 3)
	f.Add(400, "total ignored: 9 out of 1", 3)
	f.Add(429, "(limit: 1 bytes/sec) while attempting to ingest '2' lines totaling '3' bytes", 3)
	f.Fuzz(func(t *testing.T, code int, text string, records int) {
		code, records = 200+(code&0x7fffffff)%400, 1+(records&0xffff)
		result := classify(code, []byte(text), records)
		total := 0
		for _, l := range result.Lost {
			require.Positive(t, l.Records, fmt.Sprint(result))
			total += l.Records
		}
		require.LessOrEqual(t, total, records)
		if total > 0 {
			require.Equal(t, httpsend.Delivered, result.Outcome)
			require.Equal(t, 400, code)
		}
		if result.Outcome == httpsend.Delivered && total == 0 {
			require.Contains(t, []int{200, 204}, code)
		}
	})
}
