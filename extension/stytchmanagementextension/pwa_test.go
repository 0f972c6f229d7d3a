package stytchmanagementextension

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	apiKey     = "0123456789abcdef0123456789abcdef"
	createBody = `{"destination_type":"DATADOG","destination_config":{"datadog":{"api_key":"` + apiKey + `","site":"US"}}}`
)

func unmaskedDatadog(key, site, status string) string {
	return `{"destination_config":{"datadog":{"api_key":"` + key + `","site":"` + site + `"}},"destination_type":"DATADOG","streaming_status":"` + status + `"}`
}

func maskedDatadogOf(four, site, status string) string {
	return `{"destination_config":{"datadog":{"api_key_last_four":"` + four + `","site":"` + site + `"}},"destination_type":"DATADOG","streaming_status":"` + status + `"}`
}

// The life of a stream: the secret is shown to whoever sends it and to nobody else, a
// stream begins switched off, and an update leaves its switch alone.
func TestLifeOfAStream(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	const one = base + "/DATADOG"
	get := func() string { return r.do(t, "GET", one, "").stream(t) }
	require.Equal(t, unmaskedDatadog(apiKey, "US", "DISABLED"), r.do(t, "POST", base, createBody).stream(t))
	require.Equal(t, maskedDatadogOf("cdef", "US", "DISABLED"), get())
	for range 2 { // what is on can be switched on
		a := r.do(t, "POST", one+"/enable", "{}")
		require.Equal(t, http.StatusOK, a.StatusCode)
		require.Len(t, a.json, 2, "nothing but the envelope")
	}
	require.Equal(t, maskedDatadogOf("cdef", "US", "ACTIVE"), get())
	require.Equal(t, unmaskedDatadog(apiKey, "US", "ACTIVE"), r.do(t, "POST", base, createBody).stream(t), "the same again is no change")
	update := `{"destination_config":{"datadog":{"api_key":"another-key","site":"EU"}}}`
	require.Equal(t, unmaskedDatadog("another-key", "EU", "ACTIVE"), r.do(t, "PUT", one, update).stream(t))
	require.Equal(t, maskedDatadogOf("-key", "EU", "ACTIVE"), get())
	conflict := r.do(t, "POST", base, createBody)
	require.Equal(t, http.StatusConflict, conflict.StatusCode)
	require.Equal(t, "event_log_streaming_already_exists", conflict.json["error_type"])
	require.Equal(t, maskedDatadogOf("-key", "EU", "ACTIVE"), get())
	for range 2 {
		require.Equal(t, http.StatusOK, r.do(t, "POST", one+"/disable", "").StatusCode)
	}
	require.Equal(t, maskedDatadogOf("-key", "EU", "DISABLED"), get())
	require.Equal(t, unmaskedDatadog("another-key", "US3", "DISABLED"),
		r.do(t, "PUT", one, strings.Replace(update, "EU", "US3", 1)).stream(t))

	loki := r.do(t, "POST", base, `{"destination_type":"GRAFANA_LOKI","destination_config":{"grafana_loki":{"hostname":"h","username":"u","password":"long-password"}}}`)
	require.Equal(t, `{"destination_config":{"grafana_loki":{"hostname":"h","password":"long-password","username":"u"}},"destination_type":"GRAFANA_LOKI","streaming_status":"DISABLED"}`, loki.stream(t), "a project has a stream of each type")
	require.Equal(t, `{"destination_config":{"grafana_loki":{"hostname":"h","password_last_four":"word","username":"u"}},"destination_type":"GRAFANA_LOKI","streaming_status":"DISABLED"}`, r.do(t, "GET", base+"/GRAFANA_LOKI", "").stream(t))

	require.Equal(t, http.StatusOK, r.do(t, "DELETE", one, "").StatusCode)
	require.Equal(t, http.StatusNotFound, r.do(t, "DELETE", one, "").StatusCode)
	require.Equal(t, http.StatusNotFound, r.do(t, "GET", one, "").StatusCode)
	require.Equal(t, http.StatusOK, r.do(t, "GET", base+"/GRAFANA_LOKI", "").StatusCode)
}

