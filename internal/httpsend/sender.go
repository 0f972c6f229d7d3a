package httpsend

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// Sender posts payloads to its Target. NewLogs makes it of a Backend. Every exported
// field is set, and none changes afterwards; its methods are safe for concurrent use.
type Sender struct {
	Client *http.Client
	// Fresh opens a connection for each request.
	Fresh *http.Client
	// Classify reads the answer to a request of so many records.
	Classify func(code int, body []byte, records int) Result
	// HoldFor is the wait after Hold: retry_on_failure::max_interval.
	HoldFor time.Duration
	// Drops counts what will never be delivered.
	Drops *Drops
	// Observe is told of every request.
	Observe func(context.Context, Attempt)
	// Report takes the component's status: recoverable while records are kept.
	Report func(*componentstatus.Event)
	// Keys names what a user can correct.
	Keys Keys

	target  atomic.Pointer[Target] // set by aim
	header  http.Header            // of every request, whatever the target
	secrets []configopaque.String  // likewise
	hosts   *hostLimit             // nil: no other sender shares the client

	quarantine *quarantine // nil: there is no queue
	health     destinationHealth
	status     status
	diagnosis  diagnosis
}

// Send delivers the records of c. It tells done of those that were delivered, some
// at a time. Each record ends in exactly one of four places: done, Drops, the
// quarantine, or the remainder of the error.
//
// The error is a payload.Undelivered, and within it a throttle error of
// exporterhelper where the next attempt must wait. It is of another type only where
// the remainder could not be unpacked: then all of c is tried again.
func (s *Sender) Send(ctx context.Context, c *payload.Cursor, done func([]payload.Record)) error {
	rest, err := s.send(ctx, c, done)
	if err == nil {
		return nil
	}
	left, unpacking := c.Request(rest)
	if unpacking != nil {
		return errors.Join(err, unpacking)
	}
	return &payload.Undelivered{Err: err, Remainder: left}
}

func (s *Sender) send(ctx context.Context, c *payload.Cursor, done func([]payload.Record)) (rest []payload.Range, err error) {
	p := payloads.get()
	defer func() { payloads.put(p, p.Release()) }()
	todo := []payload.Range{{Lo: 0, Hi: c.Len()}} // the next range stands last
	if c.Len() >= smallPartsFrom && s.health.rejectsSome(s.HoldFor) {
		todo = c.Cut(todo[0], smallParts)
		slices.Reverse(todo)
	}
	var refused []rejectedAlone
	accepted, doubtful := false, false
	for len(todo) > 0 && err == nil && !doubtful {
		r := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if r.Lo == r.Hi {
			continue
		}
		next, unpacking := c.NextPayload(p, r.Lo, r.Hi)
		if unpacking != nil {
			return undelivered(append(todo, r), refused), unpacking
		}
		if next < r.Hi {
			todo = append(todo, payload.Range{Lo: next, Hi: r.Hi})
		}
		r.Hi = next
		result, answer := s.post(ctx, s.Client, p, r.Hi-r.Lo)
		switch {
		case result.Outcome == Delivered:
			s.delivered(c, r, result, answer, done)
			s.health.noteAccepted(false)
			accepted = true
		case result.Outcome == Retry, result.Outcome == Hold:
			todo, err = append(todo, r), answer
		case r.Hi-r.Lo > 1:
			todo = append(todo, s.parts(c, r, result.Outcome)...)
		default:
			refused = append(refused, rejectedAlone{r, answer})
			s.health.noteRejected()
			doubtful = !accepted && len(refused) >= maxRejectedInARow
			// Now and then, look elsewhere for one that is accepted.
			if len(refused)%4 == 0 && len(todo) > 0 {
				todo = append(todo[1:], todo[0])
			}
		}
	}
	if accepted || err == nil {
		var keeping error
		refused, keeping = s.quarantineRejected(c, refused, accepted)
		err = cmp.Or(err, keeping)
	}
	return undelivered(todo, refused), err
}

// While the destination rejects a record now and then, a push of smallPartsFrom
// records or more begins as smallParts requests: of 1,000 records with one rejected,
// 1.2 times their bytes are sent instead of 2.3 times, in as many requests.
const (
	smallParts     = 8
	smallPartsFrom = 100
)

// parts divides a rejected range, the first part last. Halves find a size limit.
// Quarters that end where blocks end find a rejected record in fewer bytes, because
// those blocks stay packed: of 1,000 records with one rejected, 2.3 times their bytes
// are sent instead of 3 times, in as many requests.
func (s *Sender) parts(c *payload.Cursor, r payload.Range, outcome Outcome) []payload.Range {
	if outcome == Split {
		middle := r.Lo + (r.Hi-r.Lo)/2
		return []payload.Range{{Lo: middle, Hi: r.Hi}, {Lo: r.Lo, Hi: middle}}
	}
	s.health.noteBisected()
	parts := c.Cut(r, 4)
	slices.Reverse(parts)
	return parts
}

// again sends the only record of r, on a connection of its own.
func (s *Sender) again(ctx context.Context, r *payload.Request, done func([]payload.Record)) (Outcome, error) {
	p := payloads.get()
	defer func() { payloads.put(p, p.Release()) }()
	c := payload.NewCursor(r)
	if _, err := c.NextPayload(p, 0, 1); err != nil {
		return Retry, err
	}
	result, err := s.post(ctx, s.Fresh, p, 1)
	if result.Outcome == Delivered {
		s.delivered(c, payload.Range{Lo: 0, Hi: 1}, result, err, done)
		s.health.noteAccepted(len(result.Lost) == 0)
	}
	return result.Outcome, err
}

// delivered passes on the records that the destination took. Where the answer says
// that some were lost, it says how many, not which: the last ones count as lost.
func (s *Sender) delivered(c *payload.Cursor, r payload.Range, result Result, answer error, done func([]payload.Record)) {
	lost := 0
	for _, l := range result.Lost {
		s.Drops.Add(l.Reason, l.Records, answer)
		lost += l.Records
	}
	c.Each(r.Lo, max(r.Lo, r.Hi-lost), done)
	s.ReportHealth(nil)
}

// payloads are kept for their memory.
var payloads = make(freeList[payload.Payload], maxFree)
