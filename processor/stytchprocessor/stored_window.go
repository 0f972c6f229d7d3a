package stytchprocessor

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"
)

// storedWindow keeps in a storage what deduplication remembers: a log of entries, each
// with the keys of the requests that came together. A key is stored after the next
// consumer has taken its event, and before that is acknowledged. Entries are deleted as a
// whole, once all their keys are past the window or over the limit.
//
// It is safe for concurrent use.
type storedWindow struct {
	client storage.Client
	window time.Duration
	limit  int          // keys
	block  cipher.Block // AES with head.secret

	mu   sync.Mutex
	open *group // that requests may join

	// What writing guards.
	writing  chan struct{} // holds one value while an entry is written
	head     head
	next     uint64        // number of the next entry
	entries  []storedEntry // of the numbers from head.first to next
	keys     int           // in entries
	dead     int           // of the first entries: they are to be deleted
	deadKeys int
	buffer   []byte
}

// storedEntry is what is known of an entry in the storage.
type storedEntry struct {
	at   int64 // seconds since the epoch
	keys int
}

// group is an entry that waits to be written.
type group struct {
	keys []key
	done chan struct{}
	err  error // to be read after done is closed
}

const (
	// loadAtOnce is how many entries are read in a transaction.
	loadAtOnce = 1000
	// Dead entries are deleted together, which saves transactions their head: from this
	// number on, or from an eighth of the limit in keys.
	deleteFrom, deletePart = 256, 8
	// deleteAtOnce is how many are deleted at most in a transaction, in which a request
	// waits.
	deleteAtOnce = 1000
)

// openWindow reads what client holds. It calls put for each key that is still to be
// remembered, the oldest first, with its age.
func openWindow(ctx context.Context, client storage.Client, cfg DeduplicateConfig, logger *zap.Logger, put func(k key, age time.Duration)) (*storedWindow, error) {
	w := &storedWindow{client: client, window: cfg.Window, limit: cfg.MaxEvents, writing: make(chan struct{}, 1)}
	text, err := client.Get(ctx, headName)
	if err != nil {
		return nil, fmt.Errorf("reading its head: %w", err)
	}
	if w.head, err = decodeHead(text); err != nil {
		var version versionError
		if errors.As(err, &version) {
			return nil, err
		}
		if text != nil {
			logger.Error("The head of what deduplication remembers is damaged: it begins empty, and repeats of earlier events go through")
		}
		_, _ = rand.Read(w.head.secret[:]) // it never fails
		if err := client.Set(ctx, headName, w.head.encode()); err != nil {
			return nil, fmt.Errorf("writing its head: %w", err)
		}
	}
	w.next = w.head.first
	w.block, _ = aes.NewCipher(w.head.secret[:]) // the key has the right size
	return w, w.load(ctx, logger, put)
}

// hasher returns a hasher of the storage's own key.
func (w *storedWindow) hasher() hasher { return &mac{block: w.block} }

// load reads entries up to the first number that is missing.
func (w *storedWindow) load(ctx context.Context, logger *zap.Logger, put func(k key, age time.Duration)) error {
	now, damaged := time.Now().Unix(), 0
	for {
		reads := make([]*storage.Operation, loadAtOnce)
		for i := range reads {
			reads[i] = storage.GetOperation(w.head.entryName(w.next + uint64(i)))
		}
		if err := w.client.Batch(ctx, reads...); err != nil {
			return fmt.Errorf("reading its entries: %w", err)
		}
		for _, read := range reads {
			if read.Value == nil {
				if damaged > 0 {
					logger.Error("Entries of what deduplication remembers are damaged: repeats of their events go through", zap.Int("entries", damaged))
				}
				w.bury(now)
				return nil
			}
			at, keys, err := decodeEntry(read.Value)
			if err != nil {
				damaged++
			}
			// A clock that was set back must not keep entries for ever.
			at = min(at, now)
			if age := time.Duration(now-at) * time.Second; age <= w.window {
				for _, k := range keys {
					put(k, age)
				}
			}
			w.add(at, len(keys))
		}
	}
}

// add notes an entry that the storage has.
func (w *storedWindow) add(at int64, keys int) {
	w.entries = append(w.entries, storedEntry{at, keys})
	w.keys += keys
	w.next++
}

// bury counts the first entries that nobody needs any more as dead.
func (w *storedWindow) bury(now int64) {
	for w.dead < len(w.entries) {
		e := w.entries[w.dead]
		if time.Duration(now-e.at)*time.Second <= w.window && w.keys-w.deadKeys-e.keys < w.limit {
			break
		}
		w.dead++
		w.deadKeys += e.keys
	}
}

// save stores keys, together with those of requests that come at the same time. It
// returns when they are stored.
func (w *storedWindow) save(ctx context.Context, keys []key) error {
	w.mu.Lock()
	g, writes := w.open, w.open == nil
	if writes {
		g = &group{done: make(chan struct{}), err: errors.New("the storage panicked")}
		w.open = g
	}
	g.keys = append(g.keys, keys...)
	w.mu.Unlock()
	if !writes {
		<-g.done
		return g.err
	}
	w.writing <- struct{}{} // the group stays open while another one is written
	defer func() { <-w.writing }()
	w.mu.Lock()
	w.open = nil
	w.mu.Unlock()
	defer close(g.done)
	g.err = w.write(context.WithoutCancel(ctx), g.keys) // it is the others' entry, too
	return g.err
}

// write stores an entry and deletes dead ones, in one transaction.
func (w *storedWindow) write(ctx context.Context, keys []key) error {
	now := time.Now().Unix()
	w.buffer = appendEntry(w.buffer[:0], now, keys)
	operations := []*storage.Operation{storage.SetOperation(w.head.entryName(w.next), w.buffer)}
	w.bury(now)
	deleted, head := 0, w.head
	if w.dead >= deleteFrom || w.dead > 0 && w.deadKeys*deletePart >= w.limit {
		deleted = min(w.dead, deleteAtOnce)
		for i := range deleted {
			operations = append(operations, storage.DeleteOperation(head.entryName(head.first+uint64(i))))
		}
		head.first += uint64(deleted)
		operations = append(operations, storage.SetOperation(headName, head.encode()))
	}
	if err := w.client.Batch(ctx, operations...); err != nil {
		return err
	}
	w.forget(deleted)
	w.head = head
	w.add(now, len(keys))
	if cap(w.buffer) > keepText {
		w.buffer = nil
	}
	return nil
}

// forget removes the first entries, which the storage has no more.
func (w *storedWindow) forget(n int) {
	for _, e := range w.entries[:n] {
		w.keys -= e.keys
		w.deadKeys -= e.keys
	}
	w.dead -= n
	w.entries = append(w.entries[:0], w.entries[n:]...)
}
