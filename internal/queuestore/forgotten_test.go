package queuestore

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pipeline"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// collectorHost offers what the host of a collector does.
type collectorHost struct {
	host
	exporters map[pipeline.Signal]map[component.ID]component.Component
}

func (h collectorHost) GetExporters() map[pipeline.Signal]map[component.ID]component.Component {
	return h.exporters
}

func (collectorHost) GetFactory(kind component.Kind, typ component.Type) component.Factory {
	if kind == component.KindExporter && slices.Contains([]string{"loki", "datadog", "datadog_logs", "kafka"}, typ.String()) {
		return exportertest.NewNopFactory()
	}
	return nil
}

// A start names each file of a queue that no exporter reads, once.
func TestForgottenFiles(t *testing.T) {
	here, there := component.MustNewIDWithName("file_storage", "here"), component.MustNewIDWithName("file_storage", "there")
	id := func(text string) (id component.ID) {
		require.NoError(t, id.UnmarshalText([]byte(text)))
		return id
	}
	for name, tt := range map[string]struct {
		ours    map[string]*component.ID // exporters of ours, and their storage
		foreign []string
		files   []string          // in the directory of here
		want    map[string]string // files that are named, and who wrote them
	}{
		"read": {
			ours:  map[string]*component.ID{"loki": &here, "datadog_logs/eu": &here},
			files: []string{"exporter_loki__logs", "exporter_datadog_logs_eu_logs"},
		},
		"renamed": {
			ours:  map[string]*component.ID{"loki/new": &here, "datadog_logs": &here},
			files: []string{"exporter_loki__logs", "exporter_loki_new_logs", "exporter_loki_new_er_logs", "exporter_datadog_logs__logs"},
			want:  map[string]string{"exporter_loki__logs": "loki", "exporter_loki_new_er_logs": "loki/new_er"},
		},
		"all that is not loki's removed": {
			ours:  map[string]*component.ID{"loki": &here},
			files: []string{"exporter_datadog_logs_a~002Fb_logs", "exporter_kafka__logs", "exporter_no_more__logs"},
			want: map[string]string{
				"exporter_datadog_logs_a~002Fb_logs": "datadog_logs/a/b", "exporter_kafka__logs": "kafka", "exporter_no_more__logs": "no_more",
			},
		},
		"storage removed": {
			ours:  map[string]*component.ID{"loki": nil, "datadog_logs": &here},
			files: []string{"exporter_loki__logs", "exporter_datadog_logs__logs"},
			want:  map[string]string{"exporter_loki__logs": "loki"},
		},
		"another storage": {
			ours:  map[string]*component.ID{"loki": &there},
			files: []string{"exporter_loki__logs"},
			want:  map[string]string{"exporter_loki__logs": "loki"},
		},
		"of others": {
			ours:    map[string]*component.ID{"loki": &here},
			foreign: []string{"kafka", "kafka/b"},
			files: []string{
				"exporter_kafka__logs", "exporter_kafka__traces", "exporter_kafka_b", "receiver_filelog__", "processor_stytch__",
				"tempdb123", "exporter_loki__logs.20261124T101112.000Z.backup",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			directories := map[component.ID]string{here: t.TempDir(), there: t.TempDir()}
			for _, file := range tt.files {
				require.NoError(t, os.WriteFile(filepath.Join(directories[here], file), nil, 0o600))
			}
			core, logs := observer.New(zap.WarnLevel)
			exporters := map[component.ID]component.Component{}
			for text, storageID := range tt.ours {
				queue := configoptional.None[exporterhelper.QueueBatchConfig]()
				if storageID != nil {
					cfg := exporterhelper.NewDefaultQueueConfig()
					cfg.StorageID = storageID
					queue = configoptional.Some(cfg)
				}
				next, err := exportertest.NewNopFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(component.MustNewType("nop")), nil)
				require.NoError(t, err)
				exporters[id(text)] = Wrap(id(text), id(text), next, queue, logsOf, Damage{Logger: zap.New(core)}, alone{})
			}
			ours := slices.Collect(maps.Values(exporters))
			for _, text := range tt.foreign {
				exporters[id(text)] = struct{ component.Component }{}
			}
			h := collectorHost{
				host: host{
					here: fileStorage(t, directories[here]), there: fileStorage(t, directories[there]),
					component.MustNewID("health"): nil,
				},
				exporters: map[pipeline.Signal]map[component.ID]component.Component{pipeline.SignalLogs: exporters, pipeline.SignalTraces: {}},
			}
			for _, e := range ours {
				require.NoError(t, e.(exporter.Logs).Start(t.Context(), h))
				require.NoError(t, e.(exporter.Logs).Shutdown(t.Context()))
			}
			require.Len(t, logs.All(), len(tt.want))
			for _, entry := range logs.All() {
				require.Equal(t, forgottenMessage, entry.Message)
				fields := entry.ContextMap()
				file := fields["file"].(string)
				require.Equal(t, directories[here], filepath.Dir(file))
				require.Equal(t, tt.want[filepath.Base(file)], fields["exporter"], file)
				require.Equal(t, here.String(), fields["storage"])
			}
		})
	}
}
