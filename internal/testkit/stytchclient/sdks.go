package stytchclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf16"
)

// SDKs returns a client of every SDK that o.BaseURL serves, which is https for two of
// them.
func SDKs(o Options) []*Client {
	return []*Client{Go(o), GoBearer(o), Node(o), Python(o)}
}

// Go is stytch-management-go with a key id and a secret.
func Go(o Options) *Client { return newClient("Go SDK", o, goSDK("", basic)) }

// GoBearer is stytch-management-go with an access token, which is the secret alone.
func GoBearer(o Options) *Client {
	return newClient("Go SDK with a token", o, goSDK("", func(r *http.Request, _, secret string) {
		r.Header.Set("Authorization", "Bearer "+secret)
	}))
}

func goSDK(userAgentSuffix string, authorize func(r *http.Request, id, secret string)) sdk {
	s := sdk{
		header:    http.Header{"Content-Type": {"application/json"}, "User-Agent": {"stytch-management-go/3.2.0" + userAgentSuffix}},
		authorize: authorize,
		base:      func(base string) (string, error) { return base, nil },
		members:   func(members ...string) string { return object(":", ",", members...) },
		read:      readGo,
	}
	// Empty strings are left out, as is the other destination.
	s.config = func(c Config) string {
		member := func(name, value string) []string {
			if value == "" {
				return nil
			}
			quoted, _ := json.Marshal(value)
			return []string{name, string(quoted)}
		}
		if d := c.Datadog; d != nil {
			return s.members("datadog", s.members(append(member("api_key", d.APIKey), member("site", d.Site)...)...))
		}
		l := c.GrafanaLoki
		return s.members("grafana_loki", s.members(append(append(member("hostname", l.Hostname), member("username", l.Username)...), member("password", l.Password)...)...))
	}
	s.withoutData.toggle = "{}"
	return s
}

// Node is stytch-management-node. It refuses http, and drops the path of its base URL.
func Node(o Options) *Client {
	s := sdk{
		header: http.Header{
			"Content-Type": {"application/json"}, "User-Agent": {"Stytch Management Node v1.0.0"}, "Accept": {"*/*"},
			"Accept-Language": {"*"}, "Sec-Fetch-Mode": {"cors"}, "Cache-Control": {"no-cache"}, "Pragma": {"no-cache"},
		},
		authorize: basic,
		timeout:   10 * time.Minute,
		base: func(base string) (string, error) {
			if !strings.HasPrefix(base, "https://") {
				return "", errors.New("base_url must use HTTPS scheme")
			}
			u, err := url.Parse(base)
			if err != nil {
				return "", err
			}
			return u.Scheme + "://" + u.Host, nil
		},
		members: func(members ...string) string { return object(":", ",", members...) },
		read:    readNode,
	}
	s.config = func(c Config) string {
		if d := c.Datadog; d != nil {
			return s.members("datadog", s.members("api_key", quoteNode(d.APIKey), "site", quoteNode(d.Site)))
		}
		l := c.GrafanaLoki
		return s.members("grafana_loki", s.members("hostname", quoteNode(l.Hostname), "username", quoteNode(l.Username), "password", quoteNode(l.Password)))
	}
	s.withoutData.toggle, s.withoutData.remove = "{}", "{}"
	return newClient("Node SDK", o, s)
}

// Python is stytch-management-python. It refuses http, and writes null for the destination
// that is not meant.
func Python(o Options) *Client {
	s := sdk{
		header: http.Header{
			"Content-Type": {"application/json"}, "User-Agent": {"Stytch Management Python v1.0.0"}, "Accept": {"*/*"},
		},
		authorize: basic,
		timeout:   30 * time.Second,
		base: func(base string) (string, error) {
			if !strings.HasPrefix(base, "https://") {
				return "", errors.New("base_url must use HTTPS scheme")
			}
			return strings.TrimRight(base, "/"), nil
		},
		members: func(members ...string) string { return object(": ", ", ", members...) },
		read:    readPython,
	}
	s.config = func(c Config) string {
		datadog, loki := "null", "null"
		if d := c.Datadog; d != nil {
			datadog = s.members("api_key", quotePython(d.APIKey), "site", quotePython(d.Site))
		}
		if l := c.GrafanaLoki; l != nil {
			loki = s.members("hostname", quotePython(l.Hostname), "username", quotePython(l.Username), "password", quotePython(l.Password))
		}
		return s.members("datadog", datadog, "grafana_loki", loki)
	}
	return newClient("Python SDK", o, s)
}

func basic(r *http.Request, id, secret string) { r.SetBasicAuth(id, secret) }

// object writes names and values as a JSON object.
func object(colon, comma string, members ...string) string {
	var b strings.Builder
	for i := 0; i < len(members); i += 2 {
		if i > 0 {
			b.WriteString(comma)
		}
		b.WriteString(`"` + members[i] + `"` + colon + members[i+1])
	}
	return "{" + b.String() + "}"
}

// quoteNode quotes as JSON.stringify does: it leaves < > & as they are.
func quoteNode(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string has no other JSON
	return strings.TrimSuffix(b.String(), "\n")
}

// quotePython quotes as json.dumps does: in ASCII.
func quotePython(s string) string {
	var b strings.Builder
	for _, r := range quoteNode(s) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
