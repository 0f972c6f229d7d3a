package stytchreceiver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// patientFor is enough for a machine that is busy with other tests.
const patientFor = 20 * time.Second

// stuck is a pipeline that does not return until it is released, whatever its
// context says, as one that writes to a disk that does not answer.
type stuck struct {
	consumer.Logs
	entered  chan context.Context
	released chan struct{}
	release  func()
}

func newStuck(t *testing.T) *stuck {
	t.Helper()
	s := &stuck{entered: make(chan context.Context, 100), released: make(chan struct{})}
	s.release = sync.OnceFunc(func() { close(s.released) })
	t.Cleanup(s.release)
	var err error
	s.Logs, err = consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
		s.entered <- ctx
		<-s.released
		return nil
	})
	require.NoError(t, err)
	return s
}

// heeding is a pipeline that waits for its context to end.
func heeding(t *testing.T, entered chan<- context.Context, permanent bool) consumer.Logs {
	t.Helper()
	next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
		entered <- ctx
		<-ctx.Done()
		if permanent {
			return consumererror.NewPermanent(ctx.Err())
		}
		return ctx.Err()
	})
	require.NoError(t, err)
	return next
}

// A pipeline that does not answer, whether or not it heeds its context, leaves
// the sender with 503 before the server's own limit cuts the connection.
func TestAnswerBeforeWriteTimeout(t *testing.T) {
	const writeTimeout = 5 * time.Second
	patience, _ := patienceOf(writeTimeout)
	brief := func(cfg *Config) { cfg.HTTP.WriteTimeout = writeTimeout }
	pipelines := map[string]func(t *testing.T) (consumer.Logs, <-chan context.Context){
		"that heeds its context": func(t *testing.T) (consumer.Logs, <-chan context.Context) {
			entered := make(chan context.Context, 1)
			return heeding(t, entered, false), entered
		},
		"that refuses for ever once it is cut short": func(t *testing.T) (consumer.Logs, <-chan context.Context) {
			entered := make(chan context.Context, 1)
			return heeding(t, entered, true), entered
		},
		"that is stuck": func(t *testing.T) (consumer.Logs, <-chan context.Context) {
			s := newStuck(t)
			return s, s.entered
		},
	}
	push := `{"streams":[{"stream":{"a":"b"},"values":[["1","x"]]}]}`
	run := func(name, protocol, path, body string, pipeline func(t *testing.T) (consumer.Logs, <-chan context.Context)) {
		t.Run(protocol+" "+name, func(t *testing.T) {
			t.Parallel()
			next, entered := pipeline(t)
			r := start(t, next, brief)
			begin := time.Now()
			resp, answer := r.post(path, body, jsonType...)
			require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode, answer)
			require.Equal(t, retryAfter, resp.Header.Get("Retry-After"))
			require.Contains(t, answer, "the pipelines did not take the events in time")
			require.Less(t, time.Since(begin), writeTimeout)
			require.GreaterOrEqual(t, time.Since(begin), patience-50*time.Millisecond)
			ctx := <-entered
			require.ErrorIs(t, ctx.Err(), context.Canceled)
			deadline, has := ctx.Deadline()
			require.True(t, has)
			require.WithinDuration(t, begin.Add(patience), deadline, time.Second)
			r.requireCounts("otelcol_receiver_stytch_refused_requests",
				metricdata.DataPoint[int64]{Value: 1, Attributes: refusedAttr(protocol, "unavailable")})
		})
	}
	for name, pipeline := range pipelines {
		run(name, "events", "/v1/events", `{}`, pipeline)
		run(name, "loki_push", lokiPath, push, pipeline)
	}
}

func TestPatience(t *testing.T) {
	for writeTimeout, want := range map[time.Duration][2]time.Duration{
		60 * time.Second: {55 * time.Second, time.Second}, 5 * time.Second: {4500 * time.Millisecond, 250 * time.Millisecond},
		time.Hour: {time.Hour - 5*time.Second, time.Second}, 0: {55 * time.Second, time.Second},
	} {
		patience, grace := patienceOf(writeTimeout)
		require.Equal(t, want, [2]time.Duration{patience, grace}, writeTimeout)
	}
}

