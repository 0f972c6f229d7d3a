package queuestore

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// tap stands between the exporter, guarded or not, and the disk. Once dead,
// nothing reaches the disk any more.
type tap struct {
	storage.Extension
	killAt int
	refuse func(ops []*storage.Operation) bool

	mu    sync.Mutex
	dead  bool
	ops   int
	index []byte // as it is on the disk
}

func (e *tap) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	c, err := e.Extension.GetClient(ctx, kind, id, name)
	if err != nil {
		return nil, err
	}
	return &tapClient{Client: c, tap: e}, nil
}

func (e *tap) dispatched() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	found, _ := parseIndex(e.index)
	return len(found.dispatched)
}

func (e *tap) state() (idle, dead bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	found, _ := parseIndex(e.index)
	return found.read == found.write && len(found.dispatched) == 0, e.dead
}

func (e *tap) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ops
}

type tapClient struct {
	storage.Client
	tap *tap
}

func (c *tapClient) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := c.Batch(ctx, op)
	return op.Value, err
}

func (c *tapClient) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

func (c *tapClient) Batch(ctx context.Context, ops ...*storage.Operation) error {
	c.tap.mu.Lock()
	defer c.tap.mu.Unlock()
	c.tap.ops++
	if c.tap.ops == c.tap.killAt {
		c.tap.dead = true
	}
	if c.tap.dead {
		return errKilled
	}
	if c.tap.refuse != nil && c.tap.refuse(ops) {
		return errRefused
	}
	err := c.Client.Batch(ctx, ops...)
	for _, op := range ops {
		if op.Key == indexKey {
			c.tap.index = op.Value
		}
	}
	return err
}

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

func hostWith(ext component.Component) component.Host { return host{storageID: ext} }
