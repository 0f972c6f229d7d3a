package stytchprocessor

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

const salt = "0123456789abcdef"

// hashOf is what `hash` makes of a value: by another reading of the same rule.
func hashOf(value string) string {
	mac := hmac.New(sha256.New, []byte(salt))
	mac.Write([]byte(value))
	return hex.EncodeToString(mac.Sum(nil))
}

func redacting(rules ...RedactConfig) func(*Config) {
	return func(cfg *Config) { cfg.Redact, cfg.HashSalt = rules, salt }
}

// redactText redacts one text.
func redactText(t testing.TB, text string, rules ...RedactConfig) (redacted string, ok bool) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	redacting(rules...)(cfg)
	require.NoError(t, cfg.Validate())
	out, ok := newRedactor(cfg, nil, nil).editors.Get().(*editor).text(text)
	if ok && out == nil {
		return text, true
	}
	return string(out), ok
}

func TestRedact(t *testing.T) {
	hash, mask, drop := RedactConfig{"e", RedactHash}, RedactConfig{"e", RedactMask}, RedactConfig{"e", RedactDrop}
	drop2 := RedactConfig{"f", RedactDrop}
	for _, tc := range []struct {
		text  string
		rules []RedactConfig
		want  string
	}{
		{`{}`, []RedactConfig{hash}, `{}`},
		{" {\"a\" : 1.50 ,\t\"e\" :\"x\" } \n", []RedactConfig{hash}, " {\"a\" : 1.50 ,\t\"e\" :\"" + hashOf("x") + "\" } \n"},
		{`{"e":"j\u0040x\"\n\ud83d\ude00"}`, []RedactConfig{hash}, `{"e":"` + hashOf("j@x\"\n😀") + `"}`},
		{`{"\u0065":"x","e":"y"}`, []RedactConfig{hash}, `{"\u0065":"` + hashOf("x") + `","e":"` + hashOf("y") + `"}`},
		{`{"e":1.50,"a":{"e":"x"}}`, []RedactConfig{hash}, `{"e":"` + hashOf("1.50") + `","a":{"e":"x"}}`},
		{`{"e":{"a": [1]}}`, []RedactConfig{hash}, `{"e":"` + hashOf(`{"a": [1]}`) + `"}`},
		{`{"e":null,"E":"x","e":""}`, []RedactConfig{hash}, `{"e":null,"E":"x","e":""}`},
		{`{"e":"\u006aane@example.com"}`, []RedactConfig{mask}, `{"e":"j***@example.com"}`},
		{`{"e":true,"e":[],"e":null,"e":0}`, []RedactConfig{mask}, `{"e":"***","e":"***","e":null,"e":"***"}`},

		{`{"e":1}`, []RedactConfig{drop}, `{}`},
		{`{ "e" : 1 }`, []RedactConfig{drop}, `{  }`},
		{`{ "e" : null , "a" : 2 }`, []RedactConfig{drop}, `{ "a" : 2 }`},
		{`{"a":1 , "e":2 , "b":3}`, []RedactConfig{drop}, `{"a":1 , "b":3}`},
		{`{"a":1 , "e":2 }`, []RedactConfig{drop}, `{"a":1 }`},
		{`{"e":1,"e":2,"a":3,"e":4,"\u0065":5}`, []RedactConfig{drop}, `{"a":3}`},
		{`{"e":1,"f":2}`, []RedactConfig{drop, drop2}, `{}`},
		{`{"a":1,"f":2, "e":3,"b":4, "f":5,"c":6, "e":7}`, []RedactConfig{drop, drop2}, `{"a":1,"b":4, "c":6}`},
		{`{"f":1,"e":"x","f":2}`, []RedactConfig{hash, drop2}, `{"e":"` + hashOf("x") + `"}`},
	} {
		got, ok := redactText(t, tc.text, tc.rules...)
		require.True(t, ok, tc.text)
		require.Equal(t, tc.want, got, tc.text)
	}
}

