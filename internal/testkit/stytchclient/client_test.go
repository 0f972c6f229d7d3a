package stytchclient

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	datadogAnswer = `{"request_id":"request-id-1","status_code":200,"event_log_streaming_config":{"destination_type":"DATADOG",` +
		`"destination_config":{"datadog":{"api_key":"0123456789abcdef0123456789abcdef","site":"US"}},"streaming_status":"DISABLED"}}`
	withoutConfig = `{"request_id":"request-id-1","status_code":200,"event_log_streaming_config":{"destination_type":"DATADOG","streaming_status":"DISABLED"}}`
)

// recorder answers every request with the same code and body, and keeps what came.
type recorder struct {
	code     int
	body     string
	requests []string // method, path and body
	last     *http.Request
}

func (s *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.requests = append(s.requests, r.Method+" "+r.URL.Path+" "+string(body))
	s.last = r
	w.WriteHeader(s.code)
	_, _ = io.WriteString(w, s.body)
}

func start(t *testing.T, s *recorder) Options {
	server := httptest.NewTLSServer(s)
	t.Cleanup(server.Close)
	return Options{
		BaseURL: server.URL, KeyID: "workspace-key-prod-1", Secret: "secret", Destination: Datadog,
		TLS:         &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
		Environment: Environment{"acme", "production"},
	}
}

func TestWhatEachSends(t *testing.T) {
	const path = "/pwa/v3/projects/acme/environments/production/event_log_streaming"
	config := Config{Datadog: &DatadogConfig{APIKey: "é<1>", Site: "US"}}
	compact := `{"datadog":{"api_key":"é<1>","site":"US"}}`
	escaped := `{"datadog":{"api_key":"é\u003c1\u003e","site":"US"}}`
	spaced := `{"datadog": {"api_key": "\u00e9<1>", "site": "US"}, "grafana_loki": null}`
	tests := map[string]struct {
		client            func(Options) *Client
		create, put       string
		toggle, remove    string
		authorization     string
		userAgent, accept string
	}{
		"Go": {
			client: Go, create: `{"destination_type":"DATADOG","destination_config":` + escaped + `}`, put: `{"destination_config":` + escaped + `}`,
			toggle: "{}", authorization: "Basic d29ya3NwYWNlLWtleS1wcm9kLTE6c2VjcmV0", userAgent: "stytch-management-go/3.2.0",
		},
		"Go with a token": {
			client: GoBearer, create: `{"destination_type":"DATADOG","destination_config":` + escaped + `}`, put: `{"destination_config":` + escaped + `}`,
			toggle: "{}", authorization: "Bearer secret", userAgent: "stytch-management-go/3.2.0",
		},
		"Node": {
			client: Node, create: `{"destination_type":"DATADOG","destination_config":` + compact + `}`, put: `{"destination_config":` + compact + `}`,
			toggle: "{}", remove: "{}", authorization: "Basic d29ya3NwYWNlLWtleS1wcm9kLTE6c2VjcmV0", userAgent: "Stytch Management Node v1.0.0", accept: "*/*",
		},
		"Python": {
			client: Python, create: `{"destination_type": "DATADOG", "destination_config": ` + spaced + `}`, put: `{"destination_config": ` + spaced + `}`,
			authorization: "Basic d29ya3NwYWNlLWtleS1wcm9kLTE6c2VjcmV0", userAgent: "Stytch Management Python v1.0.0", accept: "*/*",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &recorder{code: 200, body: datadogAnswer}
			c := test.client(start(t, s))
			defer c.Close()
			_, err := c.Create(t.Context(), config)
			require.NoError(t, err)
			_, err = c.Get(t.Context())
			require.NoError(t, err)
			_, err = c.Update(t.Context(), config)
			require.NoError(t, err)
			require.NoError(t, c.Enable(t.Context()))
			require.NoError(t, c.Disable(t.Context()))
			require.NoError(t, c.Delete(t.Context()))
			require.Equal(t, []string{
				"POST " + path + " " + test.create,
				"GET " + path + "/DATADOG ",
				"PUT " + path + "/DATADOG " + test.put,
				"POST " + path + "/DATADOG/enable " + test.toggle,
				"POST " + path + "/DATADOG/disable " + test.toggle,
				"DELETE " + path + "/DATADOG " + test.remove,
			}, s.requests)
			require.Equal(t, test.authorization, s.last.Header.Get("Authorization"))
			require.Equal(t, test.userAgent, s.last.Header.Get("User-Agent"))
			require.Equal(t, test.accept, s.last.Header.Get("Accept"))
			require.Equal(t, "application/json", s.last.Header.Get("Content-Type"))
		})
	}
}

func TestLokiConfigOfEach(t *testing.T) {
	empty := Config{GrafanaLoki: &GrafanaLokiConfig{Hostname: "loki.example.com"}}
	require.Equal(t, `{"grafana_loki":{"hostname":"loki.example.com"}}`, Go(Options{}).sdk.config(empty), "empty strings are left out")
	require.Equal(t, `{"grafana_loki":{"hostname":"loki.example.com","username":"","password":""}}`, Node(Options{}).sdk.config(empty))
	require.Equal(t, `{"datadog": null, "grafana_loki": {"hostname": "loki.example.com", "username": "", "password": ""}}`, Python(Options{}).sdk.config(empty))
}

