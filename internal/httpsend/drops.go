package httpsend

import (
	"sync"

	"go.uber.org/zap"
)

// Drops tells of records that will never be delivered: each raises a counter
// and the first of each reason is logged.
type Drops struct {
	logger *zap.Logger
	count  func(reason string)
	logged sync.Map // reason → true
}

// NewDrops returns Drops that count by count.
func NewDrops(logger *zap.Logger, count func(reason string)) *Drops {
	return &Drops{logger: logger, count: count}
}

// Drop is Batch's.
func (d *Drops) Drop(_ int, reason string, err error) {
	d.count(reason)
	if _, again := d.logged.LoadOrStore(reason, true); !again {
		d.logger.Error("Dropped an event; further ones with this reason are only counted",
			zap.String("reason", reason), zap.Error(err))
	}
}
