package stytchmanagementextension

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

var lokiStream = managed.Credentials{Loki: &managed.LokiCredentials{Hostname: "logs.example.net:3100", Username: "123456", Password: "password-of-loki"}}

// run starts an extension on a directory, calls f and stops it.
func run(t *testing.T, dir string, keys []configopaque.String, f func(r *rig), settings ...func(*filestorage.Config)) {
	t.Helper()
	t.Run("run", func(t *testing.T) { // a file is opened once at a time
		cfg := testConfig()
		cfg.EncryptionKeys = keys
		f(start(t, newHost(t, dir, settings...), cfg))
	})
}

// refuse starts an extension on a directory and returns its error.
func refuse(t *testing.T, dir string, keys []configopaque.String) (err error) {
	t.Helper()
	t.Run("refused", func(t *testing.T) {
		cfg := testConfig()
		cfg.EncryptionKeys = keys
		_, err = tryStart(t, newHost(t, dir), cfg)
		require.Error(t, err)
	})
	return err
}

// withClient gives f what the extension has stored.
func withClient(t *testing.T, dir string, f func(storage.Client)) {
	t.Helper()
	t.Run("storage", func(t *testing.T) {
		client, err := newHost(t, dir).extensions[storageID].(storage.Extension).
			GetClient(t.Context(), component.KindExtension, component.MustNewID("stytch_management"), "")
		require.NoError(t, err)
		defer func() { require.NoError(t, client.Close(context.Background())) }()
		f(client)
	})
}

// forms returns the first byte of each stored value.
func forms(t *testing.T, dir string) map[string]byte {
	t.Helper()
	all := map[string]byte{}
	withClient(t, dir, func(c storage.Client) {
		require.NoError(t, c.(storage.Walker).Walk(t.Context(), func(key string, value []byte) ([]*storage.Operation, error) {
			all[key] = value[0]
			return nil, nil
		}))
	})
	return all
}

func TestStreamsOutliveARestart(t *testing.T) {
	dir, keys := t.TempDir(), []configopaque.String{sealKey(1)}
	var before []*managed.Stream
	run(t, dir, keys, func(r *rig) {
		r.do(t, "POST", base, createBody).stream(t)
		require.Equal(t, http.StatusOK, r.do(t, "POST", base+"/DATADOG/enable", "").StatusCode)
		_, err := r.control.create(t.Context(), actor{}, "project-test-2", lokiStream)
		require.NoError(t, err)
		before = r.Table().Sorted()
	})
	run(t, dir, keys, func(r *rig) {
		after := r.Table().Sorted()
		require.Len(t, after, 2)
		for i, s := range after {
			require.NotNil(t, s.Figures)
			same := *s // the table's is not ours to change
			same.Figures = before[i].Figures
			require.Equal(t, before[i], &same)
		}
		require.Len(t, r.control.audit(), 3)
		s, err := r.control.update(t.Context(), actor{}, project, managed.Credentials{Datadog: &managed.DatadogCredentials{Site: "EU", APIKey: "k"}})
		require.NoError(t, err)
		require.EqualValues(t, 3, s.Generation, "generations go on")
		require.NoError(t, r.control.delete(t.Context(), actor{}, "project-test-2", managed.GrafanaLoki))
	})
	run(t, dir, keys, func(r *rig) {
		require.Equal(t, 1, r.Table().Len())
		require.Equal(t, "EU", r.Table().Stream(project, managed.Datadog).Credentials.Datadog.Site)
	})
}

func TestKeysAreRotated(t *testing.T) {
	dir := t.TempDir()
	old, latest := sealKey(1), sealKey(2)
	streamOfTest := "v1/stream/" + project + "/DATADOG"
	run(t, dir, nil, func(r *rig) {
		r.do(t, "POST", base, createBody).stream(t)
		require.Len(t, r.logs.FilterMessage("The streams' credentials are stored as plain text: set `encryption_keys`").All(), 1)
	})
	require.Equal(t, map[string]byte{streamOfTest: formPlain, "v1/audit/1": formPlain}, forms(t, dir))

	run(t, dir, []configopaque.String{old}, func(r *rig) {
		require.Equal(t, 1, r.Table().Len())
		require.EqualValues(t, 2, r.logs.FilterMessage("Sealed what is stored with the first of `encryption_keys`").All()[0].ContextMap()["values"])
	})
	require.Equal(t, map[string]byte{streamOfTest: formSealed, "v1/audit/1": formSealed}, forms(t, dir))

	require.ErrorContains(t, refuse(t, dir, nil), `storage: reading "file_storage": the stream of `+project+" for DATADOG: it is sealed")
	require.ErrorContains(t, refuse(t, dir, []configopaque.String{latest}), "the stream of "+project+" for DATADOG: none of `encryption_keys` opens it")

	run(t, dir, []configopaque.String{latest, old}, func(r *rig) { require.Equal(t, 1, r.Table().Len()) })
	run(t, dir, []configopaque.String{latest}, func(r *rig) {
		require.Equal(t, maskedDatadogOf("cdef", "US", "DISABLED"), r.do(t, "GET", base+"/DATADOG", "").stream(t))
		require.Zero(t, r.logs.FilterLevelExact(zap.WarnLevel).Len())
	})
}

