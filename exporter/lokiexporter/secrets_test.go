package lokiexporter

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// A destination that repeats what it was sent gets no secret into a log line,
// an error, a metric or a status, whatever it answers.
func TestNoSecretIsShown(t *testing.T) {
	const password, token, event = "hunter2-password", "t0ken-of-a-gateway", "ada@example.com signed in"
	secrets := []string{password, token, event, "MTIzNDU2Omh1bnRlcjItcGFzc3dvcmQ"} // the base64 of username and password
	var code int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, pass, _ := r.BasicAuth()
		w.WriteHeader(code)
		for _, line := range []string{"timestamp too old for ", ""} {
			_, _ = w.Write([]byte(line + r.Header.Get("Authorization") + " " + pass + " " + r.Header.Get("X-Gateway") + " " + event + "\n"))
		}
	}))
	defer server.Close()
	logged := 0
	for code = range 400 {
		code += 200
		r := startRig(t, server.URL, func(cfg *Config) {
			cfg.Username, cfg.Password = "123456", password
			cfg.ClientConfig.Headers = configopaque.MapList{{Name: "X-Gateway", Value: "Bearer " + token}}
			cfg.ClientConfig.Compression = "none"
			cfg.RetryConfig.Enabled = false
			cfg.RetryConfig.MaxInterval = time.Millisecond
		})
		ld := plog.NewLogs()
		add(ld, "stytch", "a", pcommon.NewTimestampFromTime(time.Now()), event, event)
		shown := []error{r.ConsumeLogs(t.Context(), ld)}
		for _, status := range r.Host.Take() {
			shown = append(shown, status.Err())
		}
		metrics, err := r.Telemetry.GetMetric("otelcol_exporter_loki_request_duration")
		require.NoError(t, err)
		for _, secret := range secrets {
			require.NotContains(t, fmt.Sprint(shown), secret, code)
			require.NotContains(t, fmt.Sprint(metrics), secret)
			require.NotContains(t, r.Log.String(), secret)
		}
		logged += len(r.Log.String())
	}
	require.NotZero(t, logged)
}

func TestSecretsOfTheConfiguration(t *testing.T) {
	cfg := defaults()
	require.Equal(t, []configopaque.String{"", ""}, cfg.secrets())
	cfg.Username, cfg.Password = "u", "p"
	require.Equal(t, []configopaque.String{"dTpw", "p"}, cfg.secrets())
	require.NotContains(t, cfg.credentials().String(), "dTpw")
}
