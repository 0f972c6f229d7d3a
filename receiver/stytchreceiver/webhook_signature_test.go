package stytchreceiver

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

// The vector that the senders' own libraries are tested with.
const (
	vectorSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorTimestamp = "1614265330"
	vectorBody      = `{"test": 2432232314}`
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

var vectorTime = time.Unix(1614265330, 0)

func vectorHeader(prefix string) http.Header {
	header := http.Header{}
	header.Set(prefix+"-id", vectorID)
	header.Set(prefix+"-timestamp", vectorTimestamp)
	header.Set(prefix+"-signature", vectorSignature)
	return header
}

// verifyAll takes the steps of the protocol at once.
func verifyAll(t *testing.T, header http.Header, body string, now time.Time, secrets ...string) bool {
	t.Helper()
	var keys [][]byte
	for _, secret := range secrets {
		key, err := decodeSecret(secret)
		require.NoError(t, err)
		keys = append(keys, key)
	}
	s, err := readSignature(header, now)
	return err == nil && s.verify(keys, []byte(body))
}

func TestSignature(t *testing.T) {
	const other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	decoys := "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v1a," + vectorSignature[3:] + "  v1 , v1," + vectorSignature[3:20]
	for name, tc := range map[string]struct {
		change  func(http.Header)
		now     time.Time
		body    string
		secrets []string
		want    bool
	}{
		"the vector":                     {want: true},
		"a secret with a line's end":     {secrets: []string{vectorSecret + "\n"}, want: true},
		"and that of Windows":            {secrets: []string{vectorSecret + "\r\n"}, want: true},
		"without the secret's prefix":    {secrets: []string{vectorSecret[6:]}, want: true},
		"the second of two secrets":      {secrets: []string{other, vectorSecret}, want: true},
		"first among decoys":             {change: set("svix-signature", vectorSignature+" "+decoys), want: true},
		"last among decoys":              {change: set("svix-signature", decoys+" "+vectorSignature), want: true},
		"300 s later":                    {now: vectorTime.Add(300 * time.Second), want: true},
		"300 s earlier":                  {now: vectorTime.Add(-300 * time.Second), want: true},
		"svix names beside partial ones": {change: set("webhook-id", "x"), want: true},

		"301 s later":    {now: vectorTime.Add(301 * time.Second)},
		"301 s earlier":  {now: vectorTime.Add(-301 * time.Second)},
		"another secret": {secrets: []string{other}},
		"no secret":      {secrets: []string{}},
		"only decoys":    {change: set("svix-signature", decoys)},
		"v2":             {change: set("svix-signature", "v2,"+vectorSignature[3:])},
		"no version":     {change: set("svix-signature", vectorSignature[3:])},
		"one bit of it":  {change: set("svix-signature", strings.Replace(vectorSignature, "g0h", "g0i", 1))},
		"text after":     {change: set("svix-signature", vectorSignature+",")},
		"another body":   {body: vectorBody + " "},
		"another id":     {change: set("svix-id", vectorID+"x")},
		"id and timestamp mix": {change: func(h http.Header) {
			h.Set("svix-id", vectorID+"."+vectorTimestamp[:5])
			h.Set("svix-timestamp", vectorTimestamp[5:])
		}},
		"another timestamp":                   {change: set("svix-timestamp", "1614265331")},
		"timestamp no number":                 {change: set("svix-timestamp", "2021-02-25")},
		"timestamp with blank":                {change: set("svix-timestamp", " "+vectorTimestamp)},
		"timestamp too large":                 {change: set("svix-timestamp", "99999999999999999999")},
		"timestamp smallest":                  {change: set("svix-timestamp", "-9223372036854775808")},
		"timestamp largest":                   {change: set("svix-timestamp", "9223372036854775807")},
		"no id":                               {change: unset("svix-id")},
		"no timestamp":                        {change: unset("svix-timestamp")},
		"no signature":                        {change: unset("svix-signature")},
		"the missing one of the other family": {change: func(h http.Header) { h.Del("svix-id"); h.Set("webhook-id", vectorID) }},
	} {
		t.Run(name, func(t *testing.T) {
			header := vectorHeader("svix")
			if tc.change != nil {
				tc.change(header)
			}
			now, body, secrets := vectorTime, vectorBody, []string{vectorSecret}
			if !tc.now.IsZero() {
				now = tc.now
			}
			if tc.body != "" {
				body = tc.body
			}
			if tc.secrets != nil {
				secrets = tc.secrets
			}
			require.Equal(t, tc.want, verifyAll(t, header, body, now, secrets...))
		})
	}
}

func set(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
func unset(name string) func(http.Header)      { return func(h http.Header) { h.Del(name) } }

func TestSignatureOfTheOtherHeaderFamily(t *testing.T) {
	require.True(t, verifyAll(t, vectorHeader("webhook"), vectorBody, vectorTime, vectorSecret))
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		header := vectorHeader("webhook")
		header.Del(name)
		require.False(t, verifyAll(t, header, vectorBody, vectorTime, vectorSecret), name)
	}
}

// What the reference library signs now, with any content, is taken.
func TestSignatureOfTheReferenceLibrary(t *testing.T) {
	reference, err := standardwebhooks.NewWebhook(vectorSecret)
	require.NoError(t, err)
	now := time.Now()
	for _, body := range []string{"", "{}", "\x00\xff", strings.Repeat("é", 1000)} {
		header := sign(t, reference, "msg_1", now, body)
		require.NoError(t, reference.Verify([]byte(body), header))
		require.True(t, verifyAll(t, header, body, now, vectorSecret))
		require.False(t, verifyAll(t, header, body+"x", now, vectorSecret))
	}
}

func sign(t testing.TB, key *standardwebhooks.Webhook, id string, at time.Time, body string) http.Header {
	t.Helper()
	signature, err := key.Sign(id, at, []byte(body))
	require.NoError(t, err)
	header := http.Header{}
	header.Set("webhook-id", id)
	header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	header.Set("webhook-signature", signature)
	return header
}

func TestDecodeSecret(t *testing.T) {
	for secret, want := range map[string]string{
		"":               "is empty",
		"whsec_":         "is empty",
		" whsec_YWJj":    "holds white space",
		"whsec_YW Jj":    "holds white space",
		"whsec_YW\nJj":   "holds white space",
		"whsec_YWJj\n\n": "holds white space",
		"whsec_%%%":      "want whsec_ and base64, as Stytch's dashboard shows it",
		"whsec_YWJjZA":   "want whsec_ and base64, as Stytch's dashboard shows it",
		"project-1-key":  "want whsec_ and base64, as Stytch's dashboard shows it",
	} {
		_, err := decodeSecret(secret)
		require.EqualError(t, err, want)
	}
}
