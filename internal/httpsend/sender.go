package httpsend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// Batch is the records of one push, as a backend encodes them. It is cut into
// payloads by record, never within one.
type Batch interface {
	// Len returns how many records there are.
	Len() int
	// Append encodes records from lo on, and at most those before hi, as one
	// payload and appends it to dst. It returns how far it came: it stops
	// where the next record would put the payload over the backend's limits,
	// but takes at least one.
	Append(dst []byte, lo, hi int) (payload []byte, next int)
	// Drop says that record i will never be delivered, and why.
	Drop(i int, reason string, err error)
}

// Reasons for dropping a record.
const (
	ReasonTooLarge = "too_large" // the destination finds the single record too large
	ReasonRejected = "rejected"  // the destination refuses the single record
)

// maxAnswer bounds how much of an answer's body is read, in bytes.
const maxAnswer = 64 << 10

// Sender posts payloads to one URL.
type Sender struct {
	Client *http.Client
	URL    string
	Header http.Header // of every request; Content-Encoding included
	// Encode compresses a payload into dst.
	Encode func(dst *bytes.Buffer, payload []byte) error
	// Judge reads an answer; code alone decides where it is nil.
	Judge func(code int, body []byte) Verdict
	// HoldFor is the wait after Hold: retry_on_failure::max_interval.
	HoldFor time.Duration
	// Report takes the component's status: recoverable while records are held.
	Report func(*componentstatus.Event)

	mu   sync.Mutex
	held bool
}

// Send delivers b and returns the records that were not delivered and not
// dropped either, in order, with the error that exporterhelper is to see.
func (s *Sender) Send(ctx context.Context, b Batch) (rest []Range, err error) {
	payload := payloads.Get().(*[]byte)
	defer payloads.Put(payload)
	todo := []Range{{0, b.Len()}} // the next range stands last
	for len(todo) > 0 {
		r := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if r.Lo == r.Hi {
			continue
		}
		var next int
		*payload, next = b.Append((*payload)[:0], r.Lo, r.Hi)
		if next < r.Hi {
			todo = append(todo, Range{next, r.Hi})
		}
		verdict, err := s.post(ctx, *payload)
		switch {
		case verdict == Delivered:
		case verdict == Retry, verdict == Hold:
			return undelivered(append(todo, Range{r.Lo, next})), err
		case next-r.Lo > 1:
			middle := r.Lo + (next-r.Lo)/2
			todo = append(todo, Range{middle, next}, Range{r.Lo, middle})
		case verdict == Split:
			b.Drop(r.Lo, ReasonTooLarge, err)
		default:
			b.Drop(r.Lo, ReasonRejected, err)
		}
	}
	return nil, nil
}

// post sends one payload. The error tells what came of it unless it was
// delivered; it never holds the payload, nor a secret.
func (s *Sender) post(ctx context.Context, payload []byte) (Verdict, error) {
	encoded := newBody()
	defer encoded.release()
	if err := s.Encode(&encoded.Buffer, payload); err != nil {
		return Retry, fmt.Errorf("compressing the payload: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, http.NoBody)
	if err != nil {
		return Hold, err
	}
	req.Header = s.Header.Clone()
	encoded.attach(req)
	resp, err := s.Client.Do(req)
	if err != nil {
		var urlErr *url.Error
		if errors.As(err, &urlErr) {
			err = urlErr.Err // without the URL, whose query is the user's
		}
		return Retry, fmt.Errorf("POST to %s: %w", req.URL.Host, err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	verdict := Judge(resp.StatusCode)
	if s.Judge != nil {
		verdict = s.Judge(resp.StatusCode, answer)
	}
	if verdict == Delivered {
		s.settle(nil)
		return Delivered, nil
	}
	err = fmt.Errorf("%s answered %s", req.URL.Host, strings.TrimSpace(resp.Status))
	switch verdict {
	case Hold:
		s.settle(err)
		err = exporterhelper.NewThrottleRetry(err, s.HoldFor)
	case Retry:
		if d := wait(resp.Header, time.Now()); d > 0 {
			err = exporterhelper.NewThrottleRetry(err, d)
		}
	}
	return verdict, err
}

// settle reports a status when it changes: recoverable while records are held,
// OK once one is delivered again.
func (s *Sender) settle(err error) {
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

// payloads are the buffers that payloads are encoded into.
var payloads = sync.Pool{New: func() any { return new([]byte) }}
