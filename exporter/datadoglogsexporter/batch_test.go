package datadoglogsexporter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// sized returns an event that is n bytes long once its labels are added.
func sized(n int) string {
	const empty = `{"a":"",` + ours + `}`
	return `{"a":"` + strings.Repeat("x", n-len(empty)) + `"}`
}

func TestAnEventUpToTheLimitIsWhole(t *testing.T) {
	b := batchOf(logs(sized(maxEntry), sized(maxEntry+1)))
	text, next := b.payload(t, 0, 1)
	require.Equal(t, 1, next)
	require.Len(t, text, maxEntry+2)
	require.NotContains(t, text, keyTruncated)
	text, _ = b.payload(t, 1, 2)
	require.Less(t, len(text), maxEntry+2)
	require.Contains(t, text, `"otelcol_stytch.truncated":true,"otelcol_stytch.original_bytes":1000001}]`)
}

func TestShorten(t *testing.T) {
	long := strings.Repeat("é", 1_000_000)
	for name, tc := range map[string]struct {
		body string
		keep []string // members that remain as they were
		gone []string
	}{
		"one long string":      {`{"event_id":"e","long":"` + long + `","n":1.50}`, []string{`"event_id":"e"`, `"n":1.50`, `"long":"éé`}, nil},
		"a long object":        {`{"o":{"a":"` + long + `"},"event_id":"e"}`, []string{`"event_id":"e"`}, []string{`"o"`}},
		"a long array":         {`{"o":["` + long + `"],"event_id":"e"}`, []string{`"event_id":"e"`}, []string{`"o"`}},
		"a long name":          {`{"` + long + `":1,"event_id":"e"}`, []string{`"event_id":"e"`}, []string{"éé"}},
		"many long strings":    {many(100, strings.Repeat("y", 20_000)), []string{`"event_id":"e"`, `"m0":"yyy`, `"m99":"yyy`}, nil},
		"very many short ones": {many(100_000, "y"), []string{`"event_id":"e"`}, []string{`"m7"`}},
		"a long line":          {long, []string{`"message":"éé`}, nil},
		"a long event id":      {`{"event_id":"` + long + `","action":"a"}`, []string{`"action":"a"`, `"event_id":"éé`}, nil},
		"nothing but escapes":  {`{"a":"` + strings.Repeat(`\ud83d\ude00`, 100_000) + `"}`, []string{`"a":"\ud83d\ude00`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			ld := logs(tc.body)
			entry := encode(t, ld)
			require.LessOrEqual(t, len(entry)-2, maxEntry)
			require.True(t, json.Valid([]byte(entry)))
			require.True(t, utf8.ValidString(entry))
			require.NotContains(t, entry, "\uFFFD")
			for _, member := range append(tc.keep, ours, `"otelcol_stytch.truncated":true,"otelcol_stytch.original_bytes":`) {
				require.Contains(t, entry, member)
			}
			for _, member := range tc.gone {
				require.NotContains(t, entry, member)
			}
			require.Equal(t, entry, encode(t, ld), "the second attempt is the same")
		})
	}
}

func many(n int, value string) string {
	var s strings.Builder
	s.WriteString(`{`)
	for i := range n {
		fmt.Fprintf(&s, `"m%d":"%s",`, i, value)
	}
	return s.String() + `"event_id":"e"}`
}

// Wherever a string is cut, what remains is a string of whole characters.
func FuzzCutString(f *testing.F) {
	f.Add(`\ud83d\ude00`, 3)
	f.Add(`\ud83d\u0041\ude00\\`, 9)
	f.Add("é€😀", 5)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		quoted, err := json.Marshal(text) // and as raw JSON, where it is some
		require.NoError(t, err)
		for _, s := range []string{string(quoted), `"` + text + `"`} {
			if !json.Valid([]byte(s)) || s[0] != '"' || !utf8.ValidString(s) || limit < 1 || limit >= len(s) {
				continue
			}
			end := cutString([]byte(s), limit)
			require.LessOrEqual(t, end, limit)
			require.GreaterOrEqual(t, end, max(1, limit-11))
			var whole, part string
			require.NoError(t, json.Unmarshal([]byte(s), &whole))
			require.NoError(t, json.Unmarshal([]byte(s[:end]+`"`), &part))
			require.True(t, strings.HasPrefix(whole, part), "%q of %q", part, whole)
		}
	})
}

func TestWhatIsDroppedIsLeftOutAndCountedOnce(t *testing.T) {
	for _, tc := range []struct {
		oversize Oversize
		tooOld   httpsend.TooOld
		want     map[string]int // counters; dropped_events by its reason
	}{
		{OversizeTruncate, httpsend.TooOldSend, map[string]int{"delivered": 5, "truncated": 2, "too_old": 2}},
		{OversizeDrop, httpsend.TooOldSend, map[string]int{"delivered": 3, "too_old": 2, "dropped too_large": 2}},
		{OversizeTruncate, httpsend.TooOldDrop, map[string]int{"delivered": 3, "truncated": 1, "too_old": 2, "dropped too_old": 2}},
		{OversizeDrop, httpsend.TooOldDrop, map[string]int{"delivered": 2, "too_old": 2, "dropped too_old": 2, "dropped too_large": 1}},
	} {
		now := time.Now()
		ld := logs(`{"n":0}`, `{"n":1}`, sized(2_000_000), sized(2_000_000), `{"n":4}`)
		records := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
		at := func(i int, age time.Duration) {
			records.At(i).SetTimestamp(pcommon.NewTimestampFromTime(now.Add(-age)))
		}
		at(0, maxAge-time.Minute)
		at(1, maxAge+time.Second)
		at(2, maxAge+time.Second)
		requests := 0
		datadog := standin.NewDatadog(apiKey)
		r := startRig(t, choosy(t, datadog, func(http.ResponseWriter, []standin.Log) int {
			if requests++; requests == 1 {
				return http.StatusServiceUnavailable // whatever was tried before
			}
			return 0
		}), func(cfg *Config) { cfg.Oversize, cfg.TooOld = tc.oversize, tc.tooOld })
		require.NoError(t, r.ConsumeLogs(t.Context(), ld))
		got := map[string]int{}
		for name, n := range map[string]int{
			"delivered": r.Count("delivered_events"), "truncated": r.Count("truncated_events"), "too_old": r.Count("too_old_events"),
			"dropped too_old": r.Counts("dropped_events", "reason")["too_old"], "dropped too_large": r.Counts("dropped_events", "reason")["too_large"],
		} {
			if n > 0 {
				got[name] = n
			}
		}
		require.Equal(t, tc.want, got)
		r.Stop()
	}
}

func TestNothingIsSentWhereAllIsLeftOut(t *testing.T) {
	r := startRig(t, choosy(t, standin.NewDatadog(apiKey), func(http.ResponseWriter, []standin.Log) int {
		t.Error("a request was sent")
		return 0
	}), func(cfg *Config) { cfg.Oversize = OversizeDrop })
	require.NoError(t, r.ConsumeLogs(t.Context(), logs(sized(2_000_000))))
	require.Equal(t, 1, r.Counts("dropped_events", "reason")["too_large"])
	r.Stop()
}
