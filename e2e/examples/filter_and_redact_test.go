//go:build e2e

package examples

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

const salt = "0123456789abcdef0123456789abcdef"

// TestFilterAndRedact compares all bytes: what is not redacted is as it was, and no Start event arrives.
func TestFilterAndRedact(t *testing.T) {
	got, events := redacted(t)
	want := expected(t, events, func(number string) string { return "***" + number[len(number)-2:] })
	require.Less(t, len(want), len(events), "the fixtures hold Start events")
	require.ElementsMatch(t, want, got)
}

// TestFreeTextRedaction masks phone numbers wherever they stand, and nothing else. It comes first, so
// that of phone_number not even the last digits are left.
func TestFreeTextRedaction(t *testing.T) {
	got, events := redacted(t, "filter-and-redact/free-text.yaml")
	number := regexp.MustCompile(`\+1\d{10}`)
	want := expected(t, events, func(text string) string {
		if number.MatchString(text) {
			return "***"
		}
		return "***" + text[len(text)-2:]
	})
	found := 0
	for i, event := range want {
		found += len(number.FindAllString(event, -1))
		want[i] = number.ReplaceAllString(event, "****")
	}
	require.Positive(t, found, "the events hold a number outside of phone_number")
	require.ElementsMatch(t, want, got)
}

// expected is what arrives of events, calculated apart.
func expected(t *testing.T, events []testdata.Event, phone func(string) string) (want []string) {
	t.Helper()
	changed := 0
	for _, event := range events {
		if isStart(event) {
			continue
		}
		text := replaceRoot(t, event.JSON, map[string]func(string) string{
			"email_address": func(s string) string {
				mac := hmac.New(sha256.New, []byte(salt))
				mac.Write([]byte(s))
				return hex.EncodeToString(mac.Sum(nil))
			},
			"network_ip_address": func(s string) string {
				address, bits := netip.MustParseAddr(s), 48
				if address.Is4() {
					bits = 24
				}
				prefix, err := address.Prefix(bits)
				require.NoError(t, err)
				return prefix.Addr().String()
			},
			"phone_number": phone,
		})
		if text != event.JSON {
			changed++
		}
		want = append(want, text)
	}
	require.Greater(t, changed, 5, "the fixtures hold such fields")
	return want
}

func isStart(event testdata.Event) bool { return strings.Contains(event.JSON, `"status":"Start"`) }

// replaceRoot replaces strings of members of an event's root; "" stays. It reads with encoding/json.
func replaceRoot(t *testing.T, event string, with map[string]func(string) string) string {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(event))
	_, err := decoder.Token()
	require.NoError(t, err)
	var out bytes.Buffer
	done := 0
	for decoder.More() {
		name, err := decoder.Token()
		require.NoError(t, err)
		var value json.RawMessage
		require.NoError(t, decoder.Decode(&value))
		replace, ok := with[name.(string)]
		var text string
		if !ok || json.Unmarshal(value, &text) != nil || text == "" {
			continue
		}
		quoted, err := json.Marshal(replace(text))
		require.NoError(t, err)
		end := int(decoder.InputOffset())
		out.WriteString(event[done:end-len(value)] + string(quoted))
		done = end
	}
	return out.String() + event[done:]
}

// redacted is what arrives at Loki of all fixtures, and the fixtures.
func redacted(t *testing.T, overlays ...string) (got []string, events []testdata.Event) {
	t.Helper()
	loki, datadog := standin.NewLoki(), standin.NewDatadog("0123456789abcdef0123456789abcdef")
	r := newRig(t, []harness.Destination{loki, datadog}, append([]string{"filter-and-redact/collector.yaml"}, overlays...)...).overlay(toStandins)
	r.options.Env["REDACT_SALT"] = salt
	atLoki, atDatadog := collect(loki), collect(datadog)
	r.start()
	events = testdata.Recent(time.Now())
	events = append(events, testdata.Event{
		Time: time.Now(),
		JSON: `{"event_id":"event-live-free","action":"SMSDelivery","message_status_description":"no route to +12025550199 \"today\"","n":1.50}`,
	})
	r.push(events)
	kept := len(events)
	for _, event := range events {
		if isStart(event) {
			kept--
		}
	}
	r.until("arrivals", func() bool { return len(atLoki()) >= kept && len(atDatadog()) >= kept })
	r.collector.Stop()
	return atLoki(), events
}
