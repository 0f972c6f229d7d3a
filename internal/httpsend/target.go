package httpsend

import (
	"net/http"

	"go.opentelemetry.io/collector/config/configopaque"
)

// Target is where payloads are posted to, and as whom.
type Target struct {
	URL string
	// Header goes with every request, besides Content-Encoding and User-Agent.
	Header http.Header
	// Secrets are those that the client's configuration does not hold. They never
	// appear in a log, an error or a status, even where an answer repeats them.
	Secrets []configopaque.String
}

// Target is the present one.
func (s *Sender) Target() *Target { return s.target.Load() }

// aim makes every request from now on go to t.
func (s *Sender) aim(t Target) {
	header := http.Header{}
	for _, from := range []http.Header{t.Header, s.header} {
		for name, values := range from {
			header[name] = values
		}
	}
	t.Header = header
	t.Secrets = append(append([]configopaque.String(nil), t.Secrets...), s.secrets...)
	s.target.Store(&t)
}
