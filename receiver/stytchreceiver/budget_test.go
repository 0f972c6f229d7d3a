package stytchreceiver

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

func TestDefaultInflight(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	for limit, want := range map[int64]int64{before: 64 << 20, 200 << 20: 50 << 20, 1 << 20: 1 << 20} {
		debug.SetMemoryLimit(limit)
		require.Equal(t, want, defaultInflight(), limit)
	}
	b := newBudget(100 << 20)
	require.Equal(t, []int64{25 << 20, 25 << 20, 50 << 20}, []int64{b.bodies.size, b.webhooks.size, b.records.size})
}

func TestShare(t *testing.T) {
	p := newPool(100)
	a, b := share{pool: p}, share{pool: p}
	require.NoError(t, a.raise(60))
	require.NoError(t, a.raise(50)) // holds more already
	require.NoError(t, b.raise(40))
	begin := time.Now()
	require.EqualError(t, b.raise(41), errNoRoom.Error())
	require.GreaterOrEqual(t, time.Since(begin), waitForRoom)
	require.EqualValues(t, 40, b.held)

	a.lower(30)
	require.NoError(t, b.raise(70))
	b.free()
	require.NoError(t, a.raise(1000), "alone, what weighs more than all passes")
	require.EqualValues(t, 100, a.held)
	a.free()
	a.free()
	require.True(t, p.room.TryAcquire(100))
}

// Two requests that find out that they need more do not keep each other waiting.
func TestRenewLetsGoBeforeItWaits(t *testing.T) {
	p := newPool(100)
	a, b := share{pool: p}, share{pool: p}
	require.NoError(t, a.raise(50))
	require.NoError(t, b.raise(50))
	var both sync.WaitGroup
	for _, s := range []*share{&a, &b} {
		both.Go(func() {
			if err := s.renew(80); err != nil {
				t.Error(err)
			}
			s.free()
		})
	}
	both.Wait()
	require.True(t, p.room.TryAcquire(100))
}

// Whatever the body says of its size and whatever becomes of the request, all room
// is given back, and no more is in use than what the request weighs.
func TestRoomIsGivenBack(t *testing.T) {
	push := `{"streams":[{"stream":{"a":"b"},"values":[["1","x"]]}]}`
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	whole := []byte(strings.Repeat(" ", 400_000) + push)
	liar := encoded(t, "gzip", 400_000, push)
	copy(liar[len(liar)-4:], []byte{1, 0, 0, 0})
	var names, projects []string
	for i := range 100 {
		names = append(names, fmt.Sprintf(`"n%d":"x"`, i))
	}
	labels := "{" + strings.Join(names, ",") + "}"
	pairs := `["1","x",` + labels + `]`
	for i := range 500 {
		projects = append(projects, fmt.Sprintf(`["1","{\"project_id\":\"project-live-%d\"}"]`, i))
	}
	members := append(encoded(t, "gzip", 400_000, ""), encoded(t, "gzip", 0, push)...)
	rcv, routes := handler(t, func(cfg *Config) { cfg.MaxInflightBytes = 8 << 20; cfg.MaxEventsPerRequest = 5000 })
	for name, tc := range map[string]struct {
		encoding string
		body     []byte
		code     int
	}{
		"plain":                 {"", whole, 204},
		"gzip":                  {"gzip", encoded(t, "gzip", 400_000, push), 204},
		"members":               {"gzip", members, 204},
		"a size that is a lie":  {"gzip", liar, 400},
		"deflate":               {"deflate", encoded(t, "deflate", 400_000, push), 204},
		"zstd that tells":       {"zstd", encoder.EncodeAll(whole, nil), 204},
		"zstd that tells not":   {"zstd", encoded(t, "zstd", 400_000, push), 204},
		"snappy":                {"snappy", snappy.Encode(nil, whole), 204},
		"no gzip":               {"gzip", whole, 400},
		"malformed":             {"", whole[:len(whole)-1], 400},
		"more events than fit":  {"", []byte(`{"streams":[{"stream":{"a":"b"},"values":[` + strings.Repeat(`["1","x"],`, 4999) + `["1","x"]]}]}`), 204},
		"more events than may":  {"", []byte(`{"streams":[{"stream":{"a":"b"},"values":[` + strings.Repeat(`["1","x"],`, 5000) + `["1","x"]]}]}`), 413},
		"more labels than fit":  {"", []byte(`{"streams":[{"stream":{"a":"b"},"values":[` + strings.Repeat(pairs+",", 39) + pairs + `]}]}`), 204},
		"more labels than may":  {"", []byte(`{"streams":[{"stream":{"a":"b"},"values":[` + strings.Repeat(pairs+",", 400) + pairs + `]}]}`), 413},
		"labels of projects":    {"", []byte(`{"streams":[{"stream":` + labels + `,"values":[` + strings.Join(projects, ",") + `]}]}`), 413},
		"decompresses too much": {"gzip", encoded(t, "gzip", 30<<20, push), 413},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodPost, lokiPath, bytes.NewReader(tc.body))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Content-Encoding", tc.encoding)
			rec := httptest.NewRecorder()
			routes.ServeHTTP(rec, req)
			require.Equal(t, tc.code, rec.Code, rec.Body.String())
			for _, p := range []*pool{rcv.budget.bodies, rcv.budget.webhooks, rcv.budget.records} {
				require.True(t, p.room.TryAcquire(p.size))
				p.room.Release(p.size)
			}
		})
	}
}