// What is no JSON object in valid UTF-8 could hold anything: it is dropped, with an
// acknowledgement, and told.
func TestUnredactableIsDropped(t *testing.T) {
	for name, set := range map[string]func(plog.LogRecord){
		"text":           func(lr plog.LogRecord) { lr.Body().SetStr("jane@example.com") },
		"cut":            func(lr plog.LogRecord) { lr.Body().SetStr(`{"e":"jane@example.com"`) },
		"more":           func(lr plog.LogRecord) { lr.Body().SetStr(`{"e":1} jane`) },
		"array":          func(lr plog.LogRecord) { lr.Body().SetStr(`[{"e":1}]`) },
		"no UTF-8":       func(lr plog.LogRecord) { lr.Body().SetStr("{\"e\":\"\xff\"}") },
		"bytes":          func(lr plog.LogRecord) { lr.Body().SetEmptyBytes().FromRaw([]byte("jane")) },
		"map":            func(lr plog.LogRecord) { lr.Body().SetEmptyMap().PutStr("e", "jane") },
		"without a body": func(plog.LogRecord) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, redacting(RedactConfig{"e", RedactDrop}))
			ld := logs("a", "b")
			records := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
			records.At(0).Body().SetStr(`{"e":1,"a":2}`)
			plog.NewLogRecord().CopyTo(records.At(1))
			set(records.At(1))
			require.NoError(t, w.processor.ConsumeLogs(t.Context(), ld))
			require.Len(t, w.sink.AllLogs(), 1)
			left := w.sink.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
			require.Equal(t, 1, left.Len())
			require.Equal(t, `{"a":2}`, left.At(0).Body().Str())
			w.requireDropped(map[string]int64{"unredactable": 1})

			alone := plog.NewLogs()
			set(alone.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
			require.NoError(t, w.processor.ConsumeLogs(t.Context(), alone))
			require.Len(t, w.sink.AllLogs(), 1, "a request of nothing is not handed on")
			w.requireDropped(map[string]int64{"unredactable": 2})
			require.Equal(t, []string{
				"warn: Dropped an event that cannot be redacted: it is no JSON object in valid UTF-8; further ones are only counted",
			}, w.lines())
		})
	}
}

// What the next consumer refuses comes again, and is not counted before it is taken.
func TestUnredactableIsCountedOnce(t *testing.T) {
	refuse := true
	next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
		if refuse {
			return errors.New("full")
		}
		return nil
	})
	require.NoError(t, err)
	w := newWorldBefore(t, next, redacting(RedactConfig{"e", RedactDrop}))
	push := func() error {
		ld := logs("a", "b")
		records := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
		records.At(0).Body().SetStr("{}")
		records.At(1).Body().SetStr("jane")
		return w.processor.ConsumeLogs(t.Context(), ld)
	}
	require.Error(t, push())
	w.requireDropped(nil)
	refuse = false
	require.NoError(t, push())
	w.requireDropped(map[string]int64{"unredactable": 1})
}

