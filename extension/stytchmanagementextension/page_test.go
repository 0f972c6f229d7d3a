package stytchmanagementextension

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// browser asks a started extension as a browser does, without a network.
type browser struct {
	*rig
	cookies []*http.Cookie
}

func (b *browser) ask(t *testing.T, method, path string, pairs ...string) (status int, location, text string) {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", "a browser")
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	b.cookies = append(b.cookies, w.Result().Cookies()...)
	return w.Code, w.Header().Get("Location"), w.Body.String()
}

// follow posts, and returns the page that it leads to.
func (b *browser) follow(t *testing.T, path string, pairs ...string) string {
	t.Helper()
	status, next, text := b.ask(t, http.MethodPost, path, pairs...)
	require.Equal(t, http.StatusSeeOther, status, text)
	next, _, _ = strings.Cut(next, "#")
	status, _, text = b.ask(t, http.MethodGet, next)
	require.Equal(t, http.StatusOK, status)
	return text
}

func browse(t *testing.T, r *rig) *browser {
	t.Helper()
	b := &browser{rig: r}
	b.follow(t, "/sign-in", "id", testKeyID, "secret", testSecret)
	return b
}

// What is done on the page is done by the same control as by the API, and audited.
func TestPageChangesStreams(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	x := &fakeExporter{destination: managed.Datadog, answer: managed.Answer{OK: true, Code: 202, Took: time.Millisecond}}
	t.Cleanup(r.Attach(x))
	b := browse(t, r)
	path := "/streams/" + project + "/DATADOG"
	text := b.follow(t, "/streams/new", "project", "acme/production", "destination", "DATADOG", "site", "US", "api_key", "not a key", "do", "save")
	require.Contains(t, text, "Datadog API Key must be ")
	require.NotContains(t, text, "not a key")
	text = b.follow(t, "/streams/new", "project", project, "destination", "DATADOG", "site", "US", "api_key", "0123456789abcdef0123456789abcdef", "do", "save-and-enable")
	require.Contains(t, text, "Saved and enabled")
	require.True(t, r.Table().Stream(project, managed.Datadog).Active)
	require.Contains(t, r.do(t, "GET", base+"/DATADOG", "").stream(t), `"streaming_status":"ACTIVE"`)
	require.Contains(t, b.follow(t, path, "site", "EU", "api_key", "", "do", "check"), "Datadog takes these credentials: it answered 202 in 1 ms.")
	require.Contains(t, b.follow(t, path+"/test"), "Datadog took the test event")
	require.Contains(t, x.event, "otelcol_stytch.test")
	require.Contains(t, b.follow(t, path, "site", "EU", "api_key", "", "do", "save"), "site US → EU")

	change := r.control.audit()[0]
	require.Equal(t, "page", change.Through)
	require.Equal(t, testKeyID, change.Key)
	require.Equal(t, "a browser", change.UserAgent)
	require.Contains(t, b.follow(t, "/streams/new", "project", project, "destination", "DATADOG", "site", "US", "api_key", "another-key-of-datadog", "do", "save"), "has a stream to this destination already")

	b.follow(t, path+"/disable", "confirmed", "yes")
	b.follow(t, path+"/delete", "name", "acme")
	require.Zero(t, r.Table().Len())
	require.Contains(t, b.follow(t, "/streams/new", "project", project, "destination", "GRAFANA_LOKI", "hostname", "loki.example.com", "do", "check"),
		"No exporter of this collector serves GRAFANA_LOKI")
}

// Attempts at the page and at the API are slowed down together. Who is signed in, and who
// has right credentials elsewhere, is not disturbed.
func TestPageSlowsDownGuesses(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	b := browse(t, r)
	guess := func(address string, secret string) int {
		req := httptest.NewRequest(http.MethodPost, "http://localhost/sign-in", strings.NewReader(url.Values{"id": {testKeyID}, "secret": {secret}}.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.RemoteAddr = address + ":4711"
		w := httptest.NewRecorder()
		r.handler.ServeHTTP(w, req)
		return w.Code
	}
	counts := map[int]int{}
	for i := range 10_000 {
		counts[guess("192.0.2.7", strconv.Itoa(i))]++
	}
	require.Equal(t, 10_000, counts[http.StatusUnauthorized]+counts[http.StatusTooManyRequests])
	require.Less(t, counts[http.StatusUnauthorized], 60, "20, and one more every 3 seconds")
	require.Equal(t, http.StatusTooManyRequests, guess("192.0.2.7", testSecret), "not heard any more")
	req := httptest.NewRequest(http.MethodGet, base+"/DATADOG", nil)
	req.SetBasicAuth(testKeyID, "wrong")
	req.RemoteAddr = "192.0.2.7:4711"
	require.Equal(t, http.StatusTooManyRequests, r.send(t, req).StatusCode, "nor by the API")
	require.Equal(t, http.StatusSeeOther, guess("192.0.2.8", testSecret))
	status, _, _ := b.ask(t, http.MethodGet, "/")
	require.Equal(t, http.StatusOK, status)
}

// Credentials of the API open no page, and a session opens no API.
func TestPageAndAPIAreApart(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	b := browse(t, r)
	req := httptest.NewRequest(http.MethodGet, "http://localhost/", nil)
	req.SetBasicAuth(testKeyID, testSecret)
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, req)
	require.Equal(t, http.StatusSeeOther, w.Code)

	status, _, text := b.ask(t, http.MethodGet, "/streaming/v1/streams")
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, text, "unauthorized_credentials")
}

