package httpsend

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// Sender posts payloads to one URL.
type Sender struct {
	Client *http.Client
	// Fresh opens a connection for each request.
	Fresh  *http.Client
	URL    string
	Header http.Header // of every request; Content-Encoding included
	// Secrets never appear in an error, even where an answer repeats them.
	Secrets []configopaque.String
	// Judge reads the answer to a request of so many records.
	Judge func(code int, body []byte, records int) Ruling
	// HoldFor is the wait after Hold: retry_on_failure::max_interval.
	HoldFor time.Duration
	// Drops counts what will never be delivered.
	Drops *Drops
	// Observe is told of every exchange.
	Observe func(context.Context, Exchange)
	// Report takes the component's status: recoverable while records are held.
	Report func(*componentstatus.Event)
	// Keys names what a user can correct.
	Keys Keys

	quarantine *quarantine // nil: there is no queue
	trust      trust
	status     status
	diagnosis  diagnosis
}

// Send delivers b. It tells done of the records that were delivered, some at a
// time: each is done, dropped or among the rest of the error, which is a
// payload.Undelivered. One of the three, once.
func (s *Sender) Send(ctx context.Context, b *payload.Batch, done func([]payload.Record)) error {
	rest, err := s.send(ctx, b, done)
	if err == nil {
		return nil
	}
	left, unpacking := b.Request(rest)
	if unpacking != nil {
		return errors.Join(err, unpacking) // all of it again
	}
	return &payload.Undelivered{Err: err, Rest: left}
}

func (s *Sender) send(ctx context.Context, b *payload.Batch, done func([]payload.Record)) (rest []payload.Range, err error) {
	p := payloads.get()
	defer func() { payloads.put(p, p.Release()) }()
	todo := []payload.Range{{Lo: 0, Hi: b.Len()}} // the next range stands last
	if b.Len() >= waryLength && s.trust.wary(s.HoldFor) {
		todo = b.Cut(todo[0], waryParts)
		slices.Reverse(todo)
	}
	var refused []refusal
	accepted, doubtful := false, false
	for len(todo) > 0 && err == nil && !doubtful {
		r := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if r.Lo == r.Hi {
			continue
		}
		next, unpacking := b.Fill(p, r.Lo, r.Hi)
		if unpacking != nil {
			return undelivered(append(todo, r), refused), unpacking
		}
		if next < r.Hi {
			todo = append(todo, payload.Range{Lo: next, Hi: r.Hi})
		}
		r.Hi = next
		ruling, answer := s.post(ctx, s.Client, p, r.Hi-r.Lo)
		switch {
		case ruling.Verdict == Delivered:
			s.delivered(b, r, ruling, answer, done)
			s.trust.accepted(false)
			accepted = true
		case ruling.Verdict == Retry, ruling.Verdict == Hold:
			todo, err = append(todo, r), answer
		case r.Hi-r.Lo > 1:
			todo = append(todo, s.parts(b, r, ruling.Verdict)...)
		default:
			refused = append(refused, refusal{r, answer})
			s.trust.refused()
			doubtful = !accepted && len(refused) >= maxRefused
			// Now and then, look elsewhere for one that is accepted.
			if len(refused)%4 == 0 && len(todo) > 0 {
				todo = append(todo[1:], todo[0])
			}
		}
	}
	if accepted || err == nil {
		var keeping error
		refused, keeping = s.park(b, refused, accepted)
		err = cmp.Or(err, keeping)
	}
	return undelivered(todo, refused), err
}

// waryParts is how many requests a push becomes while records are refused now and
// then: of 1,000 records with one refused, 1.2 times their bytes are sent instead of
// 2.3 times, in as many requests. A push of fewer than waryLength loses little.
const (
	waryParts  = 8
	waryLength = 100
)

// parts cuts a refused range, the first part last. A limit is found by halves. A
// refused record is found in fewer bytes by quarters, at the ends of blocks, which
// stay packed: of 1,000 records with one refused, 2.3 times their bytes are sent
// instead of 3 times, in as many requests.
func (s *Sender) parts(b *payload.Batch, r payload.Range, verdict Verdict) []payload.Range {
	if verdict == Split {
		middle := r.Lo + (r.Hi-r.Lo)/2
		return []payload.Range{{Lo: middle, Hi: r.Hi}, {Lo: r.Lo, Hi: middle}}
	}
	s.trust.isolates()
	parts := b.Cut(r, 4)
	slices.Reverse(parts)
	return parts
}

// again sends the one record of r, on a connection of its own.
func (s *Sender) again(ctx context.Context, r *payload.Request, done func([]payload.Record)) (Verdict, error) {
	p := payloads.get()
	defer func() { payloads.put(p, p.Release()) }()
	b := payload.NewBatch(r)
	if _, err := b.Fill(p, 0, 1); err != nil {
		return Retry, err
	}
	ruling, err := s.post(ctx, s.Fresh, p, 1)
	if ruling.Verdict == Delivered {
		s.delivered(b, payload.Range{Lo: 0, Hi: 1}, ruling, err, done)
		s.trust.accepted(len(ruling.Lost) == 0)
	}
	return ruling.Verdict, err
}

// delivered tells of records that the destination took, but for those that were
// lost: which of them is not known, only how many.
func (s *Sender) delivered(b *payload.Batch, r payload.Range, ruling Ruling, answer error, done func([]payload.Record)) {
	lost := 0
	for _, l := range ruling.Lost {
		s.Drops.Add(l.Reason, l.Records, answer)
		lost += l.Records
	}
	b.Each(r.Lo, max(r.Lo, r.Hi-lost), done)
	s.Settle(nil)
}

// payloads keep the buffers that payloads are put together in.
var payloads = make(kept[payload.Payload], maxKept)
