package stytchprocessor

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// redactSlowly redacts as encoding/json reads the text: it takes the places of the root
// members from its decoder, and puts the text together again.
func redactSlowly(text string, rules []RedactConfig) (redacted string, ok bool) {
	if !json.Valid([]byte(text)) || !utf8.ValidString(text) || strings.TrimLeft(text, " \t\r\n")[0] != '{' {
		return "", false
	}
	type member struct {
		key, end int // where it stands
		text     string
	}
	var members []member // those that stay
	var all []member
	decoder := json.NewDecoder(strings.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return "", false
	}
	at := int(decoder.InputOffset())
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return "", false
		}
		key := at + strings.IndexByte(text[at:], '"')
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return "", false
		}
		at = int(decoder.InputOffset())
		m := member{key: key, end: at}
		head, value, with := text[key:at-len(raw)], string(raw), Redaction("")
		for _, rule := range rules {
			if rule.Field == name {
				with = rule.With
			}
		}
		m.text = head + slowValue(value, with)
		all = append(all, m)
		if with != RedactDrop {
			members = append(members, m)
		}
	}
	if len(all) == 0 {
		return text, true
	}
	var b strings.Builder
	b.WriteString(text[:all[0].key])
	for i, m := range members {
		b.WriteString(m.text)
		if i < len(members)-1 { // the comma that stood after it
			for j := range all {
				if all[j].key == m.key {
					b.WriteString(text[m.end:all[j+1].key])
				}
			}
		}
	}
	b.WriteString(text[all[len(all)-1].end:])
	return b.String(), true
}

func slowValue(raw string, with Redaction) string {
	var text string
	isString := raw[0] == '"' && json.Unmarshal([]byte(raw), &text) == nil
	switch {
	case with == "" || with == RedactDrop || raw == "null" || raw == `""`:
		return raw
	case with == RedactHash && isString:
		return `"` + hashOf(text) + `"`
	case with == RedactHash:
		return `"` + hashOf(raw) + `"`
	case isString:
		return quoteSlowly(mask(text))
	default:
		return `"***"`
	}
}

func quoteSlowly(text string) string {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	quoted := `"`
	for _, c := range text {
		switch {
		case short[c] != "":
			quoted += short[c]
		case c < ' ':
			quoted += fmt.Sprintf(`\u%04x`, c)
		default:
			quoted += string(c)
		}
	}
	return quoted + `"`
}

// redactBoth compares both ways to redact a text.
func redactBoth(t testing.TB, r *editor, text string, rules []RedactConfig) {
	want, valid := redactSlowly(text, rules)
	out, ok := r.text(text)
	got := string(out)
	if ok && out == nil {
		got = text
	}
	if ok != valid || ok && got != want {
		t.Fatalf("%q by %v:\n  got %t %q\n want %t %q", text, rules, ok, got, valid, want)
	}
	if ok && !json.Valid([]byte(got)) {
		t.Fatalf("%q by %v: %q is not valid JSON", text, rules, got)
	}
}

func newEditor(t testing.TB, rules []RedactConfig) *editor {
	cfg := createDefaultConfig().(*Config)
	redacting(rules...)(cfg)
	require.NoError(t, cfg.Validate())
	return newRedactor(cfg, nil, nil).editors.Get().(*editor)
}

