package sink

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/gzip"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/load"
)

// ledger knows of each sequence number whether and when its event arrived. Taking a body costs a
// copy; it is read when someone asks, which is after the load.
type ledger struct {
	mu     sync.Mutex
	unread []body
	counts Counts
	first  []int64 // by sequence: when it arrived, in nanoseconds since the epoch; 0 if it did not
}

type body struct {
	content    []byte
	compressed string // gzip, snappy, or nothing
	at         int64
}

// Counts is what has arrived.
type Counts struct {
	Events     int // distinct ones
	Duplicates int // arrivals beyond an event's first
	Strange    int // ids that nobody sent
	Requests   int
	Bytes      int    // on the wire
	Error      string // the first body that could not be read
}

// reset forgets what has arrived and expects the sequence numbers below n.
func (l *ledger) reset(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unread, l.counts, l.first = nil, Counts{}, make([]int64, n)
}

// take keeps a request's body for later.
func (l *ledger) take(r *http.Request) error {
	var content []byte
	var err error
	if r.ContentLength >= 0 {
		content = make([]byte, r.ContentLength)
		_, err = io.ReadFull(r.Body, content)
	} else {
		content, err = io.ReadAll(r.Body)
	}
	if err != nil {
		return err
	}
	compressed := r.Header.Get("Content-Encoding")
	if compressed == "" && r.Header.Get("Content-Type") == "application/x-protobuf" {
		compressed = "snappy" // Loki's protobuf is a snappy block, and no header says so
	}
	at := time.Now().UnixNano()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unread = append(l.unread, body{content, compressed, at})
	return nil
}

// read reads what was taken since it was last called.
func (l *ledger) read() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.unread {
		l.counts.Requests++
		l.counts.Bytes += len(b.content)
		plain, err := b.plain()
		if err != nil && l.counts.Error == "" {
			l.counts.Error = fmt.Sprintf("reading a body of %d bytes: %v", len(b.content), err)
		}
		l.scan(plain, b.at)
	}
	l.unread = nil
	return l.counts
}

func (b *body) plain() ([]byte, error) {
	switch b.compressed {
	case "gzip":
		reader, err := gzip.NewReader(bytes.NewReader(b.content))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(reader)
	case "snappy":
		return snappy.Decode(nil, b.content)
	case "":
		return b.content, nil
	default:
		return nil, fmt.Errorf("Content-Encoding %q", b.compressed)
	}
}

var mark = []byte(load.Mark)

// scan counts the ids in a text, however they are wrapped.
func (l *ledger) scan(text []byte, at int64) {
	for {
		i := bytes.Index(text, mark)
		if i < 0 {
			return
		}
		text = text[i+len(mark):]
		digits := text[:min(load.SequenceDigits, len(text))]
		sequence, err := strconv.ParseUint(string(digits), 16, 63)
		switch {
		case err != nil || int(sequence) >= len(l.first):
			l.counts.Strange++
		case l.first[sequence] != 0:
			l.counts.Duplicates++
		default:
			l.first[sequence] = at
			l.counts.Events++
		}
	}
}

// arrivals are the times of each sequence number.
func (l *ledger) arrivals() []int64 {
	l.read()
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.first)
}
