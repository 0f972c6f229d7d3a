// Package load sends requests as Stytch's Loki stream does, as fast as they are acknowledged or at
// a fixed rate, and costs the machine as little as it can meanwhile.
//
// Every request is built before a run, as the bytes that go over the wire: an HTTP/1.1 POST to the
// Loki protocol with Basic auth, its body gzipped JSON in Loki's push format. An event occurs once in a
// Pool and a request of a Pool is acknowledged at most once, so that each event's id, which holds
// its sequence number, can be counted where it arrives: once is delivered, never is lost, twice is
// duplicated.
package load

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// Shape is what the requests of a Pool are like.
type Shape struct {
	Requests           int
	Batch              int  // events a request
	Projects           int  // which the events belong to, in turn
	Apart              bool // each request holds the events of one project, as Stytch's do
	Username, Password string
}

// run is how many events in a row belong to one project.
func (s *Shape) run() int {
	if s.Apart {
		return s.Batch
	}
	return 1
}

// Pool is requests that are ready to be sent. Request r holds the events from r*Batch up to
// (r+1)*Batch.
type Pool struct {
	Shape
	requests [][]byte
	plain    int // bytes of all events
	next     int // the first request that was not handed out
}

// Build builds a pool, on all cores.
func Build(shape Shape) *Pool {
	p := &Pool{Shape: shape, requests: make([][]byte, shape.Requests)}
	now := time.Now()
	workers := runtime.GOMAXPROCS(0)
	sizes := make([]int, workers)
	var building sync.WaitGroup
	for w := range workers {
		building.Go(func() {
			b := newBuilder(shape, uint64(w))
			for r := w; r < shape.Requests; r += workers {
				p.requests[r] = b.request(r, now)
			}
			sizes[w] = b.plain
		})
	}
	building.Wait()
	for _, size := range sizes {
		p.plain += size
	}
	return p
}

// Events is how many events the pool holds.
func (p *Pool) Events() int { return p.Requests * p.Batch }

// Reset makes all requests available again, for a receiver that has never seen them.
func (p *Pool) Reset() { p.next = 0 }

// Take hands out the next requests that hold at least so many events, or what is left.
func (p *Pool) Take(events int) Range {
	first := p.next
	p.next = min(p.Requests, first+(events+p.Batch-1)/p.Batch)
	return Range{p, first, p.next}
}

// Range is the requests of a pool from First up to, but not including, End.
type Range struct {
	pool       *Pool
	First, End int
}

// Events is how many events the range holds.
func (r Range) Events() int { return (r.End - r.First) * r.pool.Batch }

// Sequences are the numbers of a request's events: from the first up to, but not including, the end.
func (r Range) Sequences(request int) (first, end int) {
	return request * r.pool.Batch, (request + 1) * r.pool.Batch
}

// Portions are the range in parts of at most so many events.
func (r Range) Portions(events int) []Range {
	size := max(1, events/r.pool.Batch)
	var portions []Range
	for first := r.First; first < r.End; first += size {
		portions = append(portions, Range{r.pool, first, min(r.End, first+size)})
	}
	return portions
}

func (p *Pool) String() string {
	wire := 0
	for _, request := range p.requests {
		wire += len(request)
	}
	return fmt.Sprintf("%d requests of %d events: %d bytes an event, %d on the wire; %d MB in memory",
		p.Requests, p.Batch, p.plain/p.Events(), wire/p.Events(), wire>>20)
}

// builder builds requests one after the other.
type builder struct {
	shape  Shape
	writer writer
	header string
	event  []byte
	body   []byte
	packed bytes.Buffer
	gzip   *gzip.Writer
	plain  int
}

func newBuilder(shape Shape, seed uint64) *builder {
	credentials := base64.StdEncoding.EncodeToString([]byte(shape.Username + ":" + shape.Password))
	return &builder{
		shape:  shape,
		writer: writer{random: rand.New(rand.NewPCG(seed, 1)), projects: max(1, shape.Projects), run: shape.run()},
		header: "POST " + harness.LokiPushPath + " HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic " + credentials +
			"\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ",
		gzip: gzip.NewWriter(nil),
	}
}

// request builds the request of a number. Its events are a microsecond apart.
func (b *builder) request(number int, at time.Time) []byte {
	b.body = append(b.body[:0], `{"streams":[{"stream":{"source":"stytch","service_name":"stytch.auth"},"values":[`...)
	for i := range b.shape.Batch {
		sequence := number*b.shape.Batch + i
		at := at.Add(time.Duration(sequence) * time.Microsecond)
		b.event = b.writer.append(b.event[:0], sequence, at)
		b.plain += len(b.event)
		if i > 0 {
			b.body = append(b.body, ',')
		}
		b.body = append(b.body, `["`...)
		b.body = strconv.AppendInt(b.body, at.UnixNano(), 10)
		b.body = append(b.body, `","`...)
		b.body = append(b.body, bytes.ReplaceAll(b.event, []byte(`"`), []byte(`\"`))...)
		b.body = append(b.body, `"]`...)
	}
	b.body = append(b.body, `]}]}`...)

	b.packed.Reset()
	b.gzip.Reset(&b.packed)
	b.gzip.Write(b.body) //nolint:errcheck // into memory
	b.gzip.Close()

	request := make([]byte, 0, len(b.header)+16+b.packed.Len())
	request = append(request, b.header...)
	request = strconv.AppendInt(request, int64(b.packed.Len()), 10)
	request = append(request, "\r\n\r\n"...)
	return append(request, b.packed.Bytes()...)
}