// TestRedactRandomEvents redacts events with random members, escapes and orders, and
// compares each with what encoding/json reads. REDACT_EVENTS sets their number.
func TestRedactRandomEvents(t *testing.T) {
	n := 20_000
	if given := os.Getenv("REDACT_EVENTS"); given != "" {
		var err error
		n, err = strconv.Atoi(given)
		require.NoError(t, err)
	}
	rules := randomRules()
	editors := make([]*editor, len(rules))
	for i := range rules {
		editors[i] = newEditor(t, rules[i])
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	changed := 0
	for i := range n {
		text := randomEvent(random)
		k := i % len(rules)
		redactBoth(t, editors[k], text, rules[k])
		if out, _ := editors[k].text(text); out != nil {
			changed++
		}
	}
	require.Greater(t, changed, n/2, "the events have what is redacted")
}

// names are of fields, those that are redacted and others that look like them.
var names = []string{"email_address", "phone_number", "network_ip_address", "name", "nam", "names", "Name", "é", "", "a\"b", "event_id"}

func randomRules() (rules [][]RedactConfig) {
	ways := []Redaction{RedactHash, RedactMask, RedactDrop}
	for i := range 27 {
		rules = append(rules, []RedactConfig{
			{names[0], ways[i%3]}, {names[1], ways[i/3%3]}, {names[2], ways[i/9%3]}, {names[3], ways[(i+1)%3]}, {names[7], ways[(i/3+1)%3]}, {names[9], ways[i/9%3]},
		})
	}
	return rules
}

func randomEvent(r *rand.Rand) string {
	var b strings.Builder
	space := func() { b.WriteString([]string{"", "", "", "", " ", "\n  ", "\t", "\r\n"}[r.IntN(8)]) }
	space()
	b.WriteByte('{')
	space()
	for i := range r.IntN(12) {
		if i > 0 {
			space()
			b.WriteByte(',')
			space()
		}
		randomString(r, &b, names[r.IntN(len(names))])
		space()
		b.WriteByte(':')
		space()
		randomValue(r, &b, 0)
	}
	space()
	b.WriteByte('}')
	space()
	return b.String()
}

var strs = []string{
	"", "x", "jane@example.com", "j@x", "+12025550123", "203.0.113.9", "2001:db8::9", "a \"b\" \\ / \n\t\u0001", "é😀\u2028<&>", "{\"email_address\":\"x\"}", "\x7f@\u0080", "null",
}

func randomValue(r *rand.Rand, b *strings.Builder, depth int) {
	switch k := r.IntN(12); {
	case k == 0:
		b.WriteString("null")
	case k == 1:
		b.WriteString([]string{"true", "false"}[r.IntN(2)])
	case k == 2:
		b.WriteString([]string{"0", "-0", "1.50", "1e400", "-12345678901234567890", "1E-2"}[r.IntN(6)])
	case k == 3 && depth < 3:
		b.WriteByte('[')
		for i := range r.IntN(3) {
			if i > 0 {
				b.WriteString(" , ")
			}
			randomValue(r, b, depth+1)
		}
		b.WriteByte(']')
	case k == 4 && depth < 3:
		b.WriteByte('{')
		for i := range r.IntN(3) {
			if i > 0 {
				b.WriteByte(',')
			}
			randomString(r, b, names[r.IntN(len(names))])
			b.WriteByte(':')
			randomValue(r, b, depth+1)
		}
		b.WriteByte('}')
	default:
		randomString(r, b, strs[r.IntN(len(strs))])
	}
}

// randomString writes a string with escapes where JSON wants them, and some where not.
func randomString(r *rand.Rand, b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c < ' ' || c < 0x10000 && r.IntN(12) == 0:
			fmt.Fprintf(b, `\u%04x`, c)
		case c == '"' || c == '\\' || c == '/' && r.IntN(2) == 0:
			b.WriteByte('\\')
			b.WriteRune(c)
		case c > 0xffff && r.IntN(2) == 0:
			c -= 0x10000
			fmt.Fprintf(b, `\u%04X\u%04X`, 0xd800+c>>10, 0xdc00+c&0x3ff)
		default:
			b.WriteRune(c)
		}
	}
	if r.IntN(50) == 0 {
		b.WriteString(`\ud800`) // half a surrogate pair
	}
	b.WriteByte('"')
}

func FuzzRedact(f *testing.F) {
	for _, e := range append(append(testdata.Events(), testdata.Webhooks()...), testdata.OtherLines()...) {
		if len(e.JSON) < 10_000 { // a fuzzer is slow with long texts
			f.Add(e.JSON, uint8(len(e.Name)))
		}
	}
	random := rand.New(rand.NewPCG(1, 1))
	for i := range 100 {
		f.Add(randomEvent(random), uint8(i))
	}
	rules := randomRules()
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		chosen := rules[int(which)%len(rules)]
		redactBoth(t, newEditor(t, chosen), text, chosen)
	})
}
