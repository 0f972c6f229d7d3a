package stytchreceiver

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// fuzzed is a receiver's handler and the sink behind it.
type fuzzed struct {
	http.Handler
	sink *consumertest.LogsSink
}

// fuzzLimit is small, so that a round is quick.
const fuzzLimit = 64 << 10

func newFuzzed(f *testing.F) *fuzzed {
	rcv, routes := handler(f, func(cfg *Config) {
		withWebhook(cfg)
		cfg.HTTP.MaxRequestBodySize = fuzzLimit
		cfg.MaxEventsPerRequest = 100
	})
	return &fuzzed{routes, rcv.next.(*consumertest.LogsSink)}
}

// send returns the records that arrived, if the body was taken. Whatever is
// sent, no answer is a 5xx, and a refusal leaves nothing behind.
func (f *fuzzed) send(t *testing.T, path string, body []byte, header http.Header) (all []plog.LogRecord, taken bool) {
	f.sink.Reset()
	req := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	req.Header = header
	rec := httptest.NewRecorder()
	f.ServeHTTP(rec, req)
	for _, ld := range f.sink.AllLogs() {
		for _, rl := range ld.ResourceLogs().All() {
			for _, lr := range rl.ScopeLogs().At(0).LogRecords().All() {
				all = append(all, lr)
			}
		}
	}
	switch rec.Code {
	case http.StatusNoContent, http.StatusAccepted:
		require.Empty(t, rec.Body.Bytes())
		return all, true
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		require.NotEmpty(t, rec.Body.Bytes())
		require.Empty(t, all)
		return nil, false
	default:
		require.Fail(t, "unexpected answer", "%d %s", rec.Code, rec.Body)
		return nil, false
	}
}
