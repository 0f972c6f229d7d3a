package managed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Source is where streams come from. It is an extension, and ready when its Start has
// returned. All methods are safe for concurrent use.
type Source interface {
	// Table returns the streams of this moment. It takes no lock. It is nil as long as
	// nothing is known of any stream: a follower that has never reached what it
	// follows. Then events are refused for now, never dropped.
	Table() *Table
	// Watch calls changed with the present table, unless it is nil, and then with each
	// one after it, in order, before the change is answered. Changed must not block and
	// must not call the Source.
	Watch(changed func(*Table)) (stop func())
	// Attach makes an exporter known that serves the streams of a destination.
	Attach(Exporter) (detach func())
	// NoStream counts events of a project that has no stream for a destination.
	NoStream(project string, d Destination, events int)
	// Observer sees the events that pass the gate. It is nil when nobody looks.
	Observer() Observer
}

// ErrNoTable refuses events for now, where Source.Table is nil.
var ErrNoTable = errors.New("no stream is known yet: the management extension has not reached what it follows")

// Observer sees events. It must not change or keep what it is given, nor block.
type Observer interface {
	Observe(d Destination, of plog.ResourceLogs)
}

// Exporter is the data side of the streams of one destination.
type Exporter interface {
	Destination() Destination
	// Check asks the destination whether it takes these credentials, which need not be
	// those of a stream. It sends no event.
	Check(context.Context, Credentials) Answer
	// Test sends one event, a JSON object, with the stream's credentials and past its
	// queue.
	Test(ctx context.Context, s *Stream, event string) Answer
}

// Answer is what a destination says.
type Answer struct {
	OK   bool
	Code int           // HTTP status, 0 where no answer came
	Took time.Duration // until the answer
	// Text is the destination's words, or why none came. It holds no secret.
	Text string
}

// Find returns the Source of this id among the host's extensions. Key is where the id
// stands in the configuration.
func Find(host component.Host, id component.ID, key string) (Source, error) {
	ext, found := host.GetExtensions()[id]
	if !found {
		return nil, fmt.Errorf("%s: no extension %q is enabled: list it in service::extensions", key, id)
	}
	source, ok := ext.(Source)
	if !ok {
		return nil, fmt.Errorf("%s: the extension %q manages no streams", key, id)
	}
	return source, nil
}
