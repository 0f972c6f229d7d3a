package httpsend

import (
	"bytes"
	"net/url"
	"strings"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
)

const (
	// excerptLength is how much of an answer's text stands in an error, in bytes.
	excerptLength = 256
	// quoteLength is the length from which a text that stands in the payload
	// too counts as quoted from it, in bytes: longer than the words that a
	// message and an event have in common, shorter than an e-mail address.
	quoteLength = 12
)

// excerpt returns the first line of an answer for an error, with a colon
// before it. What it repeats of the payload, which holds personal data, and of
// the secrets is left out.
func (s *Sender) excerpt(answer, payload []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(answer), []byte("\n"))
	text := s.withoutSecrets(string(line))
	text = strings.ToValidUTF8(text[:min(len(text), excerptLength)], "")
	quoted := make([]bool, len(text))
	for i := 0; i+quoteLength <= len(text); i++ {
		if bytes.Contains(payload, []byte(text[i:i+quoteLength])) {
			for k := i; k < i+quoteLength; k++ {
				quoted[k] = true
			}
		}
	}
	var out strings.Builder
	for i, r := range text {
		switch {
		case !quoted[i]:
			out.WriteRune(r)
		case i == 0 || !quoted[i-1]:
			out.WriteString("…")
		}
	}
	if out.Len() == 0 {
		return ""
	}
	return ": " + out.String()
}

func (s *Sender) withoutSecrets(text string) string {
	for _, secret := range s.Secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, string(secret), "[secret]")
		}
	}
	return text
}

// Mask returns err without the secrets in its text: net/http quotes what a
// server answered that is no HTTP.
func (s *Sender) Mask(err error) error {
	if text := s.withoutSecrets(err.Error()); text != err.Error() {
		return &masked{err, text}
	}
	return err
}

type masked struct {
	error
	text string
}

func (m *masked) Error() string { return m.text }
func (m *masked) Unwrap() error { return m.error }

// secretLength is from which length on a header's value counts as a secret, in
// bytes: a shorter one is a tenant or a flag, and leaving it out of a text
// would leave out much besides.
const secretLength = 8

// Secrets are what cfg holds of them: its headers' values, and the passwords
// in its URLs.
func Secrets(cfg confighttp.ClientConfig) []configopaque.String {
	var secrets []configopaque.String
	for _, value := range cfg.Headers.Iter {
		if len(value) >= secretLength {
			secrets = append(secrets, value)
		}
	}
	for _, s := range []string{cfg.Endpoint, cfg.ProxyURL} {
		if u, err := url.Parse(s); err == nil && u.User != nil {
			if password, set := u.User.Password(); set {
				secrets = append(secrets, configopaque.String(password))
			}
		}
	}
	return secrets
}
