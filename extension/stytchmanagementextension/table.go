package stytchmanagementextension

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpserve"
	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// tableVersion is that of the format that followers read. A member that a follower must
// not pass over is a new version.
const tableVersion = 1

// tableAnswer is every stream with its secrets, for followers.
type tableAnswer struct {
	envelope
	Version int             `json:"version"`
	Streams json.RawMessage `json:"streams"` // of tableStream
}

type tableStream struct {
	ProjectID string `json:"project_id"`
	wireStream[unmaskedConfig]
}

// encodedTable is what is sent of a table, encoded once for all followers.
type encodedTable struct {
	of      *managed.Table
	etag    string // of the content: the same after a restart
	streams json.RawMessage
}

// tableCache holds the last encoded table.
type tableCache struct{ last atomic.Pointer[encodedTable] }

func (c *tableCache) encode(table *managed.Table) (*encodedTable, error) {
	if last := c.last.Load(); last != nil && last.of == table {
		return last, nil
	}
	streams := make([]tableStream, 0, table.Len())
	for _, s := range table.Sorted() {
		streams = append(streams, tableStream{s.ProjectID, unmasked(s)})
	}
	text, err := json.Marshal(streams)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	encoded := &encodedTable{table, `"` + hex.EncodeToString(sum[:]) + `"`, text}
	c.last.Store(encoded)
	return encoded, nil
}

// serveTable answers a follower: 304 as long as it knows the table. Alone among all reads
// it shows secrets, so never to an address that others can listen in on.
func (e *managementExtension) serveTable(w http.ResponseWriter, r *http.Request) {
	c := callOf(r)
	table := e.Table()
	switch {
	case !private(r):
		e.writeError(w, c.by.RequestID, errNoTLS)
		return
	case table == nil:
		e.writeError(w, c.by.RequestID, errNothingKnown)
		return
	}
	encoded, err := e.tables.encode(table)
	if err != nil {
		e.writeError(w, c.by.RequestID, err)
		return
	}
	w.Header().Set("ETag", encoded.etag)
	if strings.Contains(r.Header.Get("If-None-Match"), encoded.etag) {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	e.writeAnswer(w, c.by.RequestID, &tableAnswer{Version: tableVersion, Streams: encoded.streams})
}

// private tells whether a request came by TLS, or from this machine.
func private(r *http.Request) bool {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return r.TLS != nil || local != nil && httpserve.Loopback(local)
}

// decodeTable reads the body of a tableAnswer, whole or not at all. Its errors hold no
// secret. The streams have neither figures nor a generation.
func decodeTable(body []byte) ([]*managed.Stream, error) {
	var a struct {
		Version *int              `json:"version"`
		Streams []json.RawMessage `json:"streams"`
	}
	switch err := json.Unmarshal(body, &a); {
	case err != nil || a.Version == nil:
		return nil, errors.New("its answer is no table of streams: is this the address of another server?")
	case *a.Version != tableVersion:
		return nil, fmt.Errorf("its table has version %d, and this collector reads version %d: update the older of the two", *a.Version, tableVersion)
	}
	streams := make([]*managed.Stream, 0, len(a.Streams))
	seen := map[projectOf]bool{}
	for i, text := range a.Streams {
		s, err := decodeTableStream(text)
		if err == nil && seen[projectOf{s.ProjectID, s.Destination}] {
			err = errors.New("it is there twice")
		}
		if err != nil {
			return nil, fmt.Errorf("stream %d of its table: %w", i, err)
		}
		seen[projectOf{s.ProjectID, s.Destination}] = true
		streams = append(streams, s)
	}
	return streams, nil
}

func decodeTableStream(text []byte) (*managed.Stream, error) {
	var in struct {
		ProjectID string              `json:"project_id"`
		Type      managed.Destination `json:"destination_type"`
		Config    json.RawMessage     `json:"destination_config"`
		Status    string              `json:"streaming_status"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, errors.New("it is no stream")
	}
	if !projectIDs.MatchString(in.ProjectID) {
		return nil, errors.New("its project_id is none")
	}
	if in.Status != statusActive && in.Status != statusDisabled {
		return nil, fmt.Errorf("its streaming_status %q is unknown", in.Status)
	}
	if configNames[in.Type] == "" {
		return nil, fmt.Errorf("its destination_type %q is unknown", in.Type)
	}
	with, err := parseConfig(in.Config, in.Type)
	if err != nil {
		return nil, err
	}
	if wrong := checkCredentials(with); len(wrong) > 0 {
		return nil, invalid(wrong...)
	}
	return &managed.Stream{ProjectID: in.ProjectID, Destination: in.Type, Credentials: with, Active: in.Status == statusActive}, nil
}
