package httpsend

import (
	"bytes"
	"strings"
)

const (
	// redactedLength is how much of an answer's text stands in an error, in bytes.
	redactedLength = 256
	// quoteLength is the length from which a text that stands in the payload
	// too counts as quoted from it, in bytes: longer than the words that a
	// message and an event have in common, shorter than an e-mail address.
	quoteLength = 12
)

// redact returns the first line of an answer for an error, with a colon before it.
// It leaves out what the answer repeats of the payload, which contains personal data,
// and of the secrets.
func (t *Target) redact(answer, payload []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(answer), []byte("\n"))
	text := t.withoutSecrets(string(line))
	text = strings.ToValidUTF8(text[:min(len(text), redactedLength)], "")
	quoted := quotes(text, payload)
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

// quotes tells of each byte of text whether it is in a run of quoteLength bytes
// that stands in the payload too. It reads the payload, which can be megabytes,
// once, and looks a run of it up only where its first bytes are those of one in
// the text.
func quotes(text string, payload []byte) []bool {
	runs := map[string]int{} // each run of the text → its number
	var begins [hashes]bool
	for i := 0; i+quoteLength <= len(text); i++ {
		if _, again := runs[text[i:i+quoteLength]]; !again {
			runs[text[i:i+quoteLength]] = len(runs)
		}
		begins[hash(text[i], text[i+1], text[i+2], text[i+3])] = true
	}
	found := make([]bool, len(runs))
	for i := 0; i+quoteLength <= len(payload); i++ {
		if begins[hash(payload[i], payload[i+1], payload[i+2], payload[i+3])] {
			if run, ok := runs[string(payload[i:i+quoteLength])]; ok {
				found[run] = true
			}
		}
	}
	quoted := make([]bool, len(text))
	for i := 0; i+quoteLength <= len(text); i++ {
		if found[runs[text[i:i+quoteLength]]] {
			for k := i; k < i+quoteLength; k++ {
				quoted[k] = true
			}
		}
	}
	return quoted
}

// Words returns the first line of an answer to a request that held no event, as redact
// does.
func (s *Sender) Words(answer []byte) string { return s.Target().redact(answer, nil) }

const hashes = 1 << 13

// hash is Fibonacci's, of four bytes.
func hash(a, b, c, d byte) uint32 {
	return (uint32(a) | uint32(b)<<8 | uint32(c)<<16 | uint32(d)<<24) * 2654435769 >> (32 - 13)
}
