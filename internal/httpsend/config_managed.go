package httpsend

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// The defaults where `management` is set.
const (
	managedQueueSize = 10_000  // sending_queue::queue_size: the events that wait in one stream
	managedMaxQueued = 500_000 // max_queued_events: those that wait in all streams
)

// Queue is the configuration of a sending queue.
type Queue = configoptional.Optional[exporterhelper.QueueBatchConfig]

// SetManagedDefaults sets what conf leaves out. It is called where `management` is set.
func SetManagedDefaults(conf *confmap.Conf, client *confighttp.ClientConfig, queue *Queue, maxQueued *int) {
	if !conf.IsSet("max_idle_conns") {
		client.MaxIdleConns = 0 // none: each stream can have a host of its own
	}
	if queue.HasValue() && !conf.IsSet("sending_queue::queue_size") {
		queue.Get().QueueSize = managedQueueSize
	}
	if !conf.IsSet("max_queued_events") {
		*maxQueued = managedMaxQueued
	}
}

// CheckManaged refuses what an exporter of managed streams cannot do. The errors begin
// with the key, as it is written below the exporter.
func CheckManaged(queue Queue, maxQueued int) error {
	var errs []error
	if maxQueued <= 0 {
		errs = append(errs, fmt.Errorf("max_queued_events: must be positive, got %d", maxQueued))
	}
	if !queue.HasValue() {
		return errors.Join(append(errs, errors.New("sending_queue::enabled: must be true with management: without a queue one stream stops the others"))...)
	}
	q := queue.Get()
	if q.Sizer != exporterhelper.RequestSizerTypeItems {
		errs = append(errs, fmt.Errorf("sending_queue::sizer: must be items with management, got %s", q.Sizer.String()))
	}
	if q.BlockOnOverflow {
		errs = append(errs, errors.New("sending_queue::block_on_overflow: must be false with management: one full queue would stop the other streams"))
	}
	if q.WaitForResult {
		errs = append(errs, errors.New("sending_queue::wait_for_result: must be false with management: one slow destination would stop the other streams"))
	}
	return errors.Join(errs...)
}
