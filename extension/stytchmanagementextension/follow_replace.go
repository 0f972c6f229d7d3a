package stytchmanagementextension

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// throughFollow is the way of changes that another extension has made.
const throughFollow = "follow"

// replace makes the followed streams the present ones, in one step: stored, then
// published. A stream that goes on keeps its figures.
func (c *control) replace(ctx context.Context, followed []*managed.Stream, etag string) error {
	ctx = context.WithoutCancel(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.store == nil {
		return errors.New("it is closed")
	}
	old := c.table.Load()
	if old == nil {
		old = managed.NewTable()
	}
	next := c.compare(old, followed)
	if err := c.store.save(ctx, next, etag); err != nil {
		return err
	}
	c.followed.Store(&etag)
	for _, made := range next.changes {
		c.keep(made)
	}
	for _, s := range next.set {
		c.generation = max(c.generation, s.Generation)
	}
	if len(next.changes) > 0 {
		c.logger.Info("Streams have changed at the collector that is followed", zap.String("endpoint", c.leader),
			zap.Int("changed", len(next.set)), zap.Int("deleted", len(next.gone)), zap.Int("streams", len(next.streams)))
	}
	c.publish(managed.NewTable(next.streams...))
	return nil
}

// compare returns what to change. Credentials that differ have a higher generation here,
// whatever the other extension's is. The mutex is held.
func (c *control) compare(old *managed.Table, followed []*managed.Stream) replacement {
	var r replacement
	by := actor{Through: throughFollow}
	note := func(action string, before, after *managed.Stream) {
		named := after
		if after == nil {
			named = before
		}
		r.changes = append(r.changes, change{
			Sequence: c.sequence + uint64(len(r.changes)) + 1, Time: time.Now().UTC(), actor: by, Action: action,
			ProjectID: named.ProjectID, Destination: named.Destination, From: viewOf(before), To: viewOf(after),
		})
	}
	kept := map[projectOf]bool{}
	for _, s := range followed {
		kept[projectOf{s.ProjectID, s.Destination}] = true
		before := old.Stream(s.ProjectID, s.Destination)
		if before != nil && before.Active == s.Active && before.Credentials.Equal(s.Credentials) {
			r.streams = append(r.streams, before)
			continue
		}
		after := *s
		action := "create"
		if before == nil {
			after.Figures, after.Generation = managed.NewFigures(), c.generation+1
		} else {
			after.Figures, after.Generation = before.Figures, before.Generation
			switch {
			case !before.Credentials.Equal(s.Credentials):
				action, after.Generation = "update", c.generation+1
			case s.Active:
				action = "enable"
			default:
				action = "disable"
			}
		}
		note(action, before, &after)
		r.streams, r.set = append(r.streams, &after), append(r.set, &after)
	}
	for _, s := range old.Sorted() {
		if !kept[projectOf{s.ProjectID, s.Destination}] {
			note("delete", s, nil)
			r.gone = append(r.gone, s)
		}
	}
	return r
}
