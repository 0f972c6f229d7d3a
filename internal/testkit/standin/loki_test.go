package standin

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/lokicases"
)

// TestLokiAnswers holds the stand-in against the table. LOKI_URL runs all but the stricter cases
// against a real Loki too, with auth_enabled: the proof that the table tells what it answers.
func TestLokiAnswers(t *testing.T) {
	for i, c := range lokicases.Cases(time.Now()) {
		t.Run(c.Name, func(t *testing.T) {
			loki := NewLoki()
			server := httptest.NewServer(loki)
			defer server.Close()
			checkPush(t, server.URL, "", c)
			require.Len(t, loki.Entries(), c.Stored)

			if real := os.Getenv("LOKI_URL"); real != "" && !c.Stricter {
				checkPush(t, real, fmt.Sprintf("case-%d-%d", i, time.Now().UnixNano()), c)
			}
		})
	}
}

func checkPush(t *testing.T, url, tenant string, c lokicases.Case) {
	t.Helper()
	header := map[string]string{"Content-Type": "application/json", "X-Scope-OrgID": tenant}
	for name, value := range c.Header {
		header[name] = value
	}
	answer, body := do(t, http.MethodPost, url+LokiPushPath, c.Body, header)
	require.Equal(t, c.Status, answer.StatusCode, "%s: %s", url, body)
	require.Contains(t, body, c.Text)
	if c.Status == http.StatusNoContent {
		require.Empty(t, body)
	} else {
		require.Equal(t, "text/plain; charset=utf-8", answer.Header.Get("Content-Type"))
		require.Equal(t, "\n", body[len(body)-1:])
	}
}

func TestLokiPushes(t *testing.T) {
	loki := NewLoki()
	loki.Username, loki.Password, loki.NeedsTenant = "instance", "token", true
	server := httptest.NewServer(loki)
	defer server.Close()
	const right, wrong = "Basic aW5zdGFuY2U6dG9rZW4=", "Basic aW5zdGFuY2U6bm90aGluZw=="
	ok := fmt.Sprintf(`{"streams":[{"stream":{"a":"b"},"values":[["%d","x"]]}]}`, time.Now().UnixNano())
	for _, c := range []struct {
		name, method, path, auth, tenant string
		status                           int
	}{
		{"ready", http.MethodGet, "/ready", "", "", 200},
		{"another path", http.MethodPost, "/loki/api/v1/query", right, "t", 404},
		{"slash after", http.MethodPost, LokiPushPath + "/", right, "t", 404},
		{"GET", http.MethodGet, LokiPushPath, right, "t", 405},
		{"PUT", http.MethodPut, LokiPushPath, right, "t", 405},
		{"no credentials", http.MethodPost, LokiPushPath, "", "t", 401},
		{"wrong credentials", http.MethodPost, LokiPushPath, wrong, "t", 401},
		{"no tenant", http.MethodPost, LokiPushPath, right, "", 401},
		{"all right", http.MethodPost, LokiPushPath, right, "t", 204},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, _ := do(t, c.method, server.URL+c.path, ok, map[string]string{
				"Content-Type": "application/json", "Authorization": c.auth, "X-Scope-OrgID": c.tenant,
			})
			require.Equal(t, c.status, answer.StatusCode)
		})
	}
	require.Len(t, loki.Entries(), 1)
	require.Equal(t, "t", loki.Entries()[0].Tenant)
	require.Equal(t, map[int]int{200: 1, 204: 1, 401: 3, 404: 2, 405: 2}, loki.Statuses())
}

// TestLokiKeeps reads back what two pushes of the same entries left, in both encodings.
func TestLokiKeeps(t *testing.T) {
	const line = `{"two_decimals":1.50,"slash":"a\/b","emoji":"⛴️","escaped":"\ud83d\ude00"}`
	now := time.Now()
	loki := NewLoki()
	var added int
	loki.Tell(func(entries []Entry) { added += len(entries) })
	server := httptest.NewServer(loki)
	defer server.Close()

	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(line)
	asJSON := fmt.Sprintf(`{"streams":[{"stream":{"source":"stytch","empty":""},"values":[["%d","%s",{"a.b":"1","none":""}]]}]}`,
		now.UnixNano(), quoted)
	asProtobuf := lokicases.Protobuf(push.Stream{Labels: `{source="stytch", empty=""}`, Entries: []push.Entry{{
		Timestamp: now, Line: line, StructuredMetadata: push.LabelsAdapter{{Name: "a_b", Value: "1"}},
	}}})
	for _, c := range []struct{ body, kind string }{
		{asJSON, "application/json"}, {string(asProtobuf), "application/x-protobuf"}, {asJSON, "application/json"},
	} {
		answer, body := do(t, http.MethodPost, server.URL+LokiPushPath, c.body, map[string]string{"Content-Type": c.kind})
		require.Equal(t, http.StatusNoContent, answer.StatusCode, body)
	}

	entries := loki.Entries()
	require.Len(t, entries, 1)
	require.WithinDuration(t, now, entries[0].Arrived, time.Minute)
	entries[0].Arrived = time.Time{}
	require.Equal(t, Entry{
		Labels: map[string]string{"source": "stytch"}, Timestamp: now.UnixNano(), Line: line,
		Metadata: map[string]string{"a_b": "1"}, Times: 3,
	}, entries[0])
	require.Equal(t, 3, loki.Received())
	require.Equal(t, 1, added)
	require.Equal(t, 3, loki.Requests(LokiPushPath))
}

func TestParseLabels(t *testing.T) {
	for _, c := range []struct {
		text   string
		labels map[string]string // nil: refused
	}{
		{`{}`, map[string]string{}},
		{`{a="b"}`, map[string]string{"a": "b"}},
		{` { a = "b" , c="d",} `, map[string]string{"a": "b", "c": "d"}},
		{`{a="quote \" comma , brace } é ⛴️ \u00e9"}`, map[string]string{"a": "quote \" comma , brace } é ⛴️ é"}},
		{`a="b"`, nil},
		{`{a="b"`, nil},
		{`{a=b}`, nil},
		{`{a="b" c="d"}`, nil},
		{`{="b"}`, nil},
		{`{a.b="c"}`, nil},
		{`{a="b",a="c"}`, nil},
		{`{a="b}`, nil},
		{`{a="b"}x`, nil},
		{``, nil},
	} {
		labels, err := parseLabels(c.text)
		require.Equal(t, c.labels, labels, c.text)
		require.Equal(t, c.labels == nil, err != nil, c.text)
		if err == nil {
			again, err := parseLabels(FormatLabels(labels))
			require.NoError(t, err)
			require.Equal(t, labels, again)
		}
	}
}
