package guardedstorageextension

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata/request"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/extension/guardedstorageextension/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/queuestore"
)

// guard gives out the clients of the storage behind it, those of queues guarded.
type guard struct {
	id, storageID component.ID
	logger        *zap.Logger
	telemetry     *metadata.TelemetryBuilder
	storage       storage.Extension // set by Start
}

var (
	_ storage.Extension               = (*guard)(nil)
	_ extensioncapabilities.Dependent = (*guard)(nil)
)

// Dependencies has the storage started first and stopped last.
func (g *guard) Dependencies() []component.ID { return []component.ID{g.storageID} }

func (g *guard) Start(_ context.Context, host component.Host) error {
	found, ok := host.GetExtensions()[g.storageID]
	if !ok {
		return fmt.Errorf("%s is not among service::extensions", g.key())
	}
	if g.storage, ok = found.(storage.Extension); !ok {
		return fmt.Errorf("%s is an extension that stores nothing", g.key())
	}
	return nil
}

func (g *guard) key() string { return fmt.Sprintf("extensions::%s::storage: %s", g.id, g.storageID) }

func (g *guard) Shutdown(context.Context) error {
	g.telemetry.Shutdown()
	return nil
}

// Behind returns the storage that stores, for internal/queuestore, which looks for its files.
func (g *guard) Behind() component.Component { return g.storage }

// GetClient returns a client of the storage. That of a queue of logs, which exporterhelper names by the
// signal, is guarded.
func (g *guard) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	if g.storage == nil {
		return nil, fmt.Errorf("extensions::%s has not started", g.id)
	}
	if kind != component.KindExporter || name != "logs" {
		return g.storage.GetClient(ctx, kind, id, name)
	}
	return queuestore.GuardedClient(ctx, g.storage, g.key(), id, name, fingerprint, queuestore.Damage{
		Logger:  g.logger.With(zap.Stringer("exporter", id)),
		Counter: g.telemetry.ExtensionGuardedStorageQueueDamage,
		Options: []metric.AddOption{metric.WithAttributes(attribute.Stringer("exporter", id))},
	})
}

// fingerprint identifies an item of exporterhelper's own encoding by its logs. What stands beside them,
// the metadata of the request, is encoded in no fixed order.
func fingerprint(item []byte) ([]byte, error) {
	_, logs, err := request.UnmarshalLogs(item)
	if errors.Is(err, request.ErrInvalidFormat) { // of exporterhelper before v0.128
		logs, err = (&plog.ProtoUnmarshaler{}).UnmarshalLogs(item)
	}
	if err != nil {
		return nil, err
	}
	encoded, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(encoded)
	return sum[:], nil
}