// A storage's file keeps freed pages as they were. A compaction, after the start that has sealed,
// leaves them out: the README says so.
func TestPlainTextIsGoneAfterACompaction(t *testing.T) {
	dir, keys := t.TempDir(), []configopaque.String{sealKey(1)}
	holds := func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "extension_stytch_management_"))
		require.NoError(t, err)
		return bytes.Contains(text, []byte(apiKey))
	}
	run(t, dir, nil, func(r *rig) { r.do(t, "POST", base, createBody).stream(t) })
	require.True(t, holds())
	run(t, dir, keys, func(*rig) {})
	require.True(t, holds(), "the warning in the README can go")
	run(t, dir, keys, func(r *rig) { require.Equal(t, 1, r.Table().Len()) }, func(cfg *filestorage.Config) {
		cfg.Compaction.OnStart, cfg.Compaction.Directory = true, dir
	})
	require.False(t, holds())
}

// A full storage takes no more; what it has taken is there after a restart.
func TestAFullStorage(t *testing.T) {
	dir, keys := t.TempDir(), []configopaque.String{sealKey(1)}
	stored := 0
	create := func(r *rig, i int) error {
		_, err := r.control.create(t.Context(), actor{}, fmt.Sprint("project-live-", i), lokiStream)
		return err
	}
	run(t, dir, keys, func(r *rig) {
		for ; stored < 10_000 && create(r, stored) == nil; stored++ {
		}
		require.ErrorIs(t, create(r, stored), errStorage)
		require.Equal(t, stored, r.Table().Len())
	}, func(cfg *filestorage.Config) { cfg.MaxSize = 256 << 10 })
	t.Logf("%d streams in 256 KiB", stored)
	require.Greater(t, stored, 100)
	run(t, dir, keys, func(r *rig) {
		require.Equal(t, stored, r.Table().Len())
		require.NoError(t, create(r, stored))
	})
}

func TestUnknownStateRefusesTheStart(t *testing.T) {
	name := "v1/stream/" + project + "/DATADOG"
	for title, tc := range map[string]struct{ key, text, want string }{
		"version":     {"v2/stream/x", "{}", `the key "v2/stream/x": is of an unknown version`},
		"kind":        {"v1/other", "{}", `the key "v1/other": is of an unknown version`},
		"member":      {name, `{"active":true,"generation":1,"datadog":{"api_key":"k","site":"US"},"filter":"x"}`, `its JSON is unknown: json: unknown field "filter"`},
		"destination": {"v1/stream/" + project + "/SPLUNK", `{"active":true,"generation":1}`, "the stream of " + project + " for SPLUNK: its destination is unknown"},
		"mismatch":    {name, `{"active":true,"generation":1,"grafana_loki":{"hostname":"h"}}`, "its destination is unknown"},
		"both":        {name, `{"active":true,"generation":1,"datadog":{"api_key":"k","site":"US"},"grafana_loki":{"hostname":"h"}}`, "its destination is unknown"},
		"neither":     {"v1/stream/" + project, `{"active":true,"generation":1}`, "its destination is unknown"},
		"not JSON":    {name, `{"active":`, "the stream of " + project + " for DATADOG: its JSON is unknown"},
		"audit":       {"v1/audit/1", `[]`, `the key "v1/audit/1": json: cannot unmarshal`},
	} {
		t.Run(title, func(t *testing.T) {
			dir := t.TempDir()
			s := newTestSeals(t, 1)
			withClient(t, dir, func(c storage.Client) {
				require.NoError(t, c.Set(t.Context(), tc.key, s.close(tc.key, []byte(tc.text))))
			})
			require.ErrorContains(t, refuse(t, dir, []configopaque.String{sealKey(1)}), tc.want)
		})
	}
}

// plainStorage has clients that cannot list their keys, or fail.
type plainStorage struct {
	component.Component
	client storage.Client
	err    error
}

func (s *plainStorage) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return s.client, s.err
}

func TestStoragesThatWillNotDo(t *testing.T) {
	for name, tc := range map[string]struct {
		extensions map[component.ID]component.Component
		want       string
	}{
		"none":       {nil, `storage: no extension "file_storage" is enabled: list it in service::extensions`},
		"no storage": {map[component.ID]component.Component{storageID: struct{ component.Component }{}}, `storage: the extension "file_storage" is no storage`},
		"no list":    {map[component.ID]component.Component{storageID: &plainStorage{client: storage.NewNopClient()}}, `storage: reading "file_storage": cannot list its keys: use file_storage`},
		"broken":     {map[component.ID]component.Component{storageID: &plainStorage{err: errors.New("it is broken")}}, `storage: opening "file_storage": it is broken`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tryStart(t, &host{extensions: tc.extensions}, testConfig())
			require.EqualError(t, err, tc.want)
		})
	}
}

// Two collectors cannot have one storage: whoever starts the second is told what to do.
func TestTwoCollectorsOnOneStorage(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, nil, func(*rig) {
		_, err := tryStart(t, newHost(t, dir), testConfig())
		require.EqualError(t, err, `storage: another process has the file of "file_storage" open: stop it, or give each collector a directory of its own`)
	})
}
