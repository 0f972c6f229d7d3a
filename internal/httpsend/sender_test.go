package httpsend

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// letters is a batch of one-letter records; a payload holds at most max.
type letters struct {
	text string
	max  int
	done string
}

// send sends the letters as Sender.Send does, and returns the ranges that are left.
func (l *letters) send(ctx context.Context, s *Sender) ([]payload.Range, error) {
	r := lettersOf(l.max).Build(func(to *payload.Builder) {
		for i := range l.text {
			to.End(append(to.Begin(), l.text[i]), payload.Record{Position: uint32(i)})
		}
	})
	return s.send(ctx, payload.NewCursor(r), func(delivered []payload.Record) {
		for _, x := range delivered {
			l.done += l.text[x.Position : x.Position+1]
		}
	})
}

// lettersOf is the format of payloads of at most so many letters.
func lettersOf(most int) *payload.Format {
	return &payload.Format{
		Head:     func(dst []byte, _ string, _ int) []byte { return dst },
		MaxBytes: math.MaxInt, MaxRecords: most, Codec: payload.Gzip,
	}
}

// intake answers by the payload and remembers what it accepted.
type intake struct {
	*httptest.Server
	answer   func(payload string, w http.ResponseWriter) int
	mu       sync.Mutex
	accepted []string
	drops    []string
	requests atomic.Int32
	log      *observer.ObservedLogs
}