func TestPageSaysThatNothingWasStored(t *testing.T) {
	h := newHost(t, t.TempDir())
	failing := &failingStorage{Extension: h.extensions[storageID].(storage.Extension)}
	h.extensions[storageID] = failing
	r := start(t, h, testConfig())
	b := browse(t, r)
	failing.client.err = errors.New("disk is full")
	text := b.follow(t, "/streams/new", "project", project, "destination", "DATADOG", "site", "US", "api_key", "0123456789abcdef0123456789abcdef", "do", "save")
	require.Contains(t, text, "The change could not be stored, and nothing has changed.")
	require.Contains(t, text, "Not saved yet.")
	require.Zero(t, r.Table().Len())
}

// Events are streamed past the server's write_timeout, over TLS, and end when the
// collector does.
func TestPageStreamsEvents(t *testing.T) {
	cfg := testConfig()
	certificate, key, clients := harness.Certificate(t, t.TempDir())
	cfg.HTTP.TLS = configoptional.Some(configtls.ServerConfig{Config: configtls.Config{CertFile: certificate, KeyFile: key}})
	cfg.HTTP.NetAddr.Endpoint = "localhost:" + harness.Port(t)
	cfg.HTTP.WriteTimeout = 300 * time.Millisecond
	cfg.Activity.Enabled = true
	r := start(t, newHost(t, t.TempDir()), cfg)
	require.NotNil(t, r.Observer())

	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: clients, ForceAttemptHTTP2: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	address := "https://" + cfg.HTTP.NetAddr.Endpoint
	answer, err := client.PostForm(address+"/sign-in", url.Values{"id": {testKeyID}, "secret": {testSecret}})
	require.NoError(t, err)
	answer.Body.Close()
	require.Equal(t, "__Host-stytch_streams", answer.Cookies()[0].Name)
	require.True(t, answer.Cookies()[0].Secure)

	answer, err = client.Get(address + "/activity/events")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, 2, answer.ProtoMajor, "as browsers do")
	lines := bufio.NewScanner(answer.Body)
	for begin := time.Now(); time.Since(begin) < 4*cfg.HTTP.WriteTimeout; time.Sleep(100 * time.Millisecond) {
		logs := plog.NewResourceLogs()
		logs.Resource().Attributes().PutStr(stytch.AttrProjectID, project)
		record := logs.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		record.SetEventName("Action")
		record.Body().SetStr(`{"action":"Action"}`)
		r.Observer().Observe(managed.Datadog, logs)
	}
	seen := 0
	for seen < 12 && lines.Scan() {
		seen += strings.Count(lines.Text(), `"action":"Action"`)
	}
	require.Equal(t, 12, seen, lines.Err())

	ended := make(chan error, 1)
	go func() { ended <- r.Shutdown(context.Background()) }()
	for lines.Scan() {
		continue
	}
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("the collector waits for who reads events")
	}
}

// Without `activity` nobody observes events, and nothing is kept of them.
func TestActivityIsOffUnlessConfigured(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	require.Nil(t, r.Observer())
}

func TestPageOfAFollower(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	r.control.leader = "https://control.example:8322"
	b := browse(t, r)
	_, _, text := b.ask(t, http.MethodGet, "/")
	require.Contains(t, text, "https://control.example:8322")
	text = b.follow(t, "/streams/new", "project", project, "destination", "DATADOG", "site", "US", "api_key", "0123456789abcdef0123456789abcdef", "do", "save")
	require.Contains(t, text, "Streams are not changed here")
}
