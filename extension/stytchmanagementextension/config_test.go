package stytchmanagementextension

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
)

// smallest returns the keys that are required.
func smallest() map[string]any {
	return map[string]any{
		"workspace_keys": []any{map[string]any{"id": testKeyID, "secret": testSecret}},
		"storage":        "file_storage/management",
	}
}

func load(values map[string]any) (*Config, error) {
	cfg := createDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(values).Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestConfig(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(createDefaultConfig()))
	values := smallest()
	values["http"] = map[string]any{"endpoint": "0.0.0.0:9000"}
	values["encryption_keys"] = []any{string(sealKey(1)), string(sealKey(2)) + "\n"}
	values["environments"] = []any{map[string]any{"project_slug": "acme", "environment_slug": "test_1", "project_id": project}}
	values["activity"] = map[string]any{"enabled": true, "show": "full"}
	values["hosts"] = []any{"streams.example.com"}
	cfg, err := load(values)
	require.NoError(t, err)

	want := createDefaultConfig().(*Config)
	storage := component.MustNewIDWithName("file_storage", "management")
	want.HTTP.NetAddr.Endpoint = "0.0.0.0:9000"
	want.WorkspaceKeys = []WorkspaceKey{{testKeyID, testSecret}}
	want.Storage = &storage
	want.EncryptionKeys = []configopaque.String{sealKey(1), sealKey(2) + "\n"}
	want.Environments = []Environment{{"acme", "test_1", project}}
	want.Activity = ActivityConfig{Enabled: true, Events: 1000, Show: "full"}
	want.Hosts = []string{"streams.example.com"}
	require.Equal(t, want, cfg)
}

func TestConfigErrorsNameTheKey(t *testing.T) {
	const notBase64 = "must be 32 bytes in base64, as `openssl rand -base64 32` prints them"
	env := func(project, environment, id string) map[string]any {
		return map[string]any{"project_slug": project, "environment_slug": environment, "project_id": id}
	}
	key := func(id, secret string) map[string]any { return map[string]any{"id": id, "secret": secret} }
	for name, tc := range map[string]struct {
		key   string
		value any
		want  string
	}{
		"endpoint":         {"http", map[string]any{"endpoint": "8322"}, `http::endpoint: must be a host and a port such as localhost:8321, got "8322"`},
		"no unit":          {"http", map[string]any{"read_timeout": 30}, `http::read_timeout: must be at least 1ms, or 0 for none, got 30ns: write it with a unit, such as 30s`},
		"auth":             {"http", map[string]any{"auth": map[string]any{"authenticator": "basicauth"}}, "http::auth: is not supported: `workspace_keys` authenticate"},
		"cors":             {"http", map[string]any{"cors": map[string]any{"allowed_origins": []any{"*"}}}, "http::cors: is not supported: no other site may use this server"},
		"no keys":          {"workspace_keys", []any{}, "workspace_keys: at least one is required"},
		"no id":            {"workspace_keys", []any{key("", testSecret)}, `workspace_keys::0: id: must be printable ASCII without spaces and colons, got ""`},
		"colon":            {"workspace_keys", []any{key("a:b", testSecret)}, `workspace_keys::0: id: must be printable ASCII without spaces and colons, got "a:b"`},
		"short secret":     {"workspace_keys", []any{key("a", "s3cret")}, "workspace_keys::0: secret: must be at least 16 characters of printable ASCII without spaces"},
		"secret's space":   {"workspace_keys", []any{key("a", testSecret+" x")}, "workspace_keys::0: secret: must be at least 16 characters of printable ASCII without spaces"},
		"same id":          {"workspace_keys", []any{key("a", testSecret), key("a", testSecret+"2")}, "workspace_keys::1::id: is the same as at index 0"},
		"same secret":      {"workspace_keys", []any{key("a", testSecret), key("b", testSecret+"\n")}, "workspace_keys::1::secret: is the same as at index 0"},
		"no storage":       {"storage", nil, "storage: is required: name a storage extension such as file_storage, which keeps the streams over a restart"},
		"no base64":        {"encryption_keys", []any{string(sealKey(1)), "s3cret!"}, "encryption_keys::1: " + notBase64},
		"short key":        {"encryption_keys", []any{"c2hvcnQ="}, "encryption_keys::0: " + notBase64},
		"same key":         {"encryption_keys", []any{string(sealKey(1)), string(sealKey(1))}, "encryption_keys::1: is the same as at index 0"},
		"dot in slug":      {"environments", []any{env("ac.me", "production", project)}, "environments::0: project_slug: must be of letters, digits, `-` and `_`, as in the address of Stytch's dashboard, got \"ac.me\""},
		"slash in slug":    {"environments", []any{env("acme", "prod/1", project)}, "environments::0: environment_slug: must be of letters, digits, `-` and `_`, as in the address of Stytch's dashboard, got \"prod/1\""},
		"no project id":    {"environments", []any{env("acme", "production", "1")}, "environments::0: project_id: " + projectIDWords + ", got \"1\""},
		"slugs twice":      {"environments", []any{env("acme", "p", "project-live-1"), env("acme", "p", "project-live-2")}, "environments::1: is the same as at index 0"},
		"project twice":    {"environments", []any{env("acme", "p", "project-live-1"), env("acme", "q", "project-live-1")}, "environments::1::project_id: is the same as at index 0"},
		"no events":        {"activity", map[string]any{"events": 0}, "activity::events: must be between 1 and 100000, got 0"},
		"too many events":  {"activity", map[string]any{"events": 100_001}, "activity::events: must be between 1 and 100000, got 100001"},
		"host with port":   {"hosts", []any{"a.example", "b.example:8322"}, `hosts::1: must be a host's name without scheme, port and path, such as streams.example.com, got "b.example:8322"`},
		"host with scheme": {"hosts", []any{"https://a.example"}, `hosts::0: must be a host's name without scheme, port and path, such as streams.example.com, got "https://a.example"`},
		"show":             {"activity", map[string]any{"show": "all"}, `activity::show: must be masked or full, got "all"`},
	} {
		t.Run(name, func(t *testing.T) {
			values := smallest()
			values[tc.key] = tc.value
			_, err := load(values)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestConfigErrorsHoldNoSecret(t *testing.T) {
	values := smallest()
	values["workspace_keys"] = []any{map[string]any{"id": "a", "secret": "too-short-value"}, map[string]any{"id": "b", "secret": "holds a space and more"}}
	values["encryption_keys"] = []any{"not-a-key-of-base64"}
	_, err := load(values)
	require.Error(t, err)
	for _, secret := range []string{"too-short-value", "holds a space", "not-a-key"} {
		require.NotContains(t, err.Error(), secret)
	}
}
