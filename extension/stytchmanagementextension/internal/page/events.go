package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	// maxReaders bounds the cost of all readers of events together.
	maxReaders = 16
	// readEvery is how often a reader looks for events.
	readEvery = 250 * time.Millisecond
	// readAtATime is how many events it is sent then: 80 a second, more than anybody can
	// read. The rest counts as missed.
	readAtATime = 20
	// beatEvery shows a proxy, and the browser, that the connection lives.
	beatEvery = 15 * time.Second
	// slowest is how long a reader may take for what it was sent. Then it has to come
	// again.
	slowest = 30 * time.Second
)

// batch is what a reader is sent at a time.
type batch struct {
	Rows   []eventRow `json:"rows"`
	Missed uint64     `json:"missed"` // events that are not among the rows
	Rate   float64    `json:"rate"`   // events a second, before any filter
}

// streamEvents sends events as they pass, as server-sent events, until the reader goes,
// its session ends or the collector does. Its id is the number of the next event: a
// browser that comes again goes on there.
func (p *Page) streamEvents(w http.ResponseWriter, r *http.Request, s *session) {
	if p.Activity == nil {
		http.Error(w, "activity is off", http.StatusNotFound)
		return
	}
	select {
	case p.readers <- struct{}{}:
		defer func() { <-p.readers }()
	default:
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many readers", http.StatusServiceUnavailable)
		return
	}
	from, err := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 64)
	if err != nil {
		if from, err = strconv.ParseUint(r.URL.Query().Get("from"), 10, 64); err != nil {
			from = p.Activity.Head()
		}
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx passes each event on at once
	out := &sender{w: w, control: http.NewResponseController(w)}
	if out.write("retry: 2000\n\n") != nil {
		return
	}
	ctx, cancel := p.wait(r, s)
	defer cancel()
	reader, ticker := p.Activity.Read(filterOf(r.URL.Query()), from), time.NewTicker(readEvery)
	defer ticker.Stop()
	shown := batch{}
	checked, counted, head := time.Now(), time.Now(), p.Activity.Head()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		events, missed, next := reader.Read(readAtATime)
		now, fresh := time.Now(), len(events) > 0 || missed > 0
		if now.Sub(counted) >= time.Second {
			seen := p.Activity.Head()
			if rate := perSecond(int64(seen-head), now.Sub(counted)); rate != shown.Rate {
				shown.Rate, fresh = rate, true
			}
			head, counted = seen, now
		}
		if fresh {
			shown.Rows, shown.Missed = p.eventRows(events), missed
			if out.send(next, shown) != nil {
				return
			}
		}
		if now.Sub(checked) >= beatEvery {
			// A page left open does not keep its session: this finds out that it is over.
			if p.sessions.of(r, false) == nil || out.write(": \n\n") != nil {
				return
			}
			checked = now
		}
	}
}

// sender writes to one reader. Each write has a time of its own: that of the server's
// write_timeout is over long before.
type sender struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (o *sender) send(next uint64, b batch) error {
	data, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return o.write(fmt.Sprintf("id: %d\ndata: %s\n\n", next, data))
}

func (o *sender) write(text string) error {
	if err := o.control.SetWriteDeadline(time.Now().Add(slowest)); err != nil {
		return err
	}
	if _, err := o.w.Write([]byte(text)); err != nil {
		return err
	}
	return o.control.Flush()
}
