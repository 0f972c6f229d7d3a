package page

import (
	"net/url"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// form is the fields of a stream's credentials, as a browser may see them.
type form struct {
	Project     string // of a new stream
	Destination managed.Destination
	Site        string
	Hostname    string
	Username    string
	Kept        string // last four of the secret that stays if its field is left empty
	Typed       bool   // Kept was typed just now and is not saved
	Errors      map[string]string
}

// labels are Stytch's words for the fields.
var labels = map[string]string{
	"project_id": "The project", "site": "Datadog Site (Region)", "api_key": "Datadog API Key",
	"hostname": "Loki HTTP API hostname", "username": "Username", "password": "Password", "destination_type": "The destination",
}

// formOf shows a stream, or what was typed for it and not saved. S is nil for a new one.
func formOf(s *managed.Stream, d *draft) form {
	var f form
	var c managed.Credentials
	switch {
	case d != nil:
		f.Project, f.Destination, f.Errors, c = d.project, d.destination, d.errors, d.credentials
	case s != nil:
		f.Destination, c = s.Destination, s.Credentials
	}
	f.Typed = d != nil
	switch c.Destination() {
	case managed.Datadog:
		f.Site = c.Datadog.Site
		f.Kept = keptSecret(c.Datadog.APIKey)
	case managed.GrafanaLoki:
		f.Hostname, f.Username = c.Loki.Hostname, c.Loki.Username
		f.Kept = keptSecret(c.Loki.Password)
	}
	return f
}

func keptSecret(secret configopaque.String) string {
	if secret == "" {
		return ""
	}
	return lastFour(secret)
}

// Error says what is wrong with a field, or "".
func (f form) Error(field string) string {
	if text := f.Errors[field]; text != "" {
		return strings.TrimSuffix(labels[field]+" "+text, ".") + "."
	}
	return ""
}

// Sites are Stytch's names for Datadog's sites with their hosts.
func (form) Sites() [][2]string {
	var list [][2]string
	for _, name := range []string{"US", "US3", "US5", "EU", "AP1"} {
		list = append(list, [2]string{name, siteNames[name]})
	}
	return list
}

// credentialsOf reads the credentials that a form holds. A secret that is left empty is
// the one typed before or, without it, the stored one. But to another host goes no
// secret that was not typed for it: who has a browser that is signed in could have it
// sent anywhere.
func credentialsOf(v url.Values, d managed.Destination, known ...managed.Credentials) managed.Credentials {
	get := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	switch d {
	case managed.Datadog:
		c := managed.DatadogCredentials{Site: get("site"), APIKey: configopaque.String(get("api_key"))}
		for _, before := range known {
			if c.APIKey == "" && before.Datadog != nil {
				c.APIKey = before.Datadog.APIKey
			}
		}
		return managed.Credentials{Datadog: &c}
	case managed.GrafanaLoki:
		c := managed.LokiCredentials{Hostname: get("hostname"), Username: get("username"), Password: configopaque.String(v.Get("password"))}
		for _, before := range known {
			if c.Password == "" && before.Loki != nil && before.Loki.Hostname == c.Hostname {
				c.Password = before.Loki.Password
			}
		}
		return managed.Credentials{Loki: &c}
	default:
		return managed.Credentials{}
	}
}

// needsPassword says that a new host needs the password again.
func needsPassword(c managed.Credentials, stored *managed.Stream) map[string]string {
	if stored == nil || c.Loki == nil || c.Loki.Password != "" || stored.Credentials.Loki.Password == "" {
		return nil
	}
	return map[string]string{"password": "is needed again for another hostname: the stored one is sent to " + stored.Credentials.Loki.Hostname + " alone"}
}
