package httpsend

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// Keys are names of an exporter's keys, as a user writes them.
type Keys struct {
	Address     string // of the destination
	Credentials string
	Encoding    string // of requests
}

// advice returns what to correct after a status code.
func (k Keys) advice(code int) string {
	switch {
	case code == 260: // Loki's, of a tenant that is blocked
		return "ask whoever runs the destination: it blocks this tenant"
	case code <= 299:
		return "check " + k.Address + ": something else than the destination answers there, such as a login page or a proxy"
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return "check " + k.Credentials + ": the destination refuses them"
	case code == http.StatusProxyAuthRequired:
		return "check proxy_url: the proxy asks for credentials"
	case code == http.StatusUnsupportedMediaType:
		return "check " + k.Encoding + ": the destination does not read it"
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		return "nothing here: the destination is overloaded or down, the events are sent again by themselves"
	case code <= 399:
		return "check " + k.Address + ": it leads elsewhere, and redirects are not followed"
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed, code == http.StatusGone:
		return "check " + k.Address + ": no push API answers there"
	default:
		return k.everything()
	}
}

func (k Keys) everything() string {
	return "check " + k.Address + ", " + k.Credentials + " and " + k.Encoding + ", and the proxies between"
}

// unreachable returns what to correct where no answer came.
func (k Keys) unreachable(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &dns):
		return "check the host name in " + k.Address + ": it does not resolve"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "check host and port in " + k.Address + ": nothing listens there"
	case errors.As(err, &certificate), strings.Contains(err.Error(), "tls: "):
		return "check tls and the host name in " + k.Address + ": the connection cannot be trusted"
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "check the scheme and port in " + k.Address + ": the host does not speak HTTPS there"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "check host, port and the network's rules for " + k.Address + ": no answer within the timeout"
	default:
		return "check " + k.Address + ", and the network between: the connection fails"
	}
}

// repeatAfter is the time between two log lines for the same reason.
const repeatAfter = time.Minute

// diagnosis logs why records wait, and when they are delivered again.
type diagnosis struct {
	logger *zap.Logger

	mu       sync.Mutex
	reasons  map[string]*reason
	waiting  bool // told, and nothing was delivered since
	anything bool // was delivered since the start
}

// reason is one cause for which records wait: a status code, or no answer.
type reason struct {
	told   time.Time
	untold int       // further times since
	begin  time.Time // the first since the last delivery
}

// waits logs why the records of a request wait: at once for a new reason, then once
// per repeatAfter.
func (d *diagnosis) waits(why string, err error, fix string, records int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.warn("Events wait, none is dropped", why, err, fix, records) {
		d.waiting = true
	}
}

// quarantined logs that records were refused alone, as often as waits logs a reason.
func (d *diagnosis) quarantined(err error, records int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.warn("The destination refuses events: they are in quarantine, and are tried again before any is dropped",
		"quarantine", err, "see what the destination says of them; the others go on", records)
}

// warn tells whether it logged the reason. The caller holds the lock.
func (d *diagnosis) warn(message, why string, err error, fix string, records int) bool {
	now := time.Now()
	r := d.reasons[why]
	if r == nil {
		r = &reason{}
		if d.reasons == nil {
			d.reasons = map[string]*reason{}
		}
		d.reasons[why] = r
	}
	if r.begin.IsZero() {
		r.begin = now
	}
	if !r.told.IsZero() && now.Sub(r.told) < repeatAfter {
		r.untold++
		return false
	}
	fields := []zap.Field{zap.Error(err), zap.String("fix", fix), zap.Int("events", records)}
	if r.untold > 0 {
		fields = append(fields, zap.Int("times", r.untold+1), zap.Duration("for", now.Sub(r.begin)))
	}
	r.told, r.untold = now, 0
	d.logger.Warn(message, fields...)
	return true
}

// delivered logs the first delivery, and the first one after records waited.
func (d *diagnosis) delivered(host string, code int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.reasons {
		r.begin = time.Time{}
	}
	if !d.anything {
		d.anything, d.waiting = true, false
		d.logger.Info("Delivered the first events", zap.String("host", host), zap.Int("http.response.status_code", code))
		return
	}
	if d.waiting {
		d.waiting = false
		d.logger.Info("Events are delivered again", zap.String("host", host), zap.Int("http.response.status_code", code))
	}
}
