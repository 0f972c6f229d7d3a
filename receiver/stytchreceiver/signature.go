package stytchreceiver

import (
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
)

// Webhooks are signed as https://docs.svix.com/receiving/verifying-payloads/how-manual
// tells. The senders' own libraries read the clock themselves, know one secret,
// and take an empty one.

// tolerance is how far a webhook's clock may be from ours, either way.
const tolerance = 5 * time.Minute

// signature is what the headers of a webhook tell.
type signature struct {
	id        string
	timestamp string
	given     string // v1,<base64> and other versions, with blanks between them
}

// readSignature reads the headers and compares their timestamp with now. The
// event's own timestamp does not count: each retry is signed anew.
func readSignature(header http.Header, now time.Time) (signature, error) {
	s, complete := signatureOf(header, "Svix-")
	if !complete {
		s, complete = signatureOf(header, "Webhook-")
	}
	if !complete {
		return s, errors.New("want the headers svix-id, svix-timestamp and svix-signature")
	}
	sent, err := strconv.ParseInt(s.timestamp, 10, 64)
	if err != nil {
		return s, errors.New("svix-timestamp: want seconds since the epoch")
	}
	const seconds = int64(tolerance / time.Second)
	switch at := now.Unix(); {
	case sent < at-seconds:
		return s, fmt.Errorf("svix-timestamp: more than %v ago", tolerance)
	case sent > at+seconds:
		return s, fmt.Errorf("svix-timestamp: more than %v ahead", tolerance)
	}
	return s, nil
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

// decodeSecret returns the key of a secret as Stytch's dashboard shows it, with
// or without the end of a line, as files have it. No error holds any of it.
func decodeSecret(secret string) ([]byte, error) {
	encoded := strings.TrimPrefix(strings.TrimSuffix(strings.TrimSuffix(secret, "\n"), "\r"), "whsec_")
	if strings.ContainsFunc(encoded, unicode.IsSpace) { // which base64 would pass over in part
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
