package httpsend

import (
	"sync"

	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// Reasons for which a record is never delivered.
const (
	ReasonTooLarge = managed.ReasonTooLarge // the destination takes no single record of this size
	ReasonTooOld   = managed.ReasonTooOld   // the destination takes no record of this age
	ReasonRejected = managed.ReasonRejected // the destination refuses the record
)

// Drops counts records that will never be delivered, and logs the first of each
// reason. It is safe for concurrent use.
type Drops struct {
	logger *zap.Logger
	count  func(reason string, records int)
	logged sync.Map // reason → true
}

// NewDrops returns Drops that count by count.
func NewDrops(logger *zap.Logger, count func(reason string, records int)) *Drops {
	return &Drops{logger: logger, count: count}
}

// Add counts records that are dropped. Err tells why; it must hold no event.
func (d *Drops) Add(reason string, records int, err error) {
	d.count(reason, records)
	if _, again := d.logged.LoadOrStore(reason, true); !again {
		d.logger.Error("Dropped events; further ones with this reason are only counted",
			zap.String("reason", reason), zap.Int("events", records), zap.Error(err))
	}
}
