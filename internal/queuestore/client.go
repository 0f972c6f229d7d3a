package queuestore

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"
)

// client is the storage client of one queue. What it knows of the queue is the
// shape of its Batches:
//
//	start     Get index · Gets of the dispatched items · Deletes of them ·
//	          {Set index, Set item} for each
//	offer     {Set index, Set item}
//	read      {Set index, Get item}
//	finish    {Set index, Delete item}; after an error {Delete item}, {Set index}
//
// The queue serializes them, by its mutex or by running alone at start. Beside
// them run only the deferral's timer and, after the last one, Close.
type client struct {
	storage.Client
	file file

	mu       sync.Mutex
	restart  restart
	deferral deferral
	sizes    sizes
	closed   bool
	neighbor Neighbor // nil: there is none
}

func newClient(next storage.Client, d Damage, identify Fingerprint) *client {
	c := &client{Client: next, restart: newRestart(next, d, identify)}
	c.deferral = newDeferral(next, d.Logger, &c.mu)
	return c
}

func (c *client) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := c.Batch(ctx, op)
	return op.Value, err
}

func (c *client) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

func (c *client) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

func (c *client) Batch(ctx context.Context, ops ...*storage.Operation) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.carry(ctx, c.sizes.correct(ops))
	c.sizes.note(ops, err)
	return err
}

// carry carries out ops, as far as the queue's state asks for it. The caller has locked c.
func (c *client) carry(ctx context.Context, ops []*storage.Operation) error {
	if isPut(ops) {
		if err := c.file.check(); err != nil {
			return err
		}
	}
	switch {
	case c.closed:
		return c.Client.Batch(ctx, ops...)
	case c.restart.done:
		return c.deferral.batch(ctx, ops)
	default:
		return c.restart.batch(ctx, ops)
	}
}

// Close is the queue's last call: no item of it is on its way any more.
func (c *client) Close(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed = true
		if c.neighbor != nil {
			c.neighbor.Close()
		}
		c.deferral.close(ctx)
		c.file.every = 0
		if err := c.file.check(); err != nil {
			c.tellLost(ctx, err)
		}
	}
	return c.Client.Close(ctx)
}

// tellLost logs the requests that are lost with a deleted file.
func (c *client) tellLost(ctx context.Context, gone error) {
	value, err := c.Client.Get(ctx, indexKey)
	if err != nil {
		return
	}
	if left, err := parseIndex(value); err == nil && left.items() > 0 {
		c.deferral.logger.Error("The sending queue's file was deleted, and what it had not delivered is lost",
			zap.Int("requests", left.items()), zap.Error(gone))
	}
}

// isPut tells whether ops store an item: a request, or a dispatched item that
// the queue adds again.
func isPut(ops []*storage.Operation) bool {
	return len(ops) == 2 && ops[1].Type == storage.Set && ops[0].Type == storage.Set && ops[0].Key == indexKey
}
