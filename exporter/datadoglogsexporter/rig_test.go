package datadoglogsexporter

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/exporterrig"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

const apiKey = "0123456789abcdef0123456789abcdef"

// config is the rig's configuration, with a key.
func config(t testing.TB, url string, edits ...func(*Config)) *Config {
	t.Helper()
	withKey := func(cfg *Config) { cfg.API.Key = apiKey }
	return exporterrig.Config(t, NewFactory(), url, append([]func(*Config){withKey}, edits...)...)
}

func newRig(t testing.TB, url string, edits ...func(*Config)) *exporterrig.Rig {
	t.Helper()
	return exporterrig.New(t, NewFactory(), config(t, url, edits...))
}

func startRig(t testing.TB, url string, edits ...func(*Config)) *exporterrig.Rig {
	t.Helper()
	return exporterrig.Start(t, NewFactory(), config(t, url, edits...))
}

// lost is the code of an answer that is lost on its way: the logs are taken.
const lost = -1

// choosy is an intake that reads each request's logs before it answers: with a
// code of refuse's, or, where that is 0, as Datadog would.
func choosy(t *testing.T, datadog *standin.Datadog, refuse func(w http.ResponseWriter, logs []standin.Log) int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wire, err := io.ReadAll(r.Body)
		if err != nil {
			return // the exporter has gone
		}
		zr, err := gzip.NewReader(bytes.NewReader(wire))
		if err == nil {
			var payload []byte
			if payload, err = io.ReadAll(zr); err == nil {
				var logs []standin.Log
				if logs, err = standin.DecodeDatadog(payload); err == nil {
					switch code := refuse(w, logs); code {
					case 0:
					case lost:
						r.Body = io.NopCloser(bytes.NewReader(wire))
						datadog.ServeHTTP(httptest.NewRecorder(), r)
						panic(http.ErrAbortHandler)
					default:
						w.WriteHeader(code)
						return
					}
				}
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(wire))
		datadog.ServeHTTP(w, r) // tells of errors too
	}))
	t.Cleanup(server.Close)
	return server.URL
}
