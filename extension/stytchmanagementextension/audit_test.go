package stytchmanagementextension

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

func TestAChangeIsAudited(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	r.do(t, "POST", base, createBody).stream(t)
	req := httptest.NewRequest(http.MethodPut, base+"/DATADOG", strings.NewReader(`{"destination_config":{"datadog":{"api_key":"0000000000000000000000000000wxyz","site":"EU"}}}`))
	req.Header.Set("Authorization", "Bearer another-secret-of-the-tests")
	req.Header.Set("User-Agent", "stytch-management-go/3.2.0\n terraform\x00"+strings.Repeat("x", 1000))
	a := r.send(t, req)
	a.stream(t)

	got := r.control.audit()[0]
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, `{"sequence":2,"time":"`+got.Time.Format("2006-01-02T15:04:05.999999999Z07:00")+`",
		"key_id":"workspace-key-2","user_agent":"stytch-management-go/3.2.0 terraform`+strings.Repeat("x", maxAgent-len("stytch-management-go/3.2.0 terraform"))+`",
		"request_id":"`+a.json["request_id"].(string)+`","through":"pwa","action":"update",
		"project_id":"`+project+`","destination_type":"DATADOG",
		"from":{"destination_type":"DATADOG","destination_config":{"datadog":{"api_key_last_four":"cdef","site":"US"}},"streaming_status":"DISABLED"},
		"to":{"destination_type":"DATADOG","destination_config":{"datadog":{"api_key_last_four":"wxyz","site":"EU"}},"streaming_status":"DISABLED"}}`, string(text))

	lines := r.logs.FilterMessage("A stream has changed").All()
	require.Len(t, lines, 2)
	require.Equal(t, zap.InfoLevel, lines[1].Level)
	require.Equal(t, "workspace-key-2", lines[1].ContextMap()["key_id"])
}

func TestNoChangeIsNotAudited(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	for range 2 {
		r.do(t, "POST", base, createBody).stream(t)
		r.do(t, "POST", base+"/DATADOG/enable", "")
		r.do(t, "PUT", base+"/DATADOG", createBody).stream(t)
	}
	r.do(t, "PUT", base+"/DATADOG", `{}`)
	r.do(t, "DELETE", base+"/GRAFANA_LOKI", "")
	require.Len(t, r.control.audit(), 2)
}

func TestTheLastChangesAreKept(t *testing.T) {
	dir, keys := t.TempDir(), []configopaque.String{sealKey(1)}
	var before []change
	run(t, dir, keys, func(r *rig) {
		r.do(t, "POST", base, createBody).stream(t)
		for i := range maxChanges + 10 {
			_, err := r.control.setActive(t.Context(), actor{Key: "k", Through: "page"}, project, managed.Datadog, i%2 == 0)
			require.NoError(t, err)
		}
		before = r.control.audit()
		require.Len(t, before, maxChanges)
		require.EqualValues(t, maxChanges+11, before[0].Sequence)
		require.Equal(t, "disable", before[0].Action)
		require.EqualValues(t, 12, before[maxChanges-1].Sequence)
	})
	require.Len(t, forms(t, dir), maxChanges+1)
	run(t, dir, keys, func(r *rig) {
		require.Equal(t, before, r.control.audit())
		require.NoError(t, r.control.delete(t.Context(), actor{}, project, managed.Datadog))
		require.EqualValues(t, maxChanges+12, r.control.audit()[0].Sequence)
		require.Nil(t, r.control.audit()[0].To)
	})
}
