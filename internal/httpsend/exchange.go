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

// post sends one payload. The error tells what came of it where not all of it
// was delivered; it holds neither the payload nor a secret.
func (s *Sender) post(ctx context.Context, client *http.Client, p *payload.Payload, records int) (Ruling, error) {
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
	// It may be one of several servers that refuses: the next request finds another.
	req.Close = s.trust.refusing()

	exchange := Exchange{Verdict: Retry, Records: records, Size: p.Size(), Wire: encoded.Len()}
	began := time.Now()
	resp, err := s.do(client, req)
	if err != nil {
		exchange.Took = time.Since(began)
		s.Observe(ctx, exchange)
		err = fmt.Errorf("POST to %s: %w", req.URL.Host, err)
		if ctx.Err() == nil {
			s.Settle(err)
			s.diagnosis.kept("no answer", err, s.Keys.unreachable(err), records)
		}
		return Ruling{Verdict: Retry}, err
	}
	defer resp.Body.Close()
	answer, broken := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	ruling := s.Judge(resp.StatusCode, answer, records)
	switch {
	case ruling.Verdict == Delivered && len(ruling.Lost) == 0 && len(answer) > maxAnswer:
		ruling = Ruling{Verdict: Hold} // no destination says so much to say that all is well
	case broken != nil && (ruling.Verdict == Delivered || ruling.Verdict == Isolate):
		ruling = Ruling{Verdict: Retry} // what is missing of the answer may say otherwise
	}
	exchange.Code, exchange.Verdict, exchange.Took = resp.StatusCode, ruling.Verdict, time.Since(began)
	s.Observe(ctx, exchange)

	if ruling.Verdict == Delivered && len(ruling.Lost) == 0 {
		s.diagnosis.delivered(req.URL.Host, resp.StatusCode)
		return ruling, nil
	}
	sent, unreadable := p.AppendPlain(nil)
	if unreadable != nil {
		answer = nil // what cannot be compared with the payload is not told
	}
	err = fmt.Errorf("%s answered %d%s%s", req.URL.Host, resp.StatusCode, remark(resp.StatusCode, ruling.Verdict, broken), s.excerpt(answer, sent))
	switch ruling.Verdict {
	case Delivered:
		s.diagnosis.delivered(req.URL.Host, resp.StatusCode)
	case Hold:
		s.Settle(err)
		s.diagnosis.kept(strconv.Itoa(resp.StatusCode), err, s.Keys.advice(resp.StatusCode), records)
		err = exporterhelper.NewThrottleRetry(err, s.HoldFor)
	case Retry:
		s.diagnosis.kept(strconv.Itoa(resp.StatusCode), err, s.Keys.advice(resp.StatusCode), records)
		if d := wait(resp.Header, time.Now()); d > 0 {
			err = exporterhelper.NewThrottleRetry(err, d)
		}
	}
	return ruling, err
}

// remark says what an answer is that its code alone does not explain.
func remark(code int, verdict Verdict, broken error) string {
	switch {
	case broken != nil:
		return " and broke off"
	case code <= 299 && verdict == Hold:
		return ", which does not confirm that anything is stored"
	default:
		return ""
	}
}

// Do sends req by the client. Its error holds neither a secret nor the URL,
// which may hold a password and whose query is the user's.
func (s *Sender) Do(req *http.Request) (*http.Response, error) { return s.do(s.Client, req) }

func (s *Sender) do(client *http.Client, req *http.Request) (*http.Response, error) {
	resp, err := client.Do(req) //nolint:gosec // the URL is the configuration's
	if err == nil {
		return resp, nil
	}
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	return nil, s.mask(err)
}
