//go:build e2e

package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestPushFor has two users of basicauth, each with a project: neither pushes the other's events.
func TestPushFor(t *testing.T) {
	const mine, theirs = "project-live-cb0aabac-34f9-4056-886d-a98e490c9b67", "project-live-00000000-0000-4000-8000-000000000001"
	w := newWorld(t, `
extensions:
  basicauth/stytch:
    htpasswd: {inline: "stytch:s3cret\nother:0ther"}
receivers:
  stytch:
    push_for: {stytch: [`+mine+`], other: [`+theirs+`]}
`)
	var events, others []testdata.Event
	for _, e := range testdata.Mixed(200, time.Now()) {
		if strings.Contains(e.JSON, `"project_id":"`+mine+`"`) {
			events = append(events, e)
			e.JSON = strings.ReplaceAll(e.JSON, mine, theirs)
			others = append(others, e)
		}
	}
	events, others = events[:20], others[20:40]
	other := w.sender
	other.Username, other.Password = "other", "0ther"
	for _, tc := range []struct {
		status int
		push   func() (int, string)
	}{
		{http.StatusNoContent, func() (int, string) { r, _ := w.sender.LokiPush(t.Context(), events); return r.Status, r.Body }},
		{http.StatusAccepted, func() (int, string) { r, _ := other.Array(t.Context(), others); return r.Status, r.Body }},
		{http.StatusForbidden, func() (int, string) { r, _ := w.sender.LokiPush(t.Context(), others); return r.Status, r.Body }},
		{http.StatusForbidden, func() (int, string) { r, _ := other.Array(t.Context(), events); return r.Status, r.Body }},
		{http.StatusForbidden, func() (int, string) {
			r, _ := other.Array(t.Context(), append(others[:1:1], events...))
			return r.Status, r.Body
		}},
	} {
		status, body := tc.push()
		require.Equal(t, tc.status, status, body)
		if status == http.StatusForbidden {
			require.Contains(t, body, "may not push events of the project")
		}
	}
	require.Equal(t, 3, w.counter(`otelcol_receiver_stytch_refused_requests`))
	w.settle(len(events)+len(others), len(events)+len(others))
	line := strings.Join(linesWith(w.collector.Output(), "Refused requests"), "")
	require.Equal(t, 2, strings.Count(line, `"reason": "forbidden"`), "the first of each protocol")
	for _, secret := range []string{"s3cret", "0ther"} {
		require.NotContains(t, w.collector.Output(), secret)
	}
}
