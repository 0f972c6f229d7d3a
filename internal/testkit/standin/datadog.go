package standin

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Paths of the intake, and of the API that checks a key.
const (
	DatadogLogsPath     = "/api/v2/logs"
	DatadogValidatePath = "/api/v1/validate"
)

// Limits of the intake: https://docs.datadoghq.com/api/latest/logs/#send-logs
const (
	datadogMaxPayloadBytes = 5_000_000 // uncompressed
	datadogMaxLogs         = 1000
	datadogMaxLogBytes     = 1_000_000
	datadogMaxAge          = 18 * time.Hour
	datadogMaxAhead        = 2 * time.Hour
)

// Datadog stands in for Datadog's logs intake and for its key check, on one address.
type Datadog struct {
	Server
	APIKey string // set it before the first request
	Forget bool   // what is taken is told, not kept: for long runs. Set it before the first request

	mu   sync.Mutex
	tell func([]Log)
	logs []Log
}

// Log is one log as it arrived.
type Log struct {
	Raw     json.RawMessage // the object byte for byte
	Members []Member        // its root members in order
	Arrived time.Time

	// What Datadog answers 202 to, and yet does not show whole:
	Truncated bool // larger than 1 MB
	Lost      bool // older than 18 h or more than 2 h ahead
}

// Value returns the last root member with that name, as it was written.
func (l Log) Value(name string) (json.RawMessage, bool) {
	for _, member := range slices.Backward(l.Members) {
		if member.Name == name {
			return member.Value, true
		}
	}
	return nil, false
}

// Text returns the string that a root member holds, or "".
func (l Log) Text(name string) string {
	var s string
	if raw, ok := l.Value(name); ok && json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// NewDatadog returns an intake that takes only this key.
func NewDatadog(apiKey string) *Datadog {
	d := &Datadog{APIKey: apiKey}
	d.answer = d.serve
	return d
}

// Logs returns every log taken, in order of arrival. Datadog removes no repeats.
func (d *Datadog) Logs() []Log {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.logs)
}

// Tell calls f with the logs of each further request that is taken and has any. Several requests
// may call it at a time.
func (d *Datadog) Tell(f func([]Log)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tell = f
}

// TellEvents calls f, instead of what Tell was given, with each log that is taken: the event and
// what the exporter adds to it.
func (d *Datadog) TellEvents(f func(event string)) {
	d.Tell(func(logs []Log) {
		for _, log := range logs {
			f(string(log.Raw))
		}
	})
}

// Env has the variables by which the examples' configurations reach it at a URL.
func (d *Datadog) Env(url string) map[string]string {
	return map[string]string{"DATADOG_URL": url, "DD_API_KEY": d.APIKey}
}

func (d *Datadog) String() string { return "Datadog" }

func (d *Datadog) serve(r *http.Request) Answer {
	switch {
	case r.URL.Path == DatadogValidatePath && r.Method == http.MethodGet:
		if r.Header.Get("DD-API-KEY") != d.APIKey {
			return jsonAnswer(http.StatusForbidden, map[string]any{"errors": []string{"Forbidden"}})
		}
		return jsonAnswer(http.StatusOK, map[string]any{"valid": true})
	case r.URL.Path != DatadogLogsPath && r.URL.Path != DatadogValidatePath:
		return datadogError(http.StatusNotFound, "no such path")
	case r.Method != http.MethodPost || r.URL.Path == DatadogValidatePath:
		return datadogError(http.StatusMethodNotAllowed, "no such method here")
	case r.Header.Get("DD-API-KEY") == "":
		return datadogError(http.StatusUnauthorized, "DD-API-KEY is missing")
	case r.Header.Get("DD-API-KEY") != d.APIKey:
		return datadogError(http.StatusForbidden, "DD-API-KEY is wrong")
	}
	logs, err := readDatadogRequest(r)
	for i := 0; i < len(logs) && err == nil; i++ {
		err = d.refuseOne(string(logs[i].Raw))
	}
	if err != nil {
		return datadogError(statusOf(err), err.Error())
	}
	d.store(logs)
	return jsonAnswer(http.StatusAccepted, struct{}{})
}

// zstd is not in Datadog's documentation, but its own agent sends it.
var datadogDecoders = map[string]decoder{
	"": nil, "identity": nil, "gzip": openGzip, "deflate": openZlib, "zstd": openZstd,
}

func readDatadogRequest(r *http.Request) ([]Log, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, refuse(http.StatusBadRequest, "Content-Type must be application/json, got %q", r.Header.Get("Content-Type"))
	}
	if r.URL.RawQuery != "" {
		return nil, refuse(http.StatusBadRequest, "tags and service belong in each log, not in the URL")
	}
	payload, err := readContent(r, datadogMaxPayloadBytes, datadogDecoders)
	if err != nil {
		return nil, err
	}
	logs, err := DecodeDatadog(payload)
	if err == nil && len(logs) > datadogMaxLogs {
		err = refuse(http.StatusRequestEntityTooLarge, "%d logs in one payload, limit: %d", len(logs), datadogMaxLogs)
	}
	return logs, err
}

func (d *Datadog) store(logs []Log) {
	now := time.Now()
	for i := range logs {
		logs[i].Arrived = now
		at := happened(logs[i])
		logs[i].Lost = at.Before(now.Add(-datadogMaxAge)) || at.After(now.Add(datadogMaxAhead))
		logs[i].Truncated = len(logs[i].Raw) > datadogMaxLogBytes
	}
	d.mu.Lock()
	if !d.Forget {
		d.logs = append(d.logs, logs...)
	}
	tell := d.tell
	d.mu.Unlock()
	if tell != nil && len(logs) > 0 {
		tell(logs)
	}
}

func datadogError(status int, detail string) Answer {
	return jsonAnswer(status, map[string]any{"errors": []map[string]string{{
		"status": strconv.Itoa(status), "title": http.StatusText(status), "detail": detail,
	}}})
}

func jsonAnswer(status int, body any) Answer {
	content, err := json.Marshal(body)
	if err != nil {
		panic(err) // maps and strings always encode
	}
	return Answer{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: string(content)}
}