// A request that finds no room is answered 503 and not inflated; webhooks that
// nobody signed cannot take the others' room.
func TestNoRoom(t *testing.T) {
	s := newStuck(t)
	r := start(t, s, func(cfg *Config) { withWebhook(cfg); cfg.MaxInflightBytes = minInflight })
	var waiting sync.WaitGroup
	defer waiting.Wait()
	defer s.release()
	for range minInflight / 2 / leastWeight { // as many as fit
		waiting.Go(func() {
			resp, err := http.Post(r.url+"/v1/events", "", strings.NewReader("{}"))
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusAccepted {
				t.Error(resp.Status)
			}
		})
		<-s.entered
	}
	resp, answer := r.post("/v1/events", zip("this is not even JSON"), "Content-Encoding", "gzip")
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode, answer)
	require.Equal(t, retryAfter, resp.Header.Get("Retry-After"))
	require.Equal(t, `{"error":"max_inflight_bytes are in use by other requests"}`+"\n", answer)
	r.requireCounts("otelcol_receiver_stytch_refused_requests",
		metricdata.DataPoint[int64]{Value: 1, Attributes: refusedAttr("events", "busy")})
}

func TestSlowWebhooksLeaveRoomForPushes(t *testing.T) {
	r := start(t, nil, func(cfg *Config) { withWebhook(cfg); cfg.MaxInflightBytes = minInflight })
	for range 2 * minInflight / 4 / firstBuffer {
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
		require.NoError(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nSvix-Id: x\r\nSvix-Timestamp: %d\r\nSvix-Signature: v1,x\r\nContent-Length: 100000\r\n\r\n{", webhookPath, time.Now().Unix())
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool {
		resp, answer := r.postWebhook("{}", nil)
		return resp.StatusCode == http.StatusServiceUnavailable && strings.Contains(answer, "max_inflight_bytes")
	}, patientFor, 10*time.Millisecond, "webhooks have filled their own room")
	resp, answer := r.post("/v1/events", "{}")
	require.Equal(t, http.StatusAccepted, resp.StatusCode, answer)
}

// One that says that a large body comes, and sends nothing of it, as when its network
// is gone, does not keep the others' out.
func TestASlowSenderLeavesRoomForOthers(t *testing.T) {
	rcv := newTestReceiver(t, createDefaultConfig().(*Config))
	routes, err := rcv.routes(&extensionAuth{extension: everyone{}}, defaultMaxRequestBodySize)
	require.NoError(t, err)
	r := httptest.NewServer(routes)
	defer r.Close()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", defaultMaxRequestBodySize)
	require.NoError(t, err)
	_, err = conn.Read(make([]byte, 1)) // 100 Continue: its body is being read
	require.NoError(t, err)
	resp, err := http.Post(r.URL+"/v1/events", "", strings.NewReader("{}"))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusAccepted, resp.StatusCode)
}

func TestWebhookSize(t *testing.T) {
	r := start(t, nil, func(cfg *Config) { withWebhook(cfg); cfg.Webhook.Get().MaxBodySize = 1000 })
	event := func(size int) string { return `{"a":"` + strings.Repeat("x", size-8) + `"}` }
	resp, answer := r.postWebhook(event(1000), nil)
	require.Equal(t, http.StatusAccepted, resp.StatusCode, answer)
	resp, answer = r.postWebhook(event(1001), nil)
	require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
	require.Equal(t, `{"error":"the body is larger than 1000 bytes"}`+"\n", answer)
	resp, answer = r.post("/v1/events", event(1001))
	require.Equal(t, http.StatusAccepted, resp.StatusCode, answer)
}