func newIntake(t *testing.T, answer func(payload string, w http.ResponseWriter) int) (*intake, *Sender) {
	in := &intake{answer: answer}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in.requests.Add(1)
		zr, err := gzip.NewReader(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		payload, _ := io.ReadAll(zr)
		code := in.answer(string(payload), w)
		if code/100 == 2 {
			in.mu.Lock()
			in.accepted = append(in.accepted, string(payload))
			in.mu.Unlock()
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(in.Close)
	core, log := observer.New(zap.InfoLevel)
	in.log = log
	s := &Sender{
		Client: in.Client(), Fresh: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		header:   http.Header{"Content-Encoding": {"gzip"}},
		Classify: classify2xx,
		HoldFor:  30 * time.Second, Report: func(*componentstatus.Event) {},
		Observe: func(context.Context, Attempt) {},
		Drops: NewDrops(zap.NewNop(), func(reason string, records int) {
			in.mu.Lock()
			defer in.mu.Unlock()
			in.drops = append(in.drops, fmt.Sprint(records, " ", reason))
		}),
		Keys:      Keys{Address: "endpoint", Credentials: "api::key", Encoding: "compression"},
		diagnosis: diagnosis{logger: zap.New(core)},
	}
	s.aim(Target{URL: in.URL})
	s.quarantine = quarantineOf(s)
	return in, s
}

// classify2xx takes every 2xx for delivered.
func classify2xx(code int, _ []byte, _ int) Result {
	if code/100 == 2 {
		return Result{Outcome: Delivered}
	}
	return Result{Outcome: Classify(code)}
}

// quarantineOf returns a quarantine in memory that tries nothing by itself.
func quarantineOf(s *Sender) *quarantine {
	encoding := payload.QueueEncoding{Format: lettersOf(math.MaxInt), Damaged: func(error) {}}
	q := newQuarantine(&logs{logger: zap.NewNop(), Backend: Backend{
		Filter:    func(r *payload.Request) (*payload.Request, error) { return r, nil },
		Delivered: func([]payload.Record) {},
		Metrics:   noMetrics(),
	}}, encoding)
	q.sender = s
	q.began.Do(func() {})
	return q
}

// noMetrics are instruments that measure nothing.
func noMetrics() Metrics {
	return Metrics{
		Attributes:      MetricAttributes(component.MustNewID("test")),
		DeliveredEvents: noop.Int64Counter{}, DroppedEvents: noop.Int64Counter{}, QuarantinedEvents: noop.Int64Gauge{},
		QueueDamage: noop.Int64Counter{}, RequestDuration: noop.Float64Histogram{}, Splits: noop.Int64Counter{},
	}
}

func TestSendCutsByTheLimitsInOrder(t *testing.T) {
	in, s := newIntake(t, func(string, http.ResponseWriter) int { return 202 })
	rest, err := (&letters{text: "abcdefg", max: 3}).send(t.Context(), s)
	require.NoError(t, err)
	require.Empty(t, rest)
	require.Equal(t, []string{"abc", "def", "g"}, in.accepted)
}

func TestSendSplitsDownToTheOneTooLarge(t *testing.T) {
	in, s := newIntake(t, func(payload string, _ http.ResponseWriter) int {
		if len(payload) > 2 || strings.Contains(payload, "X") {
			return http.StatusRequestEntityTooLarge
		}
		return 202
	})
	b := &letters{text: "abcdXefg", max: 100}
	rest, err := b.send(t.Context(), s)
	require.NoError(t, err)
	require.Empty(t, rest)
	require.Empty(t, in.drops)
	require.Len(t, s.quarantine.records, 1)
	require.Equal(t, "abcdefg", b.done)
	require.Equal(t, "abcdefg", strings.Join(in.accepted, ""))
}

func TestSendIsolatesTheRefusedOne(t *testing.T) {
	in, s := newIntake(t, func(payload string, _ http.ResponseWriter) int {
		if strings.Contains(payload, "X") {
			return http.StatusBadRequest
		}
		return 202
	})
	b := &letters{text: strings.Repeat("a", 700) + "X" + strings.Repeat("b", 299), max: 1000}
	rest, err := b.send(t.Context(), s)
	require.NoError(t, err)
	require.Empty(t, rest)
	require.Empty(t, in.drops)
	require.Len(t, s.quarantine.records, 1)
	require.Len(t, strings.Join(in.accepted, ""), 999)
	require.LessOrEqual(t, in.requests.Load(), int32(21), "1 + 4 for each of the 5 quarterings of 1,000")
}

func TestSendReturnsWhatIsLeft(t *testing.T) {
	in, s := newIntake(t, func(payload string, _ http.ResponseWriter) int {
		switch {
		case strings.Contains(payload, "X") && len(payload) > 1:
			return http.StatusRequestEntityTooLarge
		case strings.ContainsAny(payload, "e"):
			return http.StatusServiceUnavailable
		}
		return 202
	})
	b := &letters{text: "aXcdefgh", max: 4}
	rest, err := b.send(t.Context(), s)
	require.EqualError(t, err, in.Listener.Addr().String()+" answered 503")
	require.Equal(t, []payload.Range{{Lo: 4, Hi: 8}}, rest, "what was delivered is not sent again")
	require.Equal(t, []string{"a", "X", "cd"}, in.accepted)
}

// Every status code is one of the five verdicts, and which is no accident.
func TestJudge(t *testing.T) {
	want := map[int]Outcome{408: Retry, 425: Retry, 429: Retry, 413: Split, 400: Bisect, 422: Bisect}
	for code := 200; code <= 599; code++ {
		outcome, listed := want[code]
		switch {
		case listed:
		case code < 500: // a 2xx that the backend does not document, too
			outcome = Hold
		default:
			outcome = Retry
		}
		require.Equal(t, outcome, Classify(code), code)
	}
}

func TestWaits(t *testing.T) {
	for name, tc := range map[string]struct {
		code   int
		header string
		value  string
		want   string
	}{
		"seconds":       {429, "Retry-After", "7", "Throttle (7s), error: "},
		"date":          {503, "Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), "Throttle (59m"},
		"past date":     {503, "Retry-After", "Mon, 02 Jan 2006 15:04:05 GMT", ""},
		"rate limit":    {429, "X-Ratelimit-Reset", "2.5", "Throttle (2.5s), error: "},
		"nonsense":      {429, "Retry-After", "soon", ""},
		"without end":   {429, "Retry-After", "1e300", "Throttle (1h0m0s), error: "},
		"wrong key":     {403, "Retry-After", "7", "Throttle (30s), error: "},
		"misconfigured": {404, "", "", "Throttle (30s), error: "},
		"redirect":      {302, "Location", "/elsewhere", "Throttle (30s), error: "},
	} {
		t.Run(name, func(t *testing.T) {
			in, s := newIntake(t, func(_ string, w http.ResponseWriter) int {
				if tc.header != "" {
					w.Header().Set(tc.header, tc.value)
				}
				return tc.code
			})
			s.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			rest, err := (&letters{text: "ab", max: 2}).send(t.Context(), s)
			require.Equal(t, []payload.Range{{Lo: 0, Hi: 2}}, rest)
			require.True(t, strings.HasPrefix(err.Error(), tc.want), err.Error())
			require.Contains(t, err.Error(), fmt.Sprintf("%s answered %d", in.Listener.Addr(), tc.code))
		})
	}
}

func TestHeldRecordsAreReportedOnce(t *testing.T) {
	code := http.StatusForbidden
	_, s := newIntake(t, func(string, http.ResponseWriter) int { return code })
	var reported []componentstatus.Status
	s.Report = func(e *componentstatus.Event) { reported = append(reported, e.Status()) }
	for _, code = range []int{403, 401, 503, 202, 202, 403} {
		_, _ = (&letters{text: "a", max: 1}).send(t.Context(), s)
	}
	require.Equal(t, []componentstatus.Status{
		componentstatus.StatusRecoverableError, componentstatus.StatusOK, componentstatus.StatusRecoverableError,
	}, reported)
}

func TestUnreachable(t *testing.T) {
	in, s := newIntake(t, nil)
	in.Close()
	s.aim(Target{URL: in.URL + "/?key=secret"})
	rest, err := (&letters{text: "ab", max: 1}).send(t.Context(), s)
	require.Equal(t, []payload.Range{{Lo: 0, Hi: 1}, {Lo: 1, Hi: 2}}, rest)
	require.ErrorContains(t, err, "connection refused")
	require.NotContains(t, err.Error(), "secret")
	require.False(t, consumererror.IsPermanent(err))
}

func TestEndpoint(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.com":           "https://example.com/push",
		"http://127.0.0.1:3100/":        "http://127.0.0.1:3100/push",
		"https://example.com/proxy/x?a": "https://example.com/proxy/x?a",
	} {
		got, err := Endpoint(in, "/push")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, in := range []string{"", "example.com", "ftp://example.com", "https://", "https://user:secret@bad host"} {
		_, err := Endpoint(in, "/push")
		require.ErrorContains(t, err, "endpoint: must be a URL")
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestCancelledPushKeepsTheRecords(t *testing.T) {
	_, s := newIntake(t, func(string, http.ResponseWriter) int { return 202 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rest, err := (&letters{text: "a", max: 1}).send(ctx, s)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []payload.Range{{Lo: 0, Hi: 1}}, rest)
}

func TestLossesOfAStoredRequestAreCounted(t *testing.T) {
	in, s := newIntake(t, func(string, http.ResponseWriter) int { return 400 })
	s.Classify = func(int, []byte, int) Result { // of a 400
		return Result{Outcome: Delivered, Lost: []Loss{{ReasonTooOld, 2}, {ReasonRejected, 1}}}
	}
	b := &letters{text: "abcde", max: 5}
	rest, err := b.send(t.Context(), s)
	require.NoError(t, err)
	require.Empty(t, rest)
	require.Equal(t, []string{"2 too_old", "1 rejected"}, in.drops)
	require.Len(t, b.done, 2)
	require.Equal(t, int32(1), in.requests.Load())
}

func TestSendReturnsARequestOfTheRest(t *testing.T) {
	_, s := newIntake(t, func(payload string, _ http.ResponseWriter) int {
		if payload == "ab" {
			return http.StatusAccepted
		}
		return http.StatusServiceUnavailable
	})
	f := payload.Format{
		Head:     func(dst []byte, _ string, _ int) []byte { return dst },
		MaxBytes: math.MaxInt, MaxRecords: 2, Codec: payload.Gzip,
	}
	r := f.Build(func(to *payload.Builder) {
		for i, letter := range []byte("abcde") {
			to.End(append(to.Begin(), letter), payload.Record{Position: uint32(i)})
		}
	})
	err := s.Send(t.Context(), payload.NewCursor(r), func([]payload.Record) {})
	var undelivered *payload.Undelivered
	require.ErrorAs(t, err, &undelivered)
	require.Equal(t, []int{2, 3, 4}, slices.Collect(undelivered.Remainder.Positions()))
	require.Same(t, undelivered.Remainder, r.OnError(err))
	require.Same(t, r, r.OnError(io.EOF))
}

// An answer that breaks off, or never ends, does not confirm anything.
func TestAnAnswerThatIsNotWholeKeepsTheRecords(t *testing.T) {
	for _, c := range []struct {
		name, answer, want string
	}{
		{"cut off", "HTTP/1.1 202 X\r\nContent-Length: 9\r\n\r\n{}", "answered 202 and broke off"},
		{"a refusal cut off", "HTTP/1.1 400 X\r\nContent-Length: 9\r\n\r\n{}", "answered 400 and broke off"},
		{"too long", "HTTP/1.1 202 X\r\n\r\n" + strings.Repeat(" ", 2*maxAnswer), "answered 202, which does not confirm that anything is stored"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, s := newIntake(t, nil)
			in.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				conn, _, err := http.NewResponseController(w).Hijack()
				if err == nil {
					_, _ = io.WriteString(conn, c.answer)
					_ = conn.Close()
				}
			})
			rest, err := (&letters{text: "ab", max: 2}).send(t.Context(), s)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, []payload.Range{{Lo: 0, Hi: 2}}, rest)
		})
	}
}
