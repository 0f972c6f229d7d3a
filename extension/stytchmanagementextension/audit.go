package stytchmanagementextension

import (
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// maxChanges is how many of the last changes are kept.
const maxChanges = 200

// change is one entry of the audit: who made what of which stream. It holds no secret.
type change struct {
	Sequence uint64    `json:"sequence"`
	Time     time.Time `json:"time"`
	actor
	Action      string                    `json:"action"` // create, update, enable, disable or delete
	ProjectID   string                    `json:"project_id"`
	Destination managed.Destination       `json:"destination_type"`
	From        *wireStream[maskedConfig] `json:"from"` // masked; null: there was no stream
	To          *wireStream[maskedConfig] `json:"to"`   // masked; null: there is none any more
}

func viewOf(s *managed.Stream) *wireStream[maskedConfig] {
	if s == nil {
		return nil
	}
	view := masked(s)
	return &view
}

// keep keeps a change that was stored. The mutex is held.
func (c *control) keep(made change) {
	c.sequence = made.Sequence
	c.changes = append(c.changes, made)
	if len(c.changes) > maxChanges {
		c.changes = slices.Delete(c.changes, 0, len(c.changes)-maxChanges)
	}
}

// record keeps a change that was stored, and logs it. The mutex is held.
func (c *control) record(made change) {
	c.keep(made)
	c.logger.Info("A stream has changed", zap.String("action", made.Action),
		zap.String("project_id", made.ProjectID), zap.String("destination", string(made.Destination)),
		zap.Any("from", made.From), zap.Any("to", made.To),
		zap.String("key_id", made.Key), zap.String("user_agent", made.UserAgent),
		zap.String("through", made.Through), zap.String("request_id", made.RequestID))
}

// audit returns the last changes, the latest first.
func (c *control) audit() []change {
	c.mu.Lock()
	defer c.mu.Unlock()
	latest := slices.Clone(c.changes)
	slices.Reverse(latest)
	return latest
}
