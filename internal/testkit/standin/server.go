// Package standin has stand-ins for the two destinations, Loki's push API and Datadog's logs
// intake, for the end-to-end tests, for `make run`, and for benchmarks.
//
// They decode with libraries of their own and never with ours, refuse what the real ones refuse,
// with the same status and the same kind of body, and keep what they took, so that a test can
// compare it byte for byte. They are stricter than the real ones where an exporter has no business
// to lean on their mercy: bytes after the JSON, invalid UTF-8, labels that are no strings, a
// reserved Datadog member given twice.
//
//	loki := standin.NewLoki()
//	url, err := loki.Start("127.0.0.1:0")
//	…
//	loki.Entries() // one per stream, timestamp, line and structured metadata, as in Loki
//	loki.SetFault(func(r *http.Request, n int) *standin.Answer {
//		if n > 3 {
//			return nil // as usual
//		}
//		return &standin.Answer{Status: 503}
//	})
//
// Both are also plain http.Handlers.
package standin

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"
)

// Answer is what a request gets. As a fault, its zero value changes nothing.
type Answer struct {
	Status int         // 0: the true answer
	Header http.Header // beside the true answer's own
	Body   string

	Delay  time.Duration // waited first; alone, it only makes the destination slow
	Abort  bool          // the connection is closed without an answer
	Stored bool          // with Status or Abort: the request is taken first, its acknowledgement lost
}

// Fault decides about the nth request to r's path, counted from 1. With nil the request is answered
// as usual. It may be called by several requests at a time, and must leave r.Body alone.
type Fault func(r *http.Request, n int) *Answer

// Server is what the stand-ins share: listening, faults, and counting requests and answers.
type Server struct {
	// Refuse, where set, tells with which status a request is refused whole that holds an event with
	// this text; 0: with none. Set it before the first request.
	Refuse func(event string) int

	answer func(*http.Request) Answer

	mu       sync.Mutex
	fault    Fault
	requests map[string]int
	statuses map[int]int
	http     *http.Server
	closed   chan struct{} // ends delays; made by Start
}

// Start listens on addr, such as 127.0.0.1:0, and returns the URL to reach it by. Only loopback
// addresses are taken. After Close it may be called again: a destination that comes back.
func (s *Server) Start(addr string) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("a stand-in listens on loopback only, got %q", addr)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.mu.Lock()
	s.http, s.closed = server, make(chan struct{})
	s.mu.Unlock()
	go server.Serve(listener) //nolint:errcheck // it always ends with ErrServerClosed, by Close
	return "http://" + listener.Addr().String(), nil
}

// Close stops listening and cuts every connection, as a crash would. What was kept stays.
func (s *Server) Close() error {
	s.mu.Lock()
	server, closed := s.http, s.closed
	s.http = nil
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	close(closed)
	return server.Close()
}

// SetFault replaces the fault; nil ends it. Requests are counted on.
func (s *Server) SetFault(fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// Requests counts the requests to a path, refused and failed ones too.
func (s *Server) Requests(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[path]
}

// Statuses counts the answers given, by status, on all paths. An aborted request counts as 0.
func (s *Server) Statuses() map[int]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.statuses)
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.requests == nil {
		s.requests, s.statuses = map[string]int{}, map[int]int{}
	}
	s.requests[r.URL.Path]++
	n, fault, closed := s.requests[r.URL.Path], s.fault, s.closed
	s.mu.Unlock()

	var fate Answer
	if fault != nil {
		if f := fault(r, n); f != nil {
			fate = *f
		}
	}
	select {
	case <-time.After(fate.Delay):
	case <-closed: // nil, and so never ready, where Start was not used
		panic(http.ErrAbortHandler)
	}
	canned := fate.Status != 0 || fate.Abort
	if !canned || fate.Stored {
		if truth := s.answer(r); !canned {
			maps.Copy(w.Header(), fate.Header)
			fate = truth
		}
	}
	io.Copy(io.Discard, r.Body) //nolint:errcheck // an unread body would cost the connection
	s.mu.Lock()
	s.statuses[fate.Status]++
	s.mu.Unlock()
	if fate.Abort {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), fate.Header)
	w.WriteHeader(fate.Status)
	io.WriteString(w, fate.Body) //nolint:errcheck // the client has gone
}

// refuseOne refuses a request for one of its events.
func (s *Server) refuseOne(event string) error {
	if s.Refuse != nil {
		if status := s.Refuse(event); status != 0 {
			return refuse(status, "an event is refused")
		}
	}
	return nil
}

// refusal is an error with the status it is answered with.
type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string { return r.reason }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// statusOf is the status of a refusal, and 400 for any other error: something did not parse.
func statusOf(err error) int {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.status
	}
	return http.StatusBadRequest
}
