package stytchmanagementextension

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

// from makes a request from an address, by Basic.
func from(address, id, secret string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, base+"/DATADOG", nil)
	r.RemoteAddr = address
	r.SetBasicAuth(id, secret)
	return r
}

func TestAuthenticate(t *testing.T) {
	for name, tc := range map[string]struct{ header, key string }{
		"nothing":             {},
		"Basic":               {"Basic d29ya3NwYWNlLWtleS0xOndvcmtzcGFjZS1zZWNyZXQtb2YtdGhlLXRlc3Rz", "workspace-key-1"},
		"Bearer":              {"Bearer " + testSecret, "workspace-key-1"},
		"the other key":       {"bearer another-secret-of-the-tests", "workspace-key-2"},
		"the other id":        {"Basic d29ya3NwYWNlLWtleS0yOndvcmtzcGFjZS1zZWNyZXQtb2YtdGhlLXRlc3Rz", ""},
		"id alone":            {"Basic d29ya3NwYWNlLWtleS0xOg==", ""},
		"Bearer of an id":     {"Bearer " + testKeyID, ""},
		"Bearer of both":      {"Bearer " + testKeyID + ":" + testSecret, ""},
		"half a secret":       {"Bearer " + testSecret[:len(testSecret)-1], ""},
		"no base64":           {"Basic !", ""},
		"another scheme":      {"Digest " + testSecret, ""},
		"a scheme alone":      {"Bearer", ""},
		"a secret alone":      {testSecret, ""},
		"an empty Basic pair": {"Basic Og==", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccess(testConfig().WorkspaceKeys, zap.NewNop())
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			if tc.header != "" {
				r.Header.Set("Authorization", tc.header)
			}
			key, err := a.authenticate(r)
			require.Equal(t, tc.key, key)
			if tc.key == "" {
				require.ErrorIs(t, err, errUnauthorized)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

func TestGuessesAreLimitedByAddress(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	r.access.every = time.Hour
	const guesser, other = "192.0.2.1:1000", "192.0.2.2:1000"
	for range failuresPerAddress {
		require.Equal(t, 401, r.send(t, from(guesser, testKeyID, "wrong")).StatusCode)
	}
	a := r.send(t, from("192.0.2.1:2000", testKeyID, "wrong"))
	require.Equal(t, 429, a.StatusCode)
	require.Equal(t, "too_many_requests", a.json["error_type"])
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	require.NoError(t, err)
	require.True(t, seconds > 3000 && seconds <= 3600, seconds)
	require.Equal(t, 429, r.send(t, from(guesser, testKeyID, testSecret)).StatusCode, "a guess that is right is not heard either")
	require.Equal(t, 401, r.send(t, from(other, testKeyID, "wrong")).StatusCode)
	require.Equal(t, 1, r.logs.FilterMessage("Someone uses wrong credentials; this is logged once a minute").Len())
}

func TestRightCredentialsAreNotLimited(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	r.access.every = time.Hour
	const address = "192.0.2.1:1000"
	for range 1000 {
		require.Equal(t, 404, r.send(t, from(address, testKeyID, testSecret)).StatusCode)
	}
	// Behind one address there can be others, who have it wrong.
	for range 2 * failuresPerAddress {
		r.send(t, from(address, testKeyID, "wrong"))
	}
	require.Equal(t, 429, r.send(t, from(address, testKeyID, "wrong")).StatusCode)
	require.Equal(t, 404, r.send(t, from(address, testKeyID, testSecret)).StatusCode)
}

func TestGuessesFromManyAddressesAreLimited(t *testing.T) {
	a := newAccess(testConfig().WorkspaceKeys, zap.NewNop())
	a.all.SetLimit(rate.Every(time.Hour))
	_, err := a.authenticate(from("192.0.2.1:1000", testKeyID, testSecret))
	require.NoError(t, err)
	limited := 0
	for i := range 2 * maxAddresses {
		_, err := a.authenticate(from(fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255), testKeyID, "wrong"))
		require.Error(t, err)
		if !errors.Is(err, errUnauthorized) {
			limited++
		}
	}
	require.Greater(t, limited, maxAddresses)
	require.LessOrEqual(t, a.failures.Len(), maxAddresses)
	_, err = a.authenticate(from("192.0.2.1:1000", testKeyID, testSecret))
	require.NoError(t, err, "an address that is known")
	_, err = a.authenticate(from("192.0.2.9:1000", testKeyID, testSecret))
	require.Error(t, err, "one that is not")
}

func TestAddressOf(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:80":          "192.0.2.1",
		"[::ffff:192.0.2.1]:80": "192.0.2.1",
		"[2001:db8:1:2:3::4]:1": "2001:db8:1:2::",
		"@":                     "invalid IP",
	} {
		require.Equal(t, want, addressOf(&http.Request{RemoteAddr: remote}).String())
	}
}
