package stytchmanagementextension

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// control is the one place where streams change. A change is stored, then its table is
// published, then it returns. Changes wait for each other; reads wait for nothing.
//
// Errors are *refusal.
type control struct {
	logger *zap.Logger
	health func(error) // reports whether the storage works; nil is yes
	leader string      // address of the extension that is followed, "" for none

	table    atomic.Pointer[managed.Table] // nil: nothing is known of any stream
	followed atomic.Pointer[string]        // ETag of the table that was followed last; nil: none

	mu         sync.Mutex
	store      *store
	generation uint64 // of the last change of credentials
	changes    []change
	sequence   uint64 // of the last change
	watchers   []*watcher
}

type watcher struct{ changed func(*managed.Table) }

// actor is who makes a change.
type actor struct {
	Key       string `json:"key_id"` // of the workspace key
	UserAgent string `json:"user_agent,omitempty"`
	RequestID string `json:"request_id"`
	Through   string `json:"through"` // pwa, streaming, page or follow
}

// load reads the streams from the storage.
func (c *control) load(ctx context.Context, st *store) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, err := st.load(ctx)
	if err != nil {
		return err
	}
	if found.resealed > 0 {
		c.logger.Info("Sealed what is stored with the first of `encryption_keys`", zap.Int("values", found.resealed))
	}
	c.store, c.changes = st, found.changes
	if n := len(found.changes); n > 0 {
		c.sequence = found.changes[n-1].Sequence
	}
	for _, s := range found.streams {
		c.generation = max(c.generation, s.Generation)
	}
	if found.etag != "" {
		if c.leader != "" {
			c.followed.Store(&found.etag)
		} else if err := st.client.Delete(ctx, followedKey); err != nil { // changes are made here from now on
			return err
		}
	}
	if c.leader == "" || found.etag != "" || len(found.streams) > 0 {
		c.publish(managed.NewTable(found.streams...))
	}
	return nil
}

// create makes a stream, which is off. One that exists with the same credentials is left
// as it is, on or off: a client that lost an answer asks again.
func (c *control) create(ctx context.Context, by actor, project string, with managed.Credentials) (*managed.Stream, error) {
	if !projectIDs.MatchString(project) {
		return nil, invalid(fieldError{"project_id", projectIDWords})
	}
	if wrong := checkCredentials(with); len(wrong) > 0 {
		return nil, invalid(wrong...)
	}
	return c.change(ctx, by, "create", project, with.Destination(), func(old *managed.Stream) (*managed.Stream, error) {
		switch {
		case old == nil:
			return &managed.Stream{
				ProjectID: project, Destination: with.Destination(), Credentials: with,
				Generation: c.generation + 1, Figures: managed.NewFigures(),
			}, nil
		case old.Credentials.Equal(with):
			return old, nil
		default:
			return nil, errConflict
		}
	})
}

// update gives a stream other credentials. It stays on or off.
func (c *control) update(ctx context.Context, by actor, project string, with managed.Credentials) (*managed.Stream, error) {
	if wrong := checkCredentials(with); len(wrong) > 0 {
		return nil, invalid(wrong...)
	}
	return c.change(ctx, by, "update", project, with.Destination(), func(old *managed.Stream) (*managed.Stream, error) {
		if old == nil || old.Credentials.Equal(with) {
			return old, nil
		}
		s := *old
		s.Credentials, s.Generation = with, c.generation+1
		return &s, nil
	})
}

// setActive switches a stream on or off.
func (c *control) setActive(ctx context.Context, by actor, project string, d managed.Destination, active bool) (*managed.Stream, error) {
	action := "disable"
	if active {
		action = "enable"
	}
	return c.change(ctx, by, action, project, d, func(old *managed.Stream) (*managed.Stream, error) {
		if old == nil || old.Active == active {
			return old, nil
		}
		s := *old
		s.Active = active
		return &s, nil
	})
}

// delete removes a stream, and what waits in its queue.
func (c *control) delete(ctx context.Context, by actor, project string, d managed.Destination) error {
	_, err := c.change(ctx, by, "delete", project, d, func(*managed.Stream) (*managed.Stream, error) { return nil, nil })
	return err
}

// stream returns a project's stream.
func (c *control) stream(project string, d managed.Destination) (*managed.Stream, error) {
	table := c.table.Load()
	if table == nil {
		return nil, errNothingKnown
	}
	if s := table.Stream(project, d); s != nil {
		return s, nil
	}
	return nil, noStream(project, d)
}

// change makes of a stream what next returns: the same is no change, nil a deletion.
// Without a stream, only a create does not end here.
func (c *control) change(ctx context.Context, by actor, action, project string, d managed.Destination, next func(old *managed.Stream) (*managed.Stream, error)) (*managed.Stream, error) {
	if c.leader != "" {
		return nil, readOnly(c.leader)
	}
	// A client that hangs up does not leave it open whether the change was made.
	ctx = context.WithoutCancel(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	table := c.table.Load()
	if table == nil || c.store == nil {
		return nil, errStorage
	}
	old := table.Stream(project, d)
	if old == nil && action != "create" {
		return nil, noStream(project, d)
	}
	s, err := next(old)
	if err != nil || s == old {
		return s, err
	}
	made := change{
		Sequence: c.sequence + 1, Time: time.Now().UTC(), actor: by, Action: action,
		ProjectID: project, Destination: d, From: viewOf(old), To: viewOf(s),
	}
	saved := replacement{changes: []change{made}}
	if s == nil {
		saved.gone = []*managed.Stream{old}
	} else {
		saved.set = []*managed.Stream{s}
	}
	if err := c.store.save(ctx, saved, ""); err != nil {
		c.logger.Error("Storing a change of a stream: nothing has changed", zap.Error(err), zap.String("action", action),
			zap.String("project_id", project), zap.String("destination", string(d)))
		c.health(err)
		return nil, errStorage
	}
	c.health(nil)
	c.record(made)
	if s == nil {
		table = table.Without(project, d)
	} else {
		table = table.With(s)
		c.generation = max(c.generation, s.Generation)
	}
	c.publish(table)
	return s, nil
}

// publish makes a table the present one. The mutex is held.
func (c *control) publish(table *managed.Table) {
	c.table.Store(table)
	for _, w := range c.watchers {
		w.changed(table)
	}
}

// watch is managed.Source's.
func (c *control) watch(changed func(*managed.Table)) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &watcher{changed}
	c.watchers = append(c.watchers, w)
	if table := c.table.Load(); table != nil {
		changed(table)
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for i := range c.watchers {
			if c.watchers[i] == w {
				c.watchers = append(c.watchers[:i:i], c.watchers[i+1:]...)
				return
			}
		}
	}
}
