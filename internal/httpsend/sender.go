package httpsend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// Exchange is one request and its answer.
type Exchange struct {
	Code    int // 0 where no answer came
	Verdict Verdict
	Took    time.Duration
	Records int
	Size    int // of the payload, in bytes
	Wire    int // of the payload on the wire, in bytes
}

// maxAnswer bounds how much of an answer's body is read, in bytes.
const maxAnswer = 64 << 10

// Sender posts payloads to one URL.
type Sender struct {
	Client *http.Client
	URL    string
	Header http.Header // of every request; Content-Encoding included
	// Secrets never appear in an error, even where an answer repeats them.
	Secrets []configopaque.String
	// Judge reads the answer to a request of so many records; its code alone
	// decides where Judge is nil.
	Judge func(code int, body []byte, records int) Ruling
	// HoldFor is the wait after Hold: retry_on_failure::max_interval.
	HoldFor time.Duration
	// Drops counts what will never be delivered.
	Drops *Drops
	// Observe is told of every exchange.
	Observe func(context.Context, Exchange)
	// Report takes the component's status: recoverable while records are held.
	Report func(*componentstatus.Event)

	mu    sync.Mutex
	held  bool
	trust trust
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
	var suspects []suspect
	accepted := false
	for len(todo) > 0 {
		r := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if r.Lo == r.Hi {
			continue
		}
		next, err := b.Fill(p, r.Lo, r.Hi)
		if err != nil {
			return undelivered(append(todo, r), suspects), err
		}
		if next < r.Hi {
			todo = append(todo, payload.Range{Lo: next, Hi: r.Hi})
		}
		ruling, err := s.post(ctx, p, next-r.Lo)
		switch {
		case ruling.Verdict == Delivered:
			lost := 0
			for _, l := range ruling.Lost {
				s.Drops.Add(l.Reason, l.Records, err)
				lost += l.Records
			}
			b.Each(r.Lo, max(r.Lo, next-lost), done) // which of them were lost is not known, only how many
			s.acquit()
			for _, x := range suspects { // once more, in case the destination has only now come to itself
				todo = append(todo, x.Range)
			}
			accepted, suspects = true, nil
		case ruling.Verdict == Retry, ruling.Verdict == Hold:
			return undelivered(append(todo, payload.Range{Lo: r.Lo, Hi: next}), s.convict(suspects)), err
		case next-r.Lo > 1:
			middle := r.Lo + (next-r.Lo)/2
			todo = append(todo, payload.Range{Lo: middle, Hi: next}, payload.Range{Lo: r.Lo, Hi: middle})
		case accepted:
			s.Drops.Add(ruling.Verdict.reason(), 1, err)
		default:
			suspects = append(suspects, suspect{payload.Range{Lo: r.Lo, Hi: next}, ruling.Verdict.reason(), err})
			if len(suspects) == maxRefused {
				if suspects = s.convict(suspects); len(suspects) > 0 {
					return undelivered(todo, suspects), s.blame(err)
				}
			}
			// Now and then, look elsewhere for one that is accepted.
			if len(suspects)%4 == 0 && len(todo) > 0 {
				todo = append(todo[1:], todo[0])
			}
		}
	}
	if suspects = s.convict(suspects); len(suspects) > 0 {
		return undelivered(nil, suspects), s.blame(suspects[0].err)
	}
	return nil, nil
}

// post sends one payload. The error tells what came of it where not all of it
// was delivered; it holds neither the payload nor a secret.
func (s *Sender) post(ctx context.Context, p *payload.Payload, records int) (Ruling, error) {
	encoded := newBody()
	defer encoded.release()
	if err := p.Join(&encoded.Buffer); err != nil {
		return Ruling{Verdict: Retry}, fmt.Errorf("compressing the payload: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, http.NoBody)
	if err != nil {
		return Ruling{Verdict: Hold}, err
	}
	req.Header = s.Header.Clone()
	encoded.attach(req)

	exchange := Exchange{Verdict: Retry, Records: records, Size: p.Size(), Wire: encoded.Len()}
	began := time.Now()
	resp, err := s.Do(req)
	if err != nil {
		exchange.Took = time.Since(began)
		s.Observe(ctx, exchange)
		return Ruling{Verdict: Retry}, fmt.Errorf("POST to %s: %w", req.URL.Host, err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // what is not there is not judged
	ruling := Ruling{Verdict: Judge(resp.StatusCode)}
	if s.Judge != nil {
		ruling = s.Judge(resp.StatusCode, answer, records)
	}
	exchange.Code, exchange.Verdict, exchange.Took = resp.StatusCode, ruling.Verdict, time.Since(began)
	s.Observe(ctx, exchange)

	if ruling.Verdict == Delivered && len(ruling.Lost) == 0 {
		return ruling, nil
	}
	sent, unreadable := p.AppendPlain(nil)
	if unreadable != nil {
		answer = nil // what cannot be compared with the payload is not told
	}
	err = fmt.Errorf("%s answered %d%s", req.URL.Host, resp.StatusCode, s.excerpt(answer, sent))
	switch ruling.Verdict {
	case Hold:
		s.Settle(err)
		err = exporterhelper.NewThrottleRetry(err, s.HoldFor)
	case Retry:
		if d := wait(resp.Header, time.Now()); d > 0 {
			err = exporterhelper.NewThrottleRetry(err, d)
		}
	}
	return ruling, err
}

// Do sends req by the client. Its error holds neither a secret nor the URL,
// which may hold a password and whose query is the user's.
func (s *Sender) Do(req *http.Request) (*http.Response, error) {
	resp, err := s.Client.Do(req)
	if err == nil {
		return resp, nil
	}
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	return nil, s.mask(err)
}

// Settle reports a status when it changes: recoverable with the error that
// holds records, or would, and OK with nil, once one is delivered again.
func (s *Sender) Settle(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == (err != nil) {
		return
	}
	s.held = err != nil
	if s.held {
		s.Report(componentstatus.NewRecoverableErrorEvent(err))
	} else {
		s.Report(componentstatus.NewEvent(componentstatus.StatusOK))
	}
}

// payloads keep the buffers that payloads are put together in.
var payloads = make(kept[payload.Payload], maxKept)
