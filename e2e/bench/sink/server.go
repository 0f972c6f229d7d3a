// Package sink takes what an exporter sends, for Loki and for Datadog, and tells later which events
// arrived and when. It answers before it reads: a body is kept as it came and decompressed once
// someone asks, so that during a run the destination takes as little of the machine as it can.
//
// It runs in a process of its own, so that what it does take is nobody else's.
//
//	POST /loki/api/v1/push    204
//	POST /api/v2/logs         202
//	POST /reset?events=N      forget all, expect the sequence numbers below N
//	GET  /counts?of=loki      Counts as JSON
//	GET  /arrivals?of=loki    by sequence number, when it arrived: little-endian int64, in
//	                          nanoseconds since the epoch, 0 where it did not
package sink

import (
	"encoding/binary"
	"encoding/json"
	"net/http"
	"strconv"
)

// The destinations, as they are called everywhere in this benchmark.
const (
	Loki    = "loki"
	Datadog = "datadog"
)

// Paths of the destinations' own APIs.
const (
	LokiPath    = "/loki/api/v1/push"
	DatadogPath = "/api/v2/logs"
)

// Handler returns the sink.
func Handler() http.Handler {
	ledgers := map[string]*ledger{Loki: {}, Datadog: {}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+LokiPath, func(w http.ResponseWriter, r *http.Request) {
		if err := ledgers[Loki].take(r); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST "+DatadogPath, func(w http.ResponseWriter, r *http.Request) {
		if err := ledgers[Datadog].take(r); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte("{}"))
	})
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.FormValue("events"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, l := range ledgers {
			l.reset(n)
		}
	})
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(ledgers[r.FormValue("of")].read())
	})
	mux.HandleFunc("GET /arrivals", func(w http.ResponseWriter, r *http.Request) {
		_ = binary.Write(w, binary.LittleEndian, ledgers[r.FormValue("of")].arrivals())
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"valid":true}`)) // readiness, and Datadog's check of a key
	})
	return mux
}
