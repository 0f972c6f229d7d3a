package httpsend

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
)

func TestExcerptHoldsNeitherSecretsNorEvents(t *testing.T) {
	target := Target{Secrets: []configopaque.String{"k3y", ""}}
	payload := []byte(`[{"email_address":"ada@example.com","_timestamp":1}]`)
	for answer, want := range map[string]string{
		"":                                 "",
		"\n too old\nsecond line":          ": too old",
		"key k3y is invalid":               ": key [secret] is invalid",
		"bad address ada@example.com here": ": bad address … here",
		`error in #10 byte of ...|_address":"ada@example.com","_ti|...`: ": error in #10 byte of ...|…|...",
		strings.Repeat("x", 300):                  ": " + strings.Repeat("x", 256),
		strings.Repeat("x", 254) + "k3y":          ": " + strings.Repeat("x", 254) + "[s",
		"entry with timestamp 1 ignored, \xff...": ": entry with timestamp 1 ignored, ...",
	} {
		require.Equal(t, want, target.redact([]byte(answer), payload))
	}
}

// A stream's key can be replaced while the answer is on its way that quotes it.
func TestAFormerSecretIsNotShown(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter){
		"in an answer": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "no account has the former key")
		},
		"in what is no HTTP": func(w http.ResponseWriter) {
			c, _, _ := w.(http.Hijacker).Hijack()
			_, _ = io.WriteString(c, "HTTP/1.1 former key\r\n\r\n")
			_ = c.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			in, s := newIntake(t, nil)
			in.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				s.aim(Target{URL: in.URL, Secrets: []configopaque.String{"another"}})
				answer(w)
			})
			s.aim(Target{URL: in.URL, Secrets: []configopaque.String{"former"}})
			_, err := (&letters{text: "a", max: 1}).send(t.Context(), s)
			require.ErrorContains(t, err, "[secret]")
			require.NotContains(t, err.Error(), "former")
			require.NotContains(t, fmt.Sprint(in.log.All()), "former")
		})
	}
}

// An answer is compared with a payload of Datadog's largest size.
func BenchmarkExcerpt(b *testing.B) {
	target := Target{}
	payload := bytes.Repeat([]byte(`{"event_id":"event-live-00000000-1111-2222","action":"SessionsAuthenticate","n":123},`), 58_000)
	answer := []byte(strings.Repeat("an error happened somewhere in the intake, ", 10))
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		target.redact(answer, payload)
	}
}

func TestSecretsOfTheClient(t *testing.T) {
	cfg := DefaultClient()
	require.Empty(t, clientSecrets(cfg))
	cfg.Headers = configopaque.MapList{{Name: "Authorization", Value: "Bearer abcdefgh"}, {Name: "X-Shard", Value: "12"}}
	cfg.Endpoint, cfg.ProxyURL = "https://u:end@localhost", "http://u:proxy@localhost"
	require.Equal(t, []configopaque.String{"Bearer abcdefgh", "abcdefgh", "end", "proxy"}, clientSecrets(cfg))
}
