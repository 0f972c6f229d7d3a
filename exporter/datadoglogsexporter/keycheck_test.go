package datadoglogsexporter

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

func TestKeyCheck(t *testing.T) {
	for _, tc := range []struct {
		name    string
		code    int
		body    string
		invalid bool
		log     string
	}{
		{"valid", 200, `{"valid":true}`, false, ""},
		{"valid, it seems", 200, `OK`, false, ""},
		{"not valid", 200, `{"valid":false}`, true, ""},
		{"forbidden", 403, `{"errors":["Forbidden"]}`, true, ""},
		{"no key", 401, ``, true, ""},
		{"many requests", 429, ``, false, "answered 429"},
		{"down", 503, `<html>`, false, "answered 503"},
		{"moved", 302, ``, false, "answered 302"},
		{"cut off", 0, ``, false, "EOF"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, http.MethodGet, r.Method)
				assert.Equal(t, validatePath, r.URL.Path)
				assert.Equal(t, apiKey, r.Header.Get("DD-API-KEY"))
				if tc.code == 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(tc.code)
				_, _ = io.WriteString(w, tc.body)
			}))
			defer api.Close()
			datadog := standin.NewDatadog(apiKey)
			url, err := datadog.Start("localhost:0")
			require.NoError(t, err)
			defer datadog.Close()

			strict := newRig(t, url, func(cfg *Config) { cfg.API.Endpoint, cfg.API.FailOnInvalidKey = api.URL, true })
			err = strict.Start(t.Context(), strict.Host)
			if tc.invalid {
				require.ErrorContains(t, err, "api::key: Datadog refuses this key")
			} else {
				require.NoError(t, err)
			}
			strict.Stop()

			r := startRig(t, url, func(cfg *Config) { cfg.API.Endpoint = api.URL })
			if tc.invalid {
				var events []*componentstatus.Event
				require.Eventually(t, func() bool {
					events = append(events, r.Host.Take()...)
					return len(events) > 0
				}, 5*time.Second, time.Millisecond)
				require.Equal(t, componentstatus.StatusRecoverableError, events[0].Status())
				require.ErrorIs(t, events[0].Err(), errInvalidKey)
				require.Eventually(t, func() bool { return r.Log.String() != "" }, 5*time.Second, time.Millisecond)
			} else if tc.log != "" {
				require.Eventually(t, func() bool { return r.Log.String() != "" }, 5*time.Second, time.Millisecond)
				require.Contains(t, r.Log.String(), tc.log)
			}
			require.NoError(t, r.ConsumeLogs(t.Context(), events(0, 1, 50)), "it goes on")
			requireOnce(t, datadog, 1)
			if tc.invalid {
				require.Equal(t, componentstatus.StatusOK, r.Host.Take()[0].Status(), "the intake takes it: the check was wrong, or is over")
			}
			r.Stop()
		})
	}
}

// The start does not wait for the answer, and the end does not either.
func TestKeyCheckHoldsUpNobody(t *testing.T) {
	asked := make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer api.Close()
	r := startRig(t, "http://localhost:1", func(cfg *Config) { cfg.API.Endpoint = api.URL })
	<-asked
	began := time.Now()
	r.Stop()
	require.Less(t, time.Since(began), 5*time.Second)
	require.Empty(t, r.Log.String(), "a check that was broken off is no news")
}

func TestKeyCheckAsksNobodyElse(t *testing.T) {
	for want, edit := range map[string]func(*Config){
		"https://api.datadoghq.eu/api/v1/validate": func(cfg *Config) { cfg.API.Site = "EU" },
		"": func(cfg *Config) { cfg.ClientConfig.Endpoint = "http://proxy" },
		"http://api/api/v1/validate": func(cfg *Config) {
			cfg.ClientConfig.Endpoint, cfg.API.Endpoint = "http://proxy", "http://api"
		},
		"https://api/v2": func(cfg *Config) { cfg.API.Endpoint = "https://api/v2" },
	} {
		cfg := createDefaultConfig().(*Config)
		edit(cfg)
		got, err := cfg.validateURL()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}
