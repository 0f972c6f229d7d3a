package page

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

const (
	oneKey     = "0123456789abcdef0123456789ab9a02"
	anotherKey = "fedcba98765432100123456789ab41cf"
)

// The whole life of a stream, by forms alone.
func TestLifeOfAStream(t *testing.T) {
	control := newFake()
	control.environments = []Environment{{acme, "acme", "production"}}
	s := signedIn(t, control)
	path := streamURL(acme, managed.Datadog)

	checked := s.follow(t, "/streams/new", "project", "acme/production", "destination", "DATADOG", "site", "EU", "api_key", oneKey, "do", "check")
	require.Contains(t, checked.text, "Datadog takes these credentials: it answered 202 in 84 ms. Nothing is saved yet.")
	require.Contains(t, checked.text, "that you have just typed (…9a02)")
	require.NotContains(t, checked.text, oneKey, "no secret is sent to a browser")
	require.Equal(t, []managed.Credentials{datadog("EU", oneKey)}, control.checked)
	require.Zero(t, control.Table().Len())
	require.NotContains(t, s.get(t, "/streams/new").text, "Nothing is saved yet", "a note is shown once")

	// The key that was typed for the check need not be typed again.
	saved := s.follow(t, "/streams/new", "project", acme, "destination", "DATADOG", "site", "EU", "api_key", "", "do", "save-and-enable")
	require.Contains(t, saved.text, "Saved and enabled: events stream from now on.")
	stored := control.Table().Stream(acme, managed.Datadog)
	require.True(t, stored.Active)
	require.Equal(t, datadog("EU", oneKey), stored.Credentials)
	require.NotContains(t, s.get(t, path).text, oneKey)
	require.NotContains(t, s.get(t, "/streams/new").text, "Not saved yet", "the draft has gone")

	changed := s.follow(t, path, "site", "US", "api_key", "", "do", "save")
	require.Contains(t, changed.text, "Saved. It applies to what waits, too.")
	require.Equal(t, datadog("US", oneKey), control.Table().Stream(acme, managed.Datadog).Credentials)
	s.follow(t, path, "site", "US", "api_key", anotherKey, "do", "save")
	require.Equal(t, datadog("US", anotherKey), control.Table().Stream(acme, managed.Datadog).Credentials)

	tested := s.follow(t, path+"/test")
	require.Contains(t, tested.text, "Datadog took the test event: it answered 202 in 84 ms.")
	require.Equal(t, 1, control.tested)

	// A switch that drops events asks first.
	asked := s.follow(t, path+"/disable", "back", "/?q=acme")
	require.Contains(t, asked.text, "Disable acme · production → Datadog?")
	require.True(t, control.Table().Stream(acme, managed.Datadog).Active)
	refused := s.post(t, path+"/delete", "name", "acme")
	require.Equal(t, http.StatusUnprocessableEntity, refused.StatusCode)
	require.Contains(t, refused.text, "Disable it first")

	answer := s.post(t, path+"/disable", "confirmed", "yes", "back", "/?q=acme")
	require.Equal(t, "/?q=acme", answer.Header.Get("Location"))
	require.False(t, control.Table().Stream(acme, managed.Datadog).Active)
	s.follow(t, path+"/enable")
	require.True(t, control.Table().Stream(acme, managed.Datadog).Active)
	s.follow(t, path+"/disable", "confirmed", "yes")

	wrong := s.post(t, path+"/delete", "name", "beta")
	require.Contains(t, wrong.text, "This is not the project&#39;s name")
	require.Equal(t, 1, control.Table().Len())
	require.Contains(t, s.get(t, path+"/delete").text, "terraform state rm")
	deleted := s.follow(t, path+"/delete", "name", "acme")
	require.Contains(t, deleted.text, "Deleted: acme · production → Datadog.")
	require.Zero(t, control.Table().Len())

	history := s.get(t, "/changes").text
	for _, done := range []string{"created", "enabled", "changed", "disabled", "deleted"} {
		require.Contains(t, history, ">"+done+"<")
	}
	require.NotContains(t, history, anotherKey)
}

// What is wrong stands beside its field, and what was typed stays.
func TestValidation(t *testing.T) {
	s := signedIn(t, newFake())
	shown := s.follow(t, "/streams/new", "project", "acme", "destination", "GRAFANA_LOKI", "hostname", "", "username", "<b>user", "do", "save")
	require.Contains(t, shown.text, "The project must begin with project-live- or project-test-.")
	require.Contains(t, shown.text, "Loki HTTP API hostname is required.")
	require.Contains(t, shown.text, `value="&lt;b&gt;user"`)
	require.Contains(t, shown.text, `aria-invalid="true"`)
	require.Contains(t, s.follow(t, "/streams/new", "project", acme, "do", "save").text, "The destination is not chosen yet.")
	require.NotContains(t, s.follow(t, "/streams/new", "do", "discard").text, "Not saved yet")
	require.Zero(t, s.page.Control.Table().Len())
}

