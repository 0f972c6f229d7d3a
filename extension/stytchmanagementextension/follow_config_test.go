package stytchmanagementextension

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
)

func TestFollowNeedsItsCertificates(t *testing.T) {
	p := newPair(t)
	cfg := testConfig()
	client := defaultClient()
	client.Endpoint, client.TLS.CAFile = "https://"+p.address, filepath.Join(p.dir, "nowhere.crt")
	cfg.Follow = configoptional.Some(FollowConfig{ClientConfig: client, Key: cfg.WorkspaceKeys[0]})
	_, err := tryStart(t, newHost(t, p.dir), cfg)
	require.ErrorContains(t, err, "follow: ")
	require.ErrorContains(t, err, "nowhere.crt")
}

func TestFollowConfig(t *testing.T) {
	for name, test := range map[string]struct {
		follow map[string]any
		says   string
	}{
		"plain http":     {map[string]any{"endpoint": "http://control.example.com:8322"}, "follow: endpoint: must begin with https://"},
		"no scheme":      {map[string]any{"endpoint": "control.example.com:8322"}, "follow: endpoint: must be"},
		"nothing":        {map[string]any{}, "follow: endpoint: must be"},
		"credentials":    {map[string]any{"endpoint": "https://a:secret-of-the-url@control.example.com"}, "follow: endpoint: must be"},
		"an ftp":         {map[string]any{"endpoint": "ftp://control.example.com"}, "follow: endpoint: must begin with https://"},
		"an auth":        {map[string]any{"endpoint": "https://c", "auth": map[string]any{"authenticator": "basicauth"}}, "follow: auth: is not supported"},
		"no unit":        {map[string]any{"endpoint": "https://c", "timeout": 5}, "follow: timeout: must be at least 1ms"},
		"no key":         {map[string]any{"endpoint": "https://c", "key": map[string]any{}}, "follow: key: id: must be"},
		"https":          {map[string]any{"endpoint": "https://control.example.com:8322"}, ""},
		"https, a path":  {map[string]any{"endpoint": "https://example.com/control/"}, ""},
		"this machine":   {map[string]any{"endpoint": "http://localhost:8322"}, ""},
		"this machine 4": {map[string]any{"endpoint": "http://127.0.0.1:8322"}, ""},
		"this machine 6": {map[string]any{"endpoint": "http://[::1]:8322"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig()
			if test.follow["key"] == nil {
				test.follow["key"] = map[string]any{"id": testKeyID, "secret": testSecret}
			}
			require.NoError(t, confmap.NewFromStringMap(map[string]any{"follow": test.follow}).Unmarshal(cfg))
			require.True(t, cfg.Follow.HasValue())
			err := confmap.Validate(cfg)
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), "secret-of-the-url")
			require.NotContains(t, err.Error(), testSecret)
		})
	}
}
