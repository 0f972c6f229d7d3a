package stytchreceiver

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"sync"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
)

var pushes = sync.Pool{New: func() any { return new(lokipush.Request) }}

// parseLokiPush reads the body of a push to Loki.
func parseLokiPush(header http.Header, body []byte, b *batch) error {
	contentType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || contentType != "application/json" {
		return fmt.Errorf("Content-Type %.80q is not supported: want application/json", header.Get("Content-Type"))
	}
	push := pushes.Get().(*lokipush.Request)
	defer pushes.Put(push)
	switch err := push.DecodeJSON(body); {
	case errors.Is(err, lokipush.ErrNoStreams):
		return &refused{http.StatusUnprocessableEntity, err}
	case err != nil:
		return err
	}
	for i := range push.Streams {
		s := &push.Streams[i]
		b.stream(s.Labels, len(s.Entries))
		for k := range s.Entries {
			b.line(&s.Entries[k])
		}
	}
	return nil
}
