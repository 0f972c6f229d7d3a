package standin

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"net/http"
	"slices"
	"sync"
	"time"
)

// LokiPushPath is where Loki takes entries.
const LokiPushPath = "/loki/api/v1/push"

// Loki stands in for Grafana Loki. Set its fields before the first request.
type Loki struct {
	Server
	Username, Password string // Basic auth is asked for if there is a Username, as Grafana Cloud does
	NeedsTenant        bool   // without X-Scope-OrgID the answer is 401, as with auth_enabled

	// OutOfOrderWindow is how far an entry may be behind the newest one of its stream. A Loki as it
	// comes has 1 h (half of max_chunk_age), and so has NewLoki.
	OutOfOrderWindow time.Duration

	// Forget: what is taken is told, repeats too, and not kept. For long runs.
	Forget bool

	mu       sync.Mutex
	tell     func([]Entry)
	entries  []Entry
	index    map[string]int   // identity of an entry to its place in entries
	newest   map[string]int64 // tenant and labels of a stream to its latest timestamp
	received int
}

// Entry is one line that Loki keeps.
type Entry struct {
	Tenant    string
	Labels    map[string]string // of its stream
	Timestamp int64             // Unix nanoseconds
	Line      string
	Metadata  map[string]string // structured metadata, names as Loki rewrites them
	Arrived   time.Time
	Times     int // how often it was received
}

// NewLoki returns a Loki without authentication.
func NewLoki() *Loki {
	l := &Loki{OutOfOrderWindow: time.Hour, index: map[string]int{}, newest: map[string]int64{}}
	l.answer = l.serve
	return l
}

// Entries returns what is stored, in order of arrival. Like Loki it keeps one of those with the
// same stream, timestamp, line and structured metadata.
func (l *Loki) Entries() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// Received counts the entries taken, repeats too.
func (l *Loki) Received() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.received
}

// Tell calls f with the entries that each further request adds, without repeats. Several requests
// may call it at a time.
func (l *Loki) Tell(f func([]Entry)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell = f
}

// TellEvents calls f, instead of what Tell was given, with the line of each entry that is added.
func (l *Loki) TellEvents(f func(event string)) {
	l.Tell(func(entries []Entry) {
		for _, entry := range entries {
			f(entry.Line)
		}
	})
}

// Env has the variables by which the examples' configurations reach it at a URL.
func (l *Loki) Env(url string) map[string]string { return map[string]string{"LOKI_URL": url} }

func (l *Loki) String() string { return "Loki" }

func (l *Loki) serve(r *http.Request) Answer {
	switch {
	case r.URL.Path == "/ready" && r.Method == http.MethodGet:
		return text(http.StatusOK, "ready")
	case r.URL.Path != LokiPushPath:
		return text(http.StatusNotFound, "404 page not found")
	case r.Method != http.MethodPost:
		return Answer{Status: http.StatusMethodNotAllowed}
	case !l.authorised(r):
		answer := text(http.StatusUnauthorized, "no credentials or wrong ones")
		answer.Header.Set("WWW-Authenticate", `Basic realm="Loki"`)
		return answer
	case l.NeedsTenant && r.Header.Get("X-Scope-OrgID") == "":
		return text(http.StatusUnauthorized, "no org id")
	}
	streams, err := readLokiRequest(r)
	for _, stream := range streams {
		for i := 0; i < len(stream.Entries) && err == nil; i++ {
			err = l.refuseOne(stream.Entries[i].Line)
		}
	}
	if err == nil {
		err = l.store(r.Header.Get("X-Scope-OrgID"), streams)
	}
	if err != nil {
		return text(statusOf(err), err.Error())
	}
	return Answer{Status: http.StatusNoContent}
}

func (l *Loki) authorised(r *http.Request) bool {
	if l.Username == "" {
		return true
	}
	username, password, _ := r.BasicAuth()
	return subtle.ConstantTimeCompare([]byte(username), []byte(l.Username)) == 1 &&
		subtle.ConstantTimeCompare([]byte(password), []byte(l.Password)) == 1
}

func text(status int, body string) Answer {
	header := http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
	return Answer{Status: status, Header: header, Body: body + "\n"}
}

// Loki's deflate is a raw stream; confighttp's is zlib's, which must be refused here.
var lokiDecoders = map[string]decoder{"": nil, "snappy": nil, "gzip": openGzip, "deflate": openRaw}

// Loki's default for a whole request: server.grpc_server_max_recv_msg_size.
const lokiMaxRequestBytes = 100 << 20

// readLokiRequest takes any other Content-Type than JSON for protobuf, as Loki does. The snappy block of a
// protobuf push belongs to its format; Content-Encoding: snappy only says so once more.
func readLokiRequest(r *http.Request) ([]Stream, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	body, err := readContent(r, lokiMaxRequestBytes, lokiDecoders)
	if kind != "application/json" {
		if err != nil {
			return nil, err
		}
		return DecodeLokiProtobuf(body)
	}
	if err != nil {
		return nil, errors.New(err.Error()) // a plain 400: Loki has no 413 for JSON
	}
	return DecodeLokiJSON(body)
}

// store keeps every valid entry and reports the others, if a request as a whole is acceptable.
func (l *Loki) store(tenant string, streams []Stream) error {
	if err := checkRequest(streams); err != nil {
		return err
	}
	now := time.Now()
	l.mu.Lock()
	var invalid grouped
	var behind error
	before := len(l.entries)
	var forgotten []Entry
	for _, stream := range streams {
		labels := FormatLabels(stream.Labels)
		if err := checkLabels(stream.Labels, labels); err != nil {
			invalid.add(err)
			continue
		}
		report := tooFarBehind{tenant: tenant, labels: labels}
		for _, entry := range stream.Entries {
			if err := checkEntry(entry, labels, now); err != nil {
				invalid.add(err)
				continue
			}
			report.of++
			newest := l.newest[tenant+labels]
			if oldest := newest - l.OutOfOrderWindow.Nanoseconds(); entry.Timestamp < oldest {
				report.add(entry.Timestamp, oldest)
				continue
			}
			l.newest[tenant+labels] = max(newest, entry.Timestamp)
			entry.Tenant, entry.Labels, entry.Arrived = tenant, stream.Labels, now
			if l.Forget {
				l.received++
				forgotten = append(forgotten, entry)
				continue
			}
			l.add(entry)
		}
		if report.ignored > 0 {
			behind = &report // of several streams Loki tells one
		}
	}
	added, tell := slices.Concat(forgotten, l.entries[before:]), l.tell
	l.mu.Unlock()
	if tell != nil && len(added) > 0 {
		tell(added)
	}
	if behind != nil { // it hides the others
		return behind
	}
	return invalid.err()
}

// add keeps the entry, or counts it if it is there.
func (l *Loki) add(entry Entry) {
	entry.Metadata = normalised(entry.Metadata)
	identity, err := json.Marshal([]any{entry.Tenant, entry.Labels, entry.Timestamp, entry.Line, entry.Metadata})
	if err != nil {
		panic(err) // strings and integers always encode
	}
	l.received++
	place, ok := l.index[string(identity)]
	if !ok {
		place = len(l.entries)
		l.index[string(identity)] = place
		l.entries = append(l.entries, entry)
	}
	l.entries[place].Times++
}

// normalised rewrites names of structured metadata as Loki does: a.b is a_b, 1e is key_1e. Empty
// values are dropped.
func normalised(metadata map[string]string) map[string]string {
	kept := withoutEmpty(metadata)
	for name, value := range maps.Clone(kept) {
		delete(kept, name)
		kept[normalisedName(name)] = value
	}
	return kept
}
