package stytchreceiver

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// webhook takes Stytch's webhooks, one event each, signed as
// https://docs.svix.com/receiving/verifying-payloads/how-manual describes. The
// senders' own libraries are not used: they read the clock themselves, know one
// secret only, and accept an empty one.
type webhook struct {
	jsonErrors
	path    string
	secrets [][]byte
}

func (p *webhook) endpoint() endpoint { return endpoint{"webhook", p.path, http.StatusAccepted} }

// Authenticate checks the form and the time of the signature. The signature itself
// covers the body: see verify.
func (*webhook) Authenticate(_ http.Header, r *http.Request) (context.Context, error) {
	if _, err := readSignature(r.Header, time.Now()); err != nil {
		return nil, err
	}
	return r.Context(), nil
}

// format rejects compressed bodies: no webhook is compressed, and a body must not cost
// more than its bytes before its signature is checked.
func (p *webhook) format(header http.Header) (format, error) {
	if given := header.Get("Content-Encoding"); given != "" {
		return format{}, newHTTPError(reasonEncoding,
			fmt.Errorf("Content-Encoding %.40q is not supported: want no such header, for webhooks are not compressed", given))
	}
	return format{verify: func(body []byte) error { return p.verify(header, body) }, parse: p.parse}, nil
}

// verify checks the signature of a body. Its timestamp is checked again: the body may
// have been slow.
func (p *webhook) verify(header http.Header, body []byte) error {
	signature, err := readSignature(header, time.Now())
	if err != nil {
		return err
	}
	if !signature.verify(p.secrets, body) {
		return newHTTPError(reasonSignature, errors.New("no signature is one of this body and a secret of webhook::secrets"))
	}
	return nil
}

func (*webhook) parse(header http.Header, body []byte, b *logsBuilder) error {
	signature, _ := signatureHeaders(header) // verify has read them
	text := string(body)
	b.stream(nil, 1)
	end, err := b.addObject(text, jsonscan.SkipSpace(text, 0), lokipush.Label{Name: stytch.AttrWebhookID, Value: signature.id})
	if err != nil {
		return err
	}
	return jsonscan.CheckEnd(text, end, "object")
}

// tolerance is how far the timestamp of a webhook may be from our clock, either way.
const tolerance = 5 * time.Minute

// signature holds the headers of a webhook.
type signature struct {
	id        string
	timestamp string // seconds since the epoch
	given     string // signatures, separated by blanks: v1,<base64>, or of another version
}

// readSignature reads the headers and compares their timestamp with now. The time of
// the event itself does not matter: each retry has a new signature.
func readSignature(header http.Header, now time.Time) (signature, error) {
	s, complete := signatureHeaders(header)
	if !complete {
		return s, newHTTPError(reasonSignature, errors.New("want the headers svix-id, svix-timestamp and svix-signature"))
	}
	sent, err := strconv.ParseInt(s.timestamp, 10, 64)
	if err != nil {
		return s, newHTTPError(reasonSignature, errors.New("svix-timestamp: want seconds since the epoch"))
	}
	const seconds = int64(tolerance / time.Second)
	switch at := now.Unix(); {
	case sent < at-seconds:
		return s, newHTTPError(reasonSignature, fmt.Errorf("svix-timestamp: more than %v ago", tolerance))
	case sent > at+seconds:
		return s, newHTTPError(reasonSignature, fmt.Errorf("svix-timestamp: more than %v ahead", tolerance))
	}
	return s, nil
}

func signatureHeaders(header http.Header) (s signature, complete bool) {
	if s, complete = signatureOf(header, "Svix-"); !complete {
		s, complete = signatureOf(header, "Webhook-")
	}
	return s, complete
}

func signatureOf(header http.Header, prefix string) (s signature, complete bool) {
	s = signature{header.Get(prefix + "Id"), header.Get(prefix + "Timestamp"), header.Get(prefix + "Signature")}
	return s, s.id != "" && s.timestamp != "" && s.given != ""
}

// verify tells whether one of the secrets made one of the signatures of body.
func (s signature) verify(secrets [][]byte, body []byte) bool {
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(s.id + "." + s.timestamp + "."))
		mac.Write(body)
		want := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		for given := range strings.SplitSeq(s.given, " ") {
			if hmac.Equal([]byte(given), want) {
				return true
			}
		}
	}
	return false
}

// decodeSecret returns the key of a secret as Stytch's dashboard shows it. It accepts
// one line end after the secret, as files have it. Its errors hold no part of the
// secret.
func decodeSecret(secret string) ([]byte, error) {
	encoded := strings.TrimPrefix(strings.TrimSuffix(strings.TrimSuffix(secret, "\n"), "\r"), "whsec_")
	if strings.ContainsFunc(encoded, unicode.IsSpace) { // base64 would ignore line ends
		return nil, errors.New("holds white space")
	}
	if encoded == "" {
		return nil, errors.New("is empty")
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("want whsec_ and base64, as Stytch's dashboard shows it")
	}
	return key, nil
}
