package stytchprocessor

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"
)

// open reads from deduplicate::storage what is remembered. It does nothing without a
// storage. Its errors name the key in the whole configuration.
func (d *deduplicator) open(ctx context.Context, host component.Host, id component.ID, logger *zap.Logger) error {
	if d.cfg.StorageID == nil {
		return nil
	}
	key := fmt.Sprintf("processors::%s::deduplicate::storage", id)
	found, enabled := host.GetExtensions()[*d.cfg.StorageID]
	if !enabled {
		return fmt.Errorf("%s: no extension %q is enabled: list it in service::extensions", key, d.cfg.StorageID)
	}
	extension, ok := found.(storage.Extension)
	if !ok {
		return fmt.Errorf("%s: the extension %q is no storage", key, d.cfg.StorageID)
	}
	client, err := extension.GetClient(ctx, component.KindProcessor, id, "deduplicate")
	if err != nil {
		return fmt.Errorf("%s: opening %q: %w: where the processor %q stands in several pipelines, give each a processor of its own", key, d.cfg.StorageID, err, id)
	}
	if d.stored, err = openWindow(ctx, client, d.cfg, logger, d.restore); err != nil {
		_ = client.Close(ctx) // the first error tells more
		return fmt.Errorf("%s: %q: %w", key, d.cfg.StorageID, err)
	}
	return nil
}

// restore remembers a key that was stored that long ago. Metrics may be read meanwhile.
func (d *deduplicator) restore(k key, age time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.seen.has(k) {
		d.seen.put(k, d.now()-seconds(age))
	}
}

// close is safe without open.
func (d *deduplicator) close(ctx context.Context) error {
	if d.stored == nil {
		return nil
	}
	return d.stored.client.Close(ctx)
}

func (d *deduplicator) hasher() hasher {
	if d.stored == nil {
		return d.seeds
	}
	return d.stored.hasher()
}

// store stores keys that the next consumer has taken. If it cannot, the events have gone
// through all the same: only a repeat after a restart would not be known.
func (d *deduplicator) store(ctx context.Context, keys []key) {
	if d.stored == nil || len(keys) == 0 {
		return
	}
	if err := d.stored.save(ctx, keys); err != nil {
		d.count.unsaved(ctx, len(keys), err)
	}
}
