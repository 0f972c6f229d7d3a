package httpsend

import (
	"net/url"
	"strings"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
)

// withoutSecrets, mask and redact belong to the target that was asked: the sender can have
// another one by the time of the answer.
func (t *Target) withoutSecrets(text string) string {
	for _, secret := range t.Secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, string(secret), "[secret]")
		}
	}
	return text
}

// mask returns err without the secrets in its text: net/http quotes what a
// server answered that is no HTTP.
func (t *Target) mask(err error) error {
	if text := t.withoutSecrets(err.Error()); text != err.Error() {
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

// secretLength is the length from which a header's value counts as a secret, in
// bytes. A shorter one is a tenant or a flag, and would also match other words.
const secretLength = 8

// clientSecrets returns the secrets in cfg: the values of headers, and the passwords
// in URLs.
func clientSecrets(cfg confighttp.ClientConfig) []configopaque.String {
	var secrets []configopaque.String
	for _, value := range cfg.Headers.Iter {
		if len(value) >= secretLength {
			secrets = append(secrets, value)
			if _, token, ok := strings.Cut(string(value), " "); ok { // Bearer TOKEN
				secrets = append(secrets, configopaque.String(token))
			}
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