// Over HTTP/2 too, where a stream ends with its handler only.
func TestStuckOverHTTP2(t *testing.T) {
	s := newStuck(t)
	certificate, key := selfSigned(t)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(certificate)))
	r := start(t, s, func(cfg *Config) {
		cfg.HTTP.WriteTimeout = 5 * time.Second
		cfg.HTTP.TLS = configoptional.Some(configtls.ServerConfig{Config: configtls.Config{CertPem: configopaque.String(certificate), KeyPem: configopaque.String(key)}})
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	resp, err := client.Post(strings.Replace(r.url, "http://", "https://", 1)+"/v1/events", "", strings.NewReader("{}"))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 2, resp.ProtoMajor)
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	require.Equal(t, retryAfter, resp.Header.Get("Retry-After"))
}

// A sender that leaves ends the request's context.
func TestSenderLeaves(t *testing.T) {
	entered := make(chan context.Context, 1)
	r := start(t, heeding(t, entered, false), nil)
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/v1/events", strings.NewReader("{}"))
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		done <- err
	}()
	pipeline := <-entered
	leave()
	require.ErrorIs(t, <-done, context.Canceled)
	select {
	case <-pipeline.Done():
	case <-time.After(patientFor):
		require.Fail(t, "the pipeline's context goes on")
	}
}

// A panic of a pipeline costs its connection, is logged, and leaves nothing behind.
func TestPipelinePanics(t *testing.T) {
	panics := true
	next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
		if panics {
			panic("pipeline fell over")
		}
		return nil
	})
	require.NoError(t, err)
	r := start(t, next, func(cfg *Config) { cfg.MaxInflightBytes = minInflight })
	for range 2 * minInflight / leastWeight { // more than would fit, were anything kept
		_, err := http.Post(r.url+"/v1/events", "", strings.NewReader("{}"))
		require.Error(t, err)
	}
	require.Positive(t, r.logs.FilterMessageSnippet("pipeline fell over").Len())
	panics = false
	resp, answer := r.post("/v1/events", "{}")
	require.Equal(t, http.StatusAccepted, resp.StatusCode, answer)
}

// One timer serves requests whose deadlines are not in the order of their arrival.
func TestWaitsExpireInTheOrderOfTheirDeadlines(t *testing.T) {
	var all waits
	begin := time.Now()
	add := func(after time.Duration) *wait {
		w := &wait{deadline: begin.Add(after), grace: time.Minute, request: nobody{}}
		w.begin(t.Context(), &all)
		return w
	}
	last, first, gone := add(time.Hour), add(100*time.Millisecond), add(50*time.Millisecond)
	gone.end(&all)
	gone.end(&all)
	<-first.Done()
	require.GreaterOrEqual(t, time.Since(begin), 100*time.Millisecond)
	require.NoError(t, last.Err())
	first.end(&all)
	require.ErrorIs(t, first.cause, errLate)
	require.False(t, first.answered)
	all.end()
	<-last.Done()
	<-add(time.Hour).Done() // comes after the end
	last.end(&all)
	require.ErrorIs(t, last.cause, errEnding)
	require.Len(t, all.all, 1)
}

type nobody struct{}

func (nobody) answerEarly(error) {}

// A queue in memory keeps the context of each request that waits in it, for as long
// as the destination is down: not the request and its connection with it.
func TestContextKeepsNoRequest(t *testing.T) {
	var kept context.Context
	next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
		kept = ctx
		return nil
	})
	require.NoError(t, err)
	rcv, routes := handler(t, nil)
	rcv.next = next
	answer := func() weak.Pointer[httptest.ResponseRecorder] {
		rec := httptest.NewRecorder()
		routes.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader("{}")))
		require.Equal(t, http.StatusAccepted, rec.Code)
		return weak.Make(rec)
	}()
	runtime.GC()
	require.Nil(t, answer.Value())
	runtime.KeepAlive(kept)
}