func TestWhatEachAccepts(t *testing.T) {
	const errorBody = `{"status_code":404,"request_id":"request-id-2","error_type":"stream_not_found","error_message":"No such stream.","error_url":""}`
	tests := map[string]struct {
		code   int
		body   string
		accept string // the SDKs that take it as success
	}{
		"200":                       {200, datadogAnswer, "Go Node Python"},
		"201":                       {201, datadogAnswer, "Go Node Python"},
		"202":                       {202, datadogAnswer, "Node Python"},
		"an error":                  {404, errorBody, ""},
		"an error of text":          {404, "404 page not found\n", ""},
		"no body":                   {200, "", ""},
		"no destination_config":     {200, withoutConfig, ""},
		"no status_code":            {200, `{"request_id":"r","event_log_streaming_config":{"destination_type":"DATADOG","destination_config":{"datadog":{"api_key":"k","site":"US"}},"streaming_status":"ACTIVE"}}`, "Go Node"},
		"an unknown status":         {200, `{"request_id":"r","status_code":200,"event_log_streaming_config":{"destination_type":"DATADOG","destination_config":{"datadog":{"api_key":"k","site":"US"}},"streaming_status":"HELD"}}`, "Go Node"},
		"a config without a secret": {200, `{"request_id":"r","status_code":200,"event_log_streaming_config":{"destination_type":"DATADOG","destination_config":{"datadog":{"site":"US"}},"streaming_status":"ACTIVE"}}`, "Go Node"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := start(t, &recorder{code: test.code, body: test.body})
			var accepted []string
			for _, c := range []struct {
				name   string
				client *Client
			}{{"Go", Go(o)}, {"Node", Node(o)}, {"Python", Python(o)}} {
				if _, err := c.client.Create(t.Context(), Config{Datadog: &DatadogConfig{}}); err == nil {
					accepted = append(accepted, c.name)
				}
				c.client.Close()
			}
			require.Equal(t, test.accept, strings.Join(accepted, " "))
		})
	}
}

func TestTheirErrors(t *testing.T) {
	o := start(t, &recorder{code: 404, body: `{"status_code":404,"request_id":"request-id-2","error_type":"stream_not_found","error_message":"No such stream."}`})
	for _, c := range SDKs(o) {
		var refused *Error
		require.ErrorAs(t, c.Enable(t.Context()), &refused, c.Name)
		require.Equal(t, Error{404, "request-id-2", "stream_not_found", "No such stream."}, *refused, c.Name)
		c.Close()
	}
}

func TestTwoNeedTLS(t *testing.T) {
	o := Options{BaseURL: "http://127.0.0.1:1"}
	for _, c := range []*Client{Node(o), Python(o)} {
		require.ErrorContains(t, c.Delete(t.Context()), "must use HTTPS", c.Name)
	}
}

func TestNodeDropsThePrefix(t *testing.T) {
	s := &recorder{code: 200, body: datadogAnswer}
	o := start(t, s)
	o.BaseURL += "/prefix/"
	for _, c := range []*Client{Node(o), Python(o)} {
		require.NoError(t, c.Delete(t.Context()))
		c.Close()
	}
	const path = "/pwa/v3/projects/acme/environments/production/event_log_streaming/DATADOG "
	require.Equal(t, []string{"DELETE " + path + "{}", "DELETE /prefix" + path}, s.requests)
}

func TestTerraformRefuses(t *testing.T) {
	key := Resource{Config{Datadog: &DatadogConfig{APIKey: "0123456789abcdef0123456789abcdef", Site: "US"}}, true}
	t.Run("a masked secret after apply", func(t *testing.T) {
		masked := `{"request_id":"r","status_code":200,"event_log_streaming_config":{"destination_type":"DATADOG","destination_config":{"datadog":{"api_key_last_four":"cdef","site":"US"}},"streaming_status":"DISABLED"}}`
		r := NewTerraform(start(t, &recorder{code: 200, body: masked}))
		defer r.Close()
		require.ErrorContains(t, r.Apply(t.Context(), key), "inconsistent result after apply: datadog_config.api_key")
		require.False(t, r.InState())
	})
	t.Run("no destination_config", func(t *testing.T) {
		r := NewTerraform(start(t, &recorder{code: 200, body: withoutConfig}))
		defer r.Close()
		require.ErrorIs(t, r.Apply(t.Context(), key), ErrPanics)
	})
	t.Run("a status that is not the state's", func(t *testing.T) {
		s := &recorder{code: 200, body: datadogAnswer}
		r := NewTerraform(start(t, s))
		defer r.Close()
		require.NoError(t, r.Apply(t.Context(), key))
		changes, err := r.Plan(t.Context(), key) // the stand-in says DISABLED after enable
		require.NoError(t, err)
		require.Equal(t, []string{"enabled"}, changes)
	})
}