// Bodies of enable, disable and delete, and content types, mean nothing.
func TestWhatIsIgnored(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	for _, body := range []string{"", "{}", "null", "}{", "\xff", strings.Repeat("x", maxBodySize)} {
		for _, contentType := range []string{"", "application/json", "text/plain", "multipart/form-data"} {
			r.do(t, "POST", base, createBody).stream(t)
			for _, call := range []struct{ method, path string }{
				{"POST", base + "/DATADOG/enable"}, {"POST", base + "/DATADOG/disable"}, {"DELETE", base + "/DATADOG"},
			} {
				req := httptest.NewRequest(call.method, call.path, strings.NewReader(body))
				req.SetBasicAuth(testKeyID, testSecret)
				req.Header.Set("Content-Type", contentType)
				require.Equal(t, http.StatusOK, r.send(t, req).StatusCode)
			}
		}
	}
}

func TestBodiesThatAreTaken(t *testing.T) {
	for name, body := range map[string]string{
		"the other one is null":  `{"destination_type":"DATADOG","destination_config":{"datadog":{"api_key":"k","site":"US"},"grafana_loki":null}}`,
		"an unknown one is null": `{"destination_type":"DATADOG","destination_config":{"datadog":{"api_key":"k","site":"US"},"splunk":null}}`,
		"unknown at the root":    `{"project_slug":"acme","destination_type":"DATADOG","destination_config":{"datadog":{"api_key":"k","site":"US"}}}`,
		"order and spaces":       "{\n \"destination_config\" : {\"datadog\":{\"site\":\"US\",\"api_key\":\"k\"}},\t\"destination_type\":\"DATADOG\"}\n",
		"escapes":                `{"destination_type":"DATADOG","destination_config":{"data\u0064og":{"api_key":"\u006b","site":"US"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, newHost(t, t.TempDir()), testConfig())
			require.Equal(t, unmaskedDatadog("k", "US", "DISABLED"), r.do(t, "POST", base, body).stream(t))
			require.Equal(t, unmaskedDatadog("k", "US", "DISABLED"), r.do(t, "PUT", base+"/DATADOG", body).stream(t))
		})
	}
}

// Clients leave out texts that are empty, and want them back as they were.
func TestLokiWithoutCredentials(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	const want = `{"destination_config":{"grafana_loki":{"hostname":"h","password":"","username":""}},"destination_type":"GRAFANA_LOKI","streaming_status":"DISABLED"}`
	for _, config := range []string{`{"hostname":"h"}`, `{"hostname":"h","username":"","password":""}`, `{"hostname":"h","username":null}`} {
		body := `{"destination_type":"GRAFANA_LOKI","destination_config":{"grafana_loki":` + config + `}}`
		require.Equal(t, want, r.do(t, "POST", base, body).stream(t))
		require.Equal(t, want, r.do(t, "PUT", base+"/GRAFANA_LOKI", body).stream(t))
	}
	require.Contains(t, r.do(t, "GET", base+"/GRAFANA_LOKI", "").stream(t), `"password_last_four":""`)
}

// Each message names the field, and nothing is half taken.
func TestBodiesThatAreRefused(t *testing.T) {
	const (
		datadog = `{"api_key":"k","site":"US"}`
		only    = "destination_config: must hold datadog, which is for DATADOG, and nothing else"
	)
	create := func(config string) string {
		return `{"destination_type":"DATADOG","destination_config":` + config + `}`
	}
	r := start(t, newHost(t, t.TempDir()), testConfig())
	for name, tc := range map[string]struct{ body, want string }{
		"empty":              {``, "body: must be a JSON object"},
		"null":               {`null`, "body: must be a JSON object"},
		"array":              {`[]`, "body: must be a JSON object"},
		"cut short":          {`{"destination_type":"DATADOG"`, "body: is no valid JSON after byte 29"},
		"two objects":        {`{}{}`, "body: must be one JSON object and nothing after it"},
		"no UTF-8":           {"{\"destination_type\":\"\xff\"}", "body: must be valid UTF-8"},
		"twice":              {`{"destination_type":"DATADOG","destination_type":"DATADOG"}`, `body: holds "destination_type" twice`},
		"no type":            {`{"destination_config":{"datadog":` + datadog + `}}`, "destination_type: is required"},
		"unknown type":       {`{"destination_type":"SPLUNK"}`, "destination_type: must be one of DATADOG, GRAFANA_LOKI"},
		"type's case":        {`{"destination_type":"datadog"}`, "destination_type: must be one of DATADOG, GRAFANA_LOKI"},
		"type a number":      {`{"destination_type":1}`, "destination_type: must be one of DATADOG, GRAFANA_LOKI"},
		"no config":          {`{"destination_type":"DATADOG"}`, "destination_config: is required"},
		"config null":        {create(`null`), "destination_config: is required"},
		"config a text":      {create(`"x"`), "destination_config: must be a JSON object"},
		"neither":            {create(`{}`), only},
		"both null":          {create(`{"datadog":null,"grafana_loki":null}`), only},
		"both":               {create(`{"datadog":` + datadog + `,"grafana_loki":{"hostname":"h"}}`), only},
		"of the other type":  {create(`{"grafana_loki":{"hostname":"h"}}`), only},
		"unknown":            {create(`{"splunk":{}}`), only},
		"case of a name":     {create(`{"Datadog":` + datadog + `}`), only},
		"config twice":       {create(`{"datadog":null,"datadog":` + datadog + `}`), `destination_config: holds "datadog" twice`},
		"no object":          {create(`{"datadog":[]}`), "destination_config.datadog: must be a JSON object"},
		"slip in a name":     {create(`{"datadog":{"apikey":"k","site":"US"}}`), `destination_config.datadog: has no member "apikey"`},
		"key twice":          {create(`{"datadog":{"api_key":"k","api_key":"l","site":"US"}}`), `destination_config.datadog: holds "api_key" twice`},
		"number":             {create(`{"datadog":{"api_key":1,"site":"US"}}`), "api_key: must be a string"},
		"both are missing":   {create(`{"datadog":{}}`), `api_key: is required; site: must be one of US, US3, US5, EU, AP1, got ""`},
		"site":               {create(`{"datadog":{"api_key":"k","site":"us1"}}`), `site: must be one of US, US3, US5, EU, AP1, got "us1"`},
		"host with a scheme": {`{"destination_type":"GRAFANA_LOKI","destination_config":{"grafana_loki":{"hostname":"https://h"}}}`, `hostname: must be a host's name without scheme or path, such as logs-prod-021.grafana.net, got "https://h"`},
		"half a password":    {`{"destination_type":"GRAFANA_LOKI","destination_config":{"grafana_loki":{"hostname":"h","username":"u","password":"\ud800"}}}`, "password: must be at most 1024 bytes of text without control characters, such as a line end"},
	} {
		t.Run(name, func(t *testing.T) {
			a := r.do(t, "POST", base, tc.body)
			require.Equal(t, http.StatusBadRequest, a.StatusCode)
			require.Equal(t, "invalid_argument", a.json["error_type"])
			require.Equal(t, tc.want, a.json["error_message"])
			if !strings.Contains(tc.want, "destination_type") && !strings.Contains(tc.body, "GRAFANA_LOKI") {
				require.Equal(t, tc.want, r.do(t, "PUT", base+"/DATADOG", tc.body).json["error_message"])
			}
		})
	}
	require.Zero(t, r.Table().Len())
}