// The attributes that are made of a field are redacted as the field is, and bodies of
// bytes as strings are; all else of the record stays.
func TestRedactRecord(t *testing.T) {
	const text = `{"event_id":"e1","request_id":"r1","email":"jane\u0040example.com","n":1.50,"d":{"a":"b"},"k":7,"m":true,"p":"+12025550123"}`
	var event stytch.Event
	promote := stytch.Fields([]string{"email", "n", "d", "k", "m", "p", "other"})
	require.NoError(t, event.Scan(text, promote))
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for _, lr := range []plog.LogRecord{records.AppendEmpty(), records.AppendEmpty()} {
		event.Record(lr, promote)
		lr.Attributes().PutStr("email", "of the sender's own")
		lr.SetTimestamp(1)
	}
	records.At(0).Body().SetStr(text)
	records.At(1).Body().SetEmptyBytes().FromRaw([]byte(text))

	w := newWorld(t, redacting(RedactConfig{"request_id", RedactHash}, RedactConfig{"email", RedactHash}, RedactConfig{"n", RedactHash},
		RedactConfig{"d", RedactMask}, RedactConfig{"k", RedactMask}, RedactConfig{"m", RedactDrop}, RedactConfig{"p", RedactMask}))
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), ld))
	got := w.sink.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	want := `{"event_id":"e1","request_id":"` + hashOf("r1") + `","email":"` + hashOf("jane@example.com") + `","n":"` + hashOf("1.50") + `","d":"***","k":"***","p":"***23"}`
	require.Equal(t, want, got.At(0).Body().Str())
	require.Equal(t, []byte(want), got.At(1).Body().Bytes().AsRaw())
	for _, lr := range got.All() {
		require.Equal(t, map[string]any{
			"stytch.event_id": "e1", "stytch.request_id": hashOf("r1"), "stytch.email": hashOf("jane@example.com"), "stytch.n": hashOf("1.50"),
			"stytch.d": "***", "stytch.k": "***", "stytch.p": "***23", "email": "of the sender's own",
		}, lr.Attributes().AsRaw())
		require.EqualValues(t, 1, lr.Timestamp())
	}
}

// A duplicate is told by the event as it came, and costs no redaction.
func TestRedactAfterDeduplication(t *testing.T) {
	w := newWorld(t, func(cfg *Config) {
		deduplicating(cfg)
		redacting(RedactConfig{"request_id", RedactDrop})(cfg)
	})
	for range 2 {
		ld := logs("a")
		ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().SetStr(`{"event_id":"a","request_id":"b"}`)
		require.NoError(t, w.processor.ConsumeLogs(t.Context(), ld))
	}
	require.Len(t, w.sink.AllLogs(), 1)
	w.requireDropped(map[string]int64{"duplicate": 1})
}

func TestRedactConfig(t *testing.T) {
	for text, want := range map[string]string{
		"redact: [{field: email_address, with: hash}, {field: a, with: mask}, {field: b, with: drop}]\nhash_salt: " + salt: "",
		"redact: []":                                                          "",
		"redact: [{field: a, with: mask}]":                                    "",
		"redact: [{field: a, with: blur}]":                                    `redact::0::with: must be hash, mask or drop, got "blur"`,
		"redact: [{field: a}]":                                                `redact::0::with: must be hash, mask or drop, got ""`,
		"redact: [{with: drop}]":                                              `redact::0::field: must name a root field of the event`,
		"redact: [{field: a, with: drop}, {field: a, with: mask}]":            `redact::1::field: redact::0 has "a" already`,
		"redact: [{field: event_id, with: mask}]":                             `redact::0::field: "event_id" says what the event is, and cannot be redacted`,
		"redact: [{field: project_id, with: hash}]\nhash_salt: x":             `redact::0::field: "project_id" says what the event is, and cannot be redacted` + "\nhash_salt: must have at least 16 bytes for `with: hash`, got 1",
		"redact: [{field: a, with: hash}]":                                    "hash_salt: must have at least 16 bytes for `with: hash`, got 0",
		"redact: [{field: a, with: hash}]\nhash_salt: \"0123456789abcde\\n\"": "hash_salt: must have at least 16 bytes for `with: hash`, got 15",
		"redact: [{feld: a, with: drop}]":                                     "has invalid keys: feld",
	} {
		var raw map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(text), &raw))
		cfg := createDefaultConfig().(*Config)
		err := confmap.NewFromStringMap(raw).Unmarshal(cfg)
		if err == nil {
			err = cfg.Validate()
		}
		if want == "" {
			require.NoError(t, err, text)
		} else {
			require.ErrorContains(t, err, want, text)
		}
		require.NotContains(t, fmt.Sprint(cfg, err), salt)
	}
}
