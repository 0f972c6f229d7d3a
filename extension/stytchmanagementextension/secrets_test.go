package stytchmanagementextension

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.uber.org/zap/zapcore"
)

// Secrets go into the storage, sealed, and into the answer to whoever has sent them.
// Nothing else shows them: no log line, no error, no GET, no audit.
func TestSecretsAreNotShown(t *testing.T) {
	dir := t.TempDir()
	secrets := []string{
		apiKey, "ffffffffffffffffffffffffffff0001", "long-password-of-loki", "another-password-of-loki", "wrong-secret-someone-tried",
		testSecret, "another-secret-of-the-tests", string(sealKey(1)), strings.Repeat("\x01", sealKeySize),
	}
	var shown strings.Builder
	loki := func(password string) string {
		return `{"destination_type":"GRAFANA_LOKI","destination_config":{"grafana_loki":{"hostname":"h","username":"u","password":"` + password + `"}}}`
	}
	run(t, dir, []configopaque.String{sealKey(1)}, func(r *rig) {
		r.do(t, "POST", base, createBody).stream(t)
		r.do(t, "PUT", base+"/DATADOG", strings.Replace(createBody, apiKey, secrets[1], 1)).stream(t)
		r.do(t, "POST", base, loki(secrets[2])).stream(t)
		r.do(t, "PUT", base+"/GRAFANA_LOKI", loki(secrets[3])).stream(t)
		for _, body := range []string{
			createBody, loki(secrets[2]), loki(secrets[2] + `\n`), loki(secrets[2]) + "x", loki(secrets[2])[:120],
			strings.Replace(createBody, apiKey, apiKey+" ", 1), strings.Replace(createBody, "api_key", "apikey", 1),
			`{"destination_type":"` + apiKey + `"}`,
		} {
			a := r.do(t, "POST", base, body)
			require.GreaterOrEqual(t, a.StatusCode, 400, a.text)
			shown.WriteString(a.text)
		}
		shown.WriteString(r.do(t, "GET", base+"/DATADOG", "").text + r.do(t, "GET", base+"/GRAFANA_LOKI", "").text)
		shown.WriteString(r.send(t, from("192.0.2.1:1", testKeyID, secrets[4])).text)
		bearer := httptest.NewRequest(http.MethodGet, base+"/DATADOG", nil)
		bearer.Header.Set("Authorization", "Bearer "+secrets[4])
		shown.WriteString(r.send(t, bearer).text)
		r.do(t, "DELETE", base+"/GRAFANA_LOKI", "")
		audit, err := json.Marshal(r.control.audit())
		require.NoError(t, err)
		shown.Write(audit)
		for _, line := range r.logs.All() {
			encoded, err := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "message"}).EncodeEntry(line.Entry, line.Context)
			require.NoError(t, err)
			shown.WriteString(encoded.String())
		}
		fmt.Fprintf(&shown, "%v %+v %#v", r.cfg, r.cfg, r.Table().Sorted()[0].Credentials.Datadog)
	})
	shown.WriteString(refuse(t, dir, nil).Error() + refuse(t, dir, []configopaque.String{sealKey(2)}).Error())
	require.Contains(t, shown.String(), "A stream has changed")
	require.Contains(t, shown.String(), `"api_key_last_four":"0001"`)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		stored, err := os.ReadFile(file)
		require.NoError(t, err)
		shown.Write(stored)
	}
	for _, secret := range secrets {
		require.NotContains(t, shown.String(), secret)
	}
}
