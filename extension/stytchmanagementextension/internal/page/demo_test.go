//go:build demo

package page

import (
	"bufio"
	"fmt"
	"math"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/extension/stytchmanagementextension/internal/activity"
	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// TestDemo serves the page with streams in every state, until its standard input ends.
// It prints an address for each scene. The screenshots and the tests in a browser use it.
func TestDemo(t *testing.T) {
	for _, scene := range []struct {
		name    string
		control *fake
		log     *activity.Log
	}{
		{"usual", usual(), passing(nil)},
		{"empty", newFake(), nil},
		{"hostile", hostile(), passing(hostileEvents())},
		{"many", many(), nil},
		{"follower", following(), nil},
		{"unknown", func() *fake { f := newFake(); f.table, f.follows = nil, "https://control:8322"; return f }(), nil},
		{"broken", func() *fake { f := usual(); f.storage = errDisk; return f }(), nil},
	} {
		page := New(Config{Control: scene.control, Activity: scene.log, Instance: "gateway-1 · 0.1.0"})
		backfill(page)
		go deliver(scene.control.table)
		defer page.Shutdown()
		port, err := harness.FreePort()
		require.NoError(t, err)
		address := "localhost:" + port
		server := &http.Server{Addr: address, Handler: page, ReadHeaderTimeout: time.Second}
		go func() { _ = server.ListenAndServe() }()
		defer server.Close()
		fmt.Printf("scene %s http://%s\n", scene.name, address)
	}
	fmt.Printf("ready %s %s\n", keyID, keySecret)
	_, err := bufio.NewReader(os.Stdin).ReadString(0)
	require.Error(t, err, "the input ends")
}

func usual() *fake {
	held := time.Now().Add(-14 * time.Minute)
	f := newFake(
		stream(acme, datadog("US", "0123456789abcdef0123456789ab9a02"), true, func(f *managed.Figures) {
			f.Received(642_155)
			f.Delivered(642_149)
			f.Dropped("too_old", 6)
		}),
		stream(acme, loki("logs-prod-021.grafana.net"), true, func(f *managed.Figures) { f.Received(642_161); f.Delivered(642_161) }),
		stream(acmeEU, datadog("EU", "0123456789abcdef0123456789ab41cf"), true, func(f *managed.Figures) {
			f.Received(214_022)
			f.Delivered(212_738)
			f.Serve(func() time.Time { return held })
			f.Fails(managed.Held, managed.Failure{At: time.Now(), Code: 403, Text: "Forbidden"}, time.Now().Add(22*time.Second))
		}),
		stream(beta, loki("loki.beta.example"), false, func(f *managed.Figures) {
			f.Received(1_902)
			f.Delivered(1_812)
			f.Dropped("disabled", 90)
		}),
		stream(betaL, datadog("US5", "0123456789abcdef0123456789ab07be"), true, func(*managed.Figures) {}),
		stream(betaL, loki("loki.beta.example"), true, func(f *managed.Figures) {
			f.Received(8_311)
			f.Delivered(8_290)
			f.Serve(func() time.Time { return time.Now().Add(-40 * time.Second) })
			f.Fails(managed.Retrying, managed.Failure{At: time.Now(), Text: "dial tcp 192.0.2.7:443: connect: connection refused"}, time.Now().Add(4*time.Second))
		}),
	)
	f.environments = []Environment{
		{acme, "acme", "production"},
		{acmeEU, "acme-eu", "production"},
		{beta, "beta", "test"},
		{betaL, "beta", "production"},
		{"project-test-aaaaaaaa-5555-4e4e-8f8f-000000000001", "acme", "test"},
	}
	terraform := "stytch-management-go/3.2.0 terraform-provider-stytch/3.2.0"
	day := time.Now().Add(-25 * time.Hour)
	f.changes = []Change{
		{day.Add(23 * time.Hour), acmeEU, managed.Datadog, "update", keyID, "pwa", terraform, []string{"site US → EU", "key …77aa → …41cf"}},
		{day.Add(6 * time.Minute), beta, managed.GrafanaLoki, "disable", keyID, "streaming", "curl/8.11.1", nil},
		{day.Add(3 * time.Minute), acmeEU, managed.Datadog, "enable", keyID, "page", "Mozilla/5.0", nil},
		{day.Add(2 * time.Minute), acmeEU, managed.Datadog, "create", keyID, "pwa", terraform, nil},
		{day, acme, managed.Datadog, "create", keyID, "page", "Mozilla/5.0", nil},
	}
	f.without = []Unconfigured{
		{"project-test-9b1f4c2d-6666-4f4f-8a8a-0000000077d2", managed.Datadog, 418, time.Now().Add(-3 * time.Second)},
	}
	return f
}

func following() *fake {
	f := usual()
	f.follows = "https://control.example:8322"
	return f
}

const markup = `<script>alert(1)</script><img src=x onerror=alert(1)>"'&`

func hostile() *fake {
	project := "project-live-<script>alert(1)</script>"
	f := newFake(stream(project, loki(markup), true, func(f *managed.Figures) {
		f.Received(10)
		f.Fails(managed.Held, managed.Failure{Code: 502, Text: "<html><script>alert(1)</script><h1>Bad gateway</h1>"}, time.Now())
	}))
	f.environments = []Environment{{project, "<script>alert(1)</script>", markup}}
	f.changes = []Change{{time.Now(), project, managed.GrafanaLoki, "update", markup, "pwa", markup, []string{markup}}}
	f.without = []Unconfigured{{markup, managed.Datadog, 1, time.Now()}}
	f.answer = managed.Answer{Code: 502, Text: "<html><script>alert(1)</script>"}
	return f
}

func many() *fake {
	var streams []*managed.Stream
	var environments []Environment
	for i := range 500 {
		id := fmt.Sprintf("project-live-%08x-7777-4a4a-8b8b-%012x", i*7919, i)
		environments = append(environments, Environment{id, fmt.Sprintf("customer-%03d", i), "production"})
		for _, c := range []managed.Credentials{datadog("US", fmt.Sprintf("%032x", i)), loki(fmt.Sprintf("logs-prod-%03d.grafana.net", i))} {
			streams = append(streams, stream(id, c, i%9 != 0, func(f *managed.Figures) {
				f.Received(1_000_000 + i*1_711)
				f.Delivered(1_000_000 + i*1_711 - i%40)
				f.Dropped("disabled", i%40)
				if i%97 == 13 {
					f.Received(211)
					f.Fails(managed.Held, managed.Failure{Code: 403, Text: "Forbidden"}, time.Now().Add(20*time.Second))
				}
			}))
		}
	}
	f := newFake(streams...)
	f.environments = environments
	return f
}

// backfill gives the charts an hour.
func backfill(p *Page) {
	table, now := p.Control.Table(), time.Now()
	if table == nil {
		return
	}
	for s := range table.All() {
		end := s.Figures.Snapshot()
		one := toSample(end, now)
		history := make([]sample, kept)
		for i := kept - 1; i >= 0; i-- {
			one.at = now.Add(-time.Duration(kept-1-i) * time.Minute)
			history[i] = one
			switch {
			case end.Health == managed.Held && i > kept-14:
				one.failing, one.waiting = true, end.Waiting*int64(i-kept+14)/13
			case end.Health == managed.Retrying && i > kept-2:
				one.failing, one.waiting = true, end.Waiting
			default:
				one.failing, one.waiting = false, 0
				swing := 1 + 0.25*math.Sin(float64(i)/9) + 0.06*math.Sin(float64(i)*1.9)
				one.delivered -= int64(float64(end.Delivered) * 0.6 / kept * swing)
			}
		}
		p.samples.of[s.Figures] = history
	}
}

// deliver lets the streams of one project deliver events all the time.
func deliver(table *managed.Table) {
	for ; table != nil; time.Sleep(200 * time.Millisecond) {
		for _, d := range managed.Destinations {
			if s := table.Stream(acme, d); s != nil {
				s.Figures.Received(21)
				s.Figures.Delivered(21)
			}
		}
	}
}

// passing is a log with these events, or with the usual ones, of which more pass all the
// time.
func passing(bodies []string) *activity.Log {
	log := activity.New(1000, false)
	if bodies == nil {
		go func() {
			for n := 0; ; n++ {
				observeDemo(log, usualEvent(n))
				time.Sleep(time.Duration(60+n*n%7*40) * time.Millisecond)
			}
		}()
	}
	for _, body := range bodies {
		observeDemo(log, body)
	}
	return log
}

func observeDemo(log *activity.Log, body string) {
	logs := plog.NewResourceLogs()
	logs.Resource().Attributes().PutStr("stytch.project_id", acme)
	record := logs.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.Body().SetStr(body)
	record.SetEventName(between(body, `"action":"`))
	record.SetSeverityText(between(body, `"status":"`))
	log.Observe(managed.Datadog, logs)
}

func between(text, begin string) string {
	_, rest, _ := strings.Cut(text, begin)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func usualEvent(n int) string {
	kinds := [][3]string{
		{"SessionsAuthenticate", "Success", `,"http_status_code":200,"user_id":"user-live-11111111-2222-4333-8444-5555555577d2","user_agent":["Stytch Go v16.20.0"]`},
		{"MagicLinksEmailLoginOrCreate", "Error", `,"http_status_code":500,"email_address":"sam@example.de"`},
		{"B2BOAuthDiscoveryAuthenticate", "Start", ``},
		{"SessionsAuthenticate", "Success", `,"http_status_code":200,"user_id":"user-live-11111111-2222-4333-8444-55555555a41e"`},
		{"EmailDelivery", "Success", `,"message_status":"delivered","delivery_latency_seconds":2,"email_address":"mia@beta.example.io"`},
		{"PasswordsAuthenticate", "Error", `,"http_status_code":401,"email_address":"jane@corp.example.com","stytch_api_error":{"status_code":401,"error_type":"unauthorized_credentials","error_message":"Unauthorized credentials."}`},
		{"OAuthGoogleOneTapStart", "Success", `,"http_status_code":200,"organization_id":"organization-live-11111111-2222-4333-8444-5555555500aa"`},
	}
	kind := kinds[n*n*n%11%len(kinds)]
	return fmt.Sprintf(`{"action":"%s","status":"%s","event_id":"event-live-%08x-aaaa-4bbb-8ccc-0123456789ab","project_id":"%s","request_id":"request-id-live-%08x-aaaa-4bbb-8ccc-%012x","_timestamp":%d%s}`,
		kind[0], kind[1], n*31, acme, n*31, 0x41b9c0+n*7793, time.Now().UnixMicro(), kind[2])
}

func hostileEvents() []string {
	quoted := strings.ReplaceAll(markup, `"`, `\"`)
	return []string{
		`{"action":"` + quoted + `","status":"` + quoted + `","request_id":"` + quoted + `","project_name":"` + quoted + `","email_address":"` + quoted + `","` + quoted + `":1}`,
		markup,
		`{"action":"Large","status":"Success","text":"` + strings.Repeat("<b>", 350_000) + `"}`,
	}
}
