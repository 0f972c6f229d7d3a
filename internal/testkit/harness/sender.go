package harness

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// Paths of the receiver's protocols.
const (
	LokiPushPath = "/loki/api/v1/push"
	EventsPath   = "/v1/events"
)

// Sender pushes events at a receiver.
type Sender struct {
	URL                string // http://host:port
	Username, Password string // sent as Basic auth if there is a Username
}

// Reply is the receiver's answer.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// LokiPush pushes the events in one request as Stytch does to Grafana Loki: gzipped JSON, one
// stream, each event's Time as its timestamp.
func (s Sender) LokiPush(ctx context.Context, events []testdata.Event) (Reply, error) {
	return s.Post(ctx, LokiPushPath, Gzip(LokiBody(events)), http.Header{
		"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"},
	})
}

// Object posts one event to the protocol events.
func (s Sender) Object(ctx context.Context, event testdata.Event) (Reply, error) {
	return s.Post(ctx, EventsPath, []byte(event.JSON), http.Header{"Content-Type": {"application/json"}})
}

// Array posts the events to the protocol events as one JSON array.
func (s Sender) Array(ctx context.Context, events []testdata.Event) (Reply, error) {
	return s.Post(ctx, EventsPath, []byte("["+join(events, ",")+"]"), http.Header{"Content-Type": {"application/json"}})
}

// NDJSON posts the events to the protocol events, one a line. No event may hold a line break.
func (s Sender) NDJSON(ctx context.Context, events []testdata.Event) (Reply, error) {
	return s.Post(ctx, EventsPath, []byte(join(events, "\n")+"\n"), http.Header{"Content-Type": {"application/x-ndjson"}})
}

// Post sends a body to one of the receiver's protocols.
func (s Sender) Post(ctx context.Context, path string, body []byte, header http.Header) (Reply, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, bytes.NewReader(body))
	if err != nil {
		return Reply{}, err
	}
	request.Header = header
	if s.Username != "" {
		request.SetBasicAuth(s.Username, s.Password)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return Reply{}, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return Reply{answer.StatusCode, answer.Header, string(content)}, err
}

// LokiBody is a Loki push request with the stream labels that Stytch sends.
func LokiBody(events []testdata.Event) []byte {
	type stream struct {
		Stream map[string]string `json:"stream"`
		Values [][2]string       `json:"values"`
	}
	one := stream{Stream: map[string]string{"source": "stytch", "service_name": "stytch.auth"}}
	for _, event := range events {
		one.Values = append(one.Values, [2]string{strconv.FormatInt(event.Time.UnixNano(), 10), event.JSON})
	}
	body, err := json.Marshal(map[string]any{"streams": []stream{one}})
	if err != nil {
		panic(err) // strings always encode
	}
	return body
}

// Gzip compresses a body.
func Gzip(body []byte) []byte {
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	writer.Write(body) //nolint:errcheck // into memory
	writer.Close()
	return buffer.Bytes()
}

func join(events []testdata.Event, separator string) string {
	texts := make([]string, len(events))
	for i, event := range events {
		texts[i] = event.JSON
	}
	return strings.Join(texts, separator)
}
