package stytchmanagementextension

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-stytch/otelcol-stytch/extension/stytchmanagementextension/internal/metadata"
)

const (
	testKeyID  = "workspace-key-1"
	testSecret = "workspace-secret-of-the-tests"
	project    = "project-live-11111111-1111-4111-8111-111111111111"
	base       = "/pwa/v3/projects/acme/environments/production/event_log_streaming"
)

var storageID = component.MustNewID("file_storage")

type host struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h *host) GetExtensions() map[component.ID]component.Component { return h.extensions }

// newHost returns a host with a file storage in this directory.
func newHost(t *testing.T, dir string, settings ...func(*filestorage.Config)) *host {
	t.Helper()
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = dir
	for _, set := range settings {
		set(cfg)
	}
	set := extensiontest.NewNopSettings(factory.Type())
	set.ID = storageID
	st, err := factory.Create(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, st.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, st.Shutdown(context.Background())) })
	return &host{componenttest.NewNopHost(), map[component.ID]component.Component{storageID: st}}
}

func testConfig() *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.NetAddr.Endpoint = "localhost:0"
	cfg.WorkspaceKeys = []WorkspaceKey{{ID: testKeyID, Secret: testSecret}, {ID: "workspace-key-2", Secret: "another-secret-of-the-tests"}}
	cfg.Storage = &storageID
	cfg.EncryptionKeys = []configopaque.String{sealKey(1)}
	cfg.Environments = []Environment{{"acme", "production", project}}
	return cfg
}

// sealKey returns an encryption key of 32 times the same byte.
func sealKey(b byte) configopaque.String {
	return configopaque.String(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, sealKeySize)))
}

// rig is a started extension, and its handler without a network.
type rig struct {
	*managementExtension
	handler http.Handler
	logs    *observer.ObservedLogs
}

func start(t *testing.T, h component.Host, cfg *Config) *rig {
	t.Helper()
	r, err := tryStart(t, h, cfg)
	require.NoError(t, err)
	return r
}

func tryStart(t *testing.T, h component.Host, cfg *Config) (*rig, error) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	set := extensiontest.NewNopSettings(metadata.Type)
	set.ID, set.Logger = component.NewID(metadata.Type), zap.New(core)
	e := newExtension(set, cfg)
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	if err := e.Start(t.Context(), h); err != nil {
		return nil, err
	}
	return &rig{e, e.server.Handler, logs}, nil
}

// answered is an answer, and what is in its JSON.
type answered struct {
	*http.Response
	text string
	json map[string]any
}

// do makes a request with right credentials.
func (r *rig) do(t *testing.T, method, path, body string) answered {
	t.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.SetBasicAuth(testKeyID, testSecret)
	return r.send(t, req)
}

// send makes a request. Whatever is asked, the answer is JSON of one form.
func (r *rig) send(t *testing.T, req *http.Request) answered {
	t.Helper()
	w := httptest.NewRecorder()
	asked := recordRequest(t, req)
	r.handler.ServeHTTP(w, req)
	requireDescribed(t, asked, w.Result())
	resp := w.Result()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	a := answered{Response: resp, text: string(text)}
	require.NoError(t, json.Unmarshal(text, &a.json), "%d: %s", resp.StatusCode, text)
	require.EqualValues(t, resp.StatusCode, a.json["status_code"])
	require.Regexp(t, `^request-id-[0-9a-f-]{36}$`, a.json["request_id"])
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	require.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	if resp.StatusCode != http.StatusOK {
		require.NotEmpty(t, a.json["error_type"])
		require.NotEmpty(t, a.json["error_message"])
		require.NotEmpty(t, a.json["error_url"])
	}
	return a
}

// streamOf returns event_log_streaming_config.
func (a answered) stream(t *testing.T) string {
	t.Helper()
	require.Equal(t, http.StatusOK, a.StatusCode, a.text)
	text, err := json.Marshal(a.json["event_log_streaming_config"])
	require.NoError(t, err)
	return string(text)
}
