package httpsend

import (
	"bytes"
	"strings"
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
	text := string(line)
	for _, secret := range s.Secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, string(secret), "[secret]")
		}
	}
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
