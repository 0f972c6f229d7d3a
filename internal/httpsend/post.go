package httpsend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// Attempt is one request and its answer.
type Attempt struct {
	Code    int // 0 where no answer came
	Outcome Outcome
	Took    time.Duration
	Records int
	Size    int // of the payload, in bytes
	Wire    int // of the payload on the wire, in bytes
}

// maxAnswer bounds how much of an answer's body is read, in bytes.
const maxAnswer = 64 << 10

// post sends one payload. The error says why not all of it was delivered. It contains
// neither the payload nor a secret.
func (s *Sender) post(ctx context.Context, client *http.Client, p *payload.Payload, records int) (Result, error) {
	encoded := newBody()
	defer encoded.release()
	if err := p.WriteTo(&encoded.Buffer); err != nil {
		return Result{Outcome: Retry}, fmt.Errorf("compressing the payload: %w", err)
	}
	target := s.Target()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.URL, http.NoBody)
	if err != nil {
		return Result{Outcome: Hold}, err
	}
	req.Header = target.Header.Clone()
	encoded.attach(req)
	// It may be one of several servers that refuses: the next request finds another.
	req.Close = s.health.rejecting()

	leave, err := s.hosts.enter(ctx, req.URL.Host)
	if err != nil {
		return Result{Outcome: Retry}, err
	}
	defer leave()
	attempt := Attempt{Outcome: Retry, Records: records, Size: p.Size(), Wire: encoded.Len()}
	began := time.Now()
	resp, err := target.do(client, req)
	if err != nil {
		attempt.Took = time.Since(began)
		s.Observe(ctx, attempt)
		err = &refusal{error: fmt.Errorf("POST to %s: %w", req.URL.Host, err), outcome: Retry}
		if ctx.Err() == nil {
			s.ReportHealth(err)
			s.diagnosis.waits("no answer", err, s.Keys.unreachable(err), records)
		}
		return Result{Outcome: Retry}, err
	}
	defer resp.Body.Close()
	answer, broken := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	result := s.Classify(resp.StatusCode, answer, records)
	switch {
	case result.Outcome == Delivered && len(result.Lost) == 0 && len(answer) > maxAnswer:
		result = Result{Outcome: Hold} // no destination confirms with so much text
	case broken != nil && (result.Outcome == Delivered || result.Outcome == Bisect):
		result = Result{Outcome: Retry} // the missing part of the answer may say otherwise
	}
	attempt.Code, attempt.Outcome, attempt.Took = resp.StatusCode, result.Outcome, time.Since(began)
	s.Observe(ctx, attempt)

	if result.Outcome == Delivered && len(result.Lost) == 0 {
		s.diagnosis.delivered(req.URL.Host, resp.StatusCode)
		return result, nil
	}
	sent, unreadable := p.AppendPlain(nil)
	if unreadable != nil {
		answer = nil // it cannot be compared with the payload
	}
	refused := &refusal{code: resp.StatusCode, outcome: result.Outcome}
	refused.error = fmt.Errorf("%s answered %d%s%s", req.URL.Host, resp.StatusCode, remark(resp.StatusCode, result.Outcome, broken), target.redact(answer, sent))
	err = refused
	switch result.Outcome {
	case Delivered:
		s.diagnosis.delivered(req.URL.Host, resp.StatusCode)
	case Hold:
		s.ReportHealth(err)
		s.diagnosis.waits(strconv.Itoa(resp.StatusCode), err, s.Keys.advice(resp.StatusCode), records)
		err = refused.wait(s.HoldFor)
	case Retry:
		s.diagnosis.waits(strconv.Itoa(resp.StatusCode), err, s.Keys.advice(resp.StatusCode), records)
		if d := wait(resp.Header, time.Now()); d > 0 {
			err = refused.wait(d)
		}
	}
	return result, err
}

// remark explains an answer where its code does not.
func remark(code int, outcome Outcome, broken error) string {
	switch {
	case broken != nil:
		return " and broke off"
	case code <= 299 && outcome == Hold:
		return ", which does not confirm that anything is stored"
	default:
		return ""
	}
}

// Do sends req by the client. Its error contains neither a secret nor the URL, which
// can contain a password and a query of the user's.
func (s *Sender) Do(req *http.Request) (*http.Response, error) { return s.Target().do(s.Client, req) }

func (t *Target) do(client *http.Client, req *http.Request) (*http.Response, error) {
	resp, err := client.Do(req) //nolint:gosec // the URL is the configuration's
	if err == nil {
		return resp, nil
	}
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	return nil, t.mask(err)
}
