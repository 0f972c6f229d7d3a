package stytchreceiver

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// userOf tells who a sender is by the header X-User, under the name of the attribute.
type userOf struct {
	component.Component
	attribute string
}

func (u userOf) Authenticate(ctx context.Context, sources map[string][]string) (context.Context, error) {
	if u.attribute == "" {
		return ctx, nil
	}
	data := authData{}
	if user := http.Header(sources).Get("X-User"); user != "" {
		data[u.attribute] = user
	}
	return client.NewContext(ctx, client.Info{Auth: data}), nil
}

type authData map[string]any

func (d authData) GetAttribute(name string) any { return d[name] }
func (authData) GetAttributeNames() []string    { return nil }

func pushingFor(cfg *Config) {
	cfg.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: component.MustNewID("auth")}})
	cfg.PushFor = map[string][]string{"a": {"project-live-1", "project-test-1"}, "b": {"project-live-2"}}
}

// startFor is start with an authenticator that lets everyone in but without a name.
func startFor(t *testing.T, attribute string, change func(*Config)) *running {
	return start(t, nil, func(cfg *Config) {
		pushingFor(cfg)
		if change != nil {
			change(cfg)
		}
	}, namedOnly{userOf{attribute: attribute}})
}

// namedOnly refuses the empty credentials that a start tries.
type namedOnly struct{ userOf }

func (n namedOnly) Authenticate(ctx context.Context, sources map[string][]string) (context.Context, error) {
	if len(sources["Authorization"]) > 0 {
		return ctx, errors.New("unknown")
	}
	return n.userOf.Authenticate(ctx, sources)
}

func TestPushFor(t *testing.T) {
	event := func(project string) string { return `{"event_id":"e","project_id":` + project + `}` }
	const one, test1, two = `"project-live-1"`, `"project-test-1"`, `"project-live-2"`
	const twoOfA, none = `the user "a" may not push events of the project "project-live-2"`, `the user "a" may not push an event without a project_id`
	for name, tc := range map[string]struct {
		user   string
		events []string
		want   string // the answer; "" for success
	}{
		"own":                     {"a", []string{event(one), event(test1), event(one)}, ""},
		"another's own":           {"b", []string{event(two)}, ""},
		"escaped":                 {"b", []string{event(`"project\u002dlive-2"`)}, ""},
		"of another":              {"a", []string{event(two)}, twoOfA},
		"of another among own":    {"a", []string{event(one), event(two)}, twoOfA},
		"of another, escaped":     {"a", []string{`{"project\u005fid":"project-live-2"}`}, twoOfA},
		"of another, twice named": {"a", []string{`{"project_id":"project-live-1","project_id":"project-live-2"}`}, twoOfA},
		"of another, then own":    {"a", []string{`{"project_id":"project-live-2","project\u005fid":"project-live-1"}`}, `the user "a" may not push an event with more than one project_id`},
		"a part of the name":      {"a", []string{event(`"project-live-"`)}, `the user "a" may not push events of the project "project-live-"`},
		"of none":                 {"a", []string{event(one), `{"event_id":"e"}`}, none},
		"of none, empty":          {"a", []string{event(`""`)}, none},
		"of none, a number":       {"a", []string{event(`1`)}, none},
		"unknown user":            {"c", []string{event(one)}, `push_for gives the user "c" no project`},
		"another case":            {"A", []string{event(one)}, `push_for gives the user "A" no project`},
		"no user":                 {"", []string{event(one)}, "http::auth tells no user name, which push_for needs"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, attribute := range []string{"username", "subject"} {
				r := startFor(t, attribute, nil)
				array, lines, push := "[", "", `{"streams":[`
				for i, e := range tc.events {
					if i > 0 {
						array, lines, push = array+",", lines+"\n", push+","
					}
					array, lines = array+e, lines+e
					push += `{"stream":{"source":"stytch"},"values":[["1",` + quote(t, e) + `]]}`
				}
				for _, sent := range []struct{ path, body string }{
					{"/v1/events", array + "]"}, {"/v1/events", lines}, {lokiPath, push + "]}"},
				} {
					resp, answer := r.post(sent.path, sent.body, "X-User", tc.user, "Content-Type", "application/json")
					if tc.want == "" {
						require.Equal(t, 2, resp.StatusCode/100, answer)
						continue
					}
					require.Equal(t, http.StatusForbidden, resp.StatusCode, answer)
					if sent.path == lokiPath {
						require.Contains(t, answer, tc.want)
					} else {
						require.Contains(t, answer, quote(t, tc.want)[1:])
					}
				}
				if tc.want == "" {
					require.Equal(t, 3*len(tc.events), r.sink.LogRecordCount())
					continue
				}
				require.Empty(t, r.sink.AllLogs(), "the whole request is refused")
				r.requireCounts("otelcol_receiver_stytch_refused_requests",
					metricdata.DataPoint[int64]{Attributes: refusedAttr("events", "forbidden"), Value: 2},
					metricdata.DataPoint[int64]{Attributes: refusedAttr("loki_push", "forbidden"), Value: 1})
				told := r.logs.FilterMessage("Refused requests").All()
				require.Len(t, told, 2, "the first of each protocol")
				require.Equal(t, "forbidden", told[0].ContextMap()["reason"])
				require.Contains(t, told[0].ContextMap()["error"], tc.want)
			}
		})
	}
}

// A line that is no event is of no project.
func TestPushForRefusesOtherLines(t *testing.T) {
	r := startFor(t, "username", nil)
	resp, answer := r.post(lokiPath, `{"streams":[{"stream":{"project_id":"project-live-1"},"values":[["1","hello",{"stytch.project_id":"project-live-1"}]]}]}`,
		"X-User", "a", "Content-Type", "application/json")
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
	require.Equal(t, "the user \"a\" may not push an event without a project_id\n", answer)
}

// An authenticator that tells no names lets nobody push.
func TestPushForWithoutNames(t *testing.T) {
	r := startFor(t, "", nil)
	resp, answer := r.post("/v1/events", "{}", "X-User", "a")
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
	require.Contains(t, answer, "http::auth tells no user name, which push_for needs")
}

// Webhooks are signed, and of any project.
func TestPushForLeavesWebhooks(t *testing.T) {
	r := startFor(t, "username", withWebhook)
	key, err := standardwebhooks.NewWebhook(vectorSecret)
	require.NoError(t, err)
	const body = `{"project_id":"project-live-3"}`
	var header []string
	for name, values := range sign(t, key, "msg_1", time.Now(), body) {
		header = append(header, name, values[0])
	}
	resp, answer := r.post(webhookPath, body, header...)
	require.Equal(t, http.StatusAccepted, resp.StatusCode, answer)
	require.Equal(t, 1, r.sink.LogRecordCount())
}
