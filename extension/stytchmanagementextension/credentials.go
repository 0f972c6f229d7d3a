package stytchmanagementextension

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// sites are the names that Stytch has for Datadog's sites.
var sites = []string{"US", "US3", "US5", "EU", "AP1"}

// Lengths in bytes, far above what destinations give out.
const (
	maxKey  = 256
	maxText = 1024
)

// checkCredentials returns what is wrong with credentials, by field. No message holds a
// secret.
func checkCredentials(c managed.Credentials) []fieldError {
	var wrong []fieldError
	reject := func(field, format string, values ...any) {
		wrong = append(wrong, fieldError{field, fmt.Sprintf(format, values...)})
	}
	switch c.Destination() {
	case managed.Datadog:
		switch key := string(c.Datadog.APIKey); {
		case key == "":
			reject("api_key", "is required")
		case len(key) > maxKey || strings.ContainsFunc(key, notPrintable):
			reject("api_key", "must be at most %d characters of printable ASCII without spaces", maxKey)
		}
		if site := c.Datadog.Site; !slices.Contains(sites, site) {
			reject("site", "must be one of %s, got %q", strings.Join(sites, ", "), site)
		}
	case managed.GrafanaLoki:
		if host := c.Loki.Hostname; host == "" {
			reject("hostname", "is required")
		} else if !isHost(host) {
			reject("hostname", "must be a host's name without scheme or path, such as logs-prod-021.grafana.net, got %q", host)
		}
		switch name := c.Loki.Username; {
		case strings.Contains(name, ":"):
			reject("username", "must not hold a colon, which ends it in Basic authentication")
		case !isText(name):
			reject("username", "must be at most %d bytes of text without control characters, such as a line end", maxText)
		case (name == "") != (c.Loki.Password == ""):
			reject("username", "and password: set both or neither")
		}
		if !isText(string(c.Loki.Password)) {
			reject("password", "must be at most %d bytes of text without control characters, such as a line end", maxText)
		}
	default:
		reject("destination_config", "must hold one of datadog and grafana_loki")
	}
	return wrong
}

var hostNames = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,252})$`)

// isHost tells whether host is a name or an address, which a port may follow.
func isHost(host string) bool {
	name := host
	if strings.HasPrefix(host, "[") || strings.Contains(host, ":") {
		var port string
		var err error
		if name, port, err = net.SplitHostPort(host); err != nil {
			if name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"); len(name) != len(host)-2 {
				return false
			}
		} else if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	if strings.HasPrefix(host, "[") {
		return strings.Contains(name, ":") && net.ParseIP(name) != nil
	}
	return hostNames.MatchString(name)
}

// isText takes no replacement character either: a JSON text that names half a character
// decodes to it, and another text would be stored than was sent.
func isText(s string) bool {
	return len(s) <= maxText && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) && !strings.ContainsRune(s, unicode.ReplacementChar)
}