// A secret goes only to the host that it was typed for.
func TestSecretStaysWithItsHost(t *testing.T) {
	control := newFake(stream(acme, loki("loki.example.com"), true, nil))
	s := signedIn(t, control)
	path := streamURL(acme, managed.GrafanaLoki)
	for _, do := range []string{"check", "save"} {
		shown := s.follow(t, path, "hostname", "evil.example", "username", "1", "password", "", "do", do)
		require.Contains(t, shown.text, "Password is needed again for another hostname")
		require.Empty(t, control.checked)
	}
	require.Equal(t, "loki.example.com", control.Table().Stream(acme, managed.GrafanaLoki).Credentials.Loki.Hostname)

	// Nor is what was typed for one host sent to the next.
	s.follow(t, path, "hostname", "first.example", "username", "1", "password", "typed-for-the-first", "do", "check")
	require.Len(t, control.checked, 1)
	s.follow(t, path, "hostname", "evil.example", "username", "1", "password", "", "do", "check")
	require.Len(t, control.checked, 1)
	shown := s.follow(t, path, "hostname", "first.example", "username", "2", "password", "typed-for-the-first", "do", "save")
	require.NotContains(t, shown.text, "typed-for-the-first")
	require.EqualValues(t, "typed-for-the-first", control.Table().Stream(acme, managed.GrafanaLoki).Credentials.Loki.Password)
	s.follow(t, path, "hostname", "first.example", "username", "3", "password", "", "do", "save")
	require.EqualValues(t, "typed-for-the-first", control.Table().Stream(acme, managed.GrafanaLoki).Credentials.Loki.Password)
}

func TestRefusals(t *testing.T) {
	control := newFake(stream(acme, datadog("US", oneKey), false, nil))
	s := signedIn(t, control)
	path := streamURL(acme, managed.Datadog)
	control.answer = managed.Answer{Code: 403, Text: "<h1>Forbidden</h1>"}
	shown := s.follow(t, path, "site", "EU", "api_key", anotherKey, "do", "check")
	require.Contains(t, shown.text, "Datadog does not take these credentials: it answered 403 in 0 ms. Nothing was saved.")
	require.Contains(t, shown.text, "&lt;h1&gt;Forbidden&lt;/h1&gt;")
	require.Contains(t, shown.text, "…41cf")

	exists := s.follow(t, "/streams/new", "project", acme, "destination", "DATADOG", "site", "US", "api_key", anotherKey, "do", "save")
	require.Contains(t, exists.text, "The project has a stream to this destination already.")

	control.storage = errDisk
	for _, answer := range []reply{
		s.follow(t, path, "site", "EU", "api_key", anotherKey, "do", "save"),
		s.follow(t, path+"/enable"),
	} {
		require.Contains(t, answer.text, errDisk.Error())
		require.Contains(t, answer.text, `role="alert"`)
		require.Contains(t, answer.text, "Not saved yet", "what was typed is kept")
	}
	require.Equal(t, datadog("US", oneKey), control.Table().Stream(acme, managed.Datadog).Credentials)
	require.Empty(t, control.Changes())
}

func TestTerraformIsWarnedOf(t *testing.T) {
	control := newFake(stream(acme, datadog("US", oneKey), true, nil))
	control.changes = []Change{{ProjectID: acme, Destination: managed.Datadog, Action: "update", Through: "pwa", UserAgent: "stytch-management-go/3.2.0 terraform-provider-stytch/3.2.0"}}
	s := signedIn(t, control)
	path := streamURL(acme, managed.Datadog)
	require.Contains(t, s.get(t, path).text, "Terraform changed this stream last.")
	require.Contains(t, s.get(t, "/").text, "by Terraform")
	s.follow(t, path, "site", "EU", "do", "save")
	require.NotContains(t, s.get(t, path).text, "Terraform changed this stream last.")
}

// Where streams are followed, nothing is offered that would be refused.
func TestFollower(t *testing.T) {
	control := newFake(stream(acme, datadog("US", oneKey), true, nil))
	control.follows = "https://control.example:8322"
	s := signedIn(t, control)
	for _, at := range []string{"/", streamURL(acme, managed.Datadog), "/streams/new"} {
		text := s.get(t, at).text
		require.Contains(t, text, "This collector follows <code>https://control.example:8322</code>", at)
		require.Equal(t, 1, strings.Count(text, `method="post"`), "%s: sign out alone", at)
	}
	stream := control.Table().Stream(acme, managed.Datadog)
	stream.Figures.Received(1)
	stream.Figures.Fails(managed.Held, managed.Failure{Code: 403}, time.Time{})
	require.Contains(t, s.get(t, "/").text, "See the stream")
	require.NotContains(t, s.get(t, "/").text, "Change the key")
	control.table = nil
	require.Contains(t, s.get(t, "/").text, "Nothing is known of any stream yet.")
}
