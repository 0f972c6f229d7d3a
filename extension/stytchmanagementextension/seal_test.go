package stytchmanagementextension

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func newTestSeals(t *testing.T, keys ...byte) seals {
	t.Helper()
	var all [][]byte
	for _, b := range keys {
		all = append(all, bytes.Repeat([]byte{b}, sealKeySize))
	}
	s, err := newSeals(all)
	require.NoError(t, err)
	return s
}

func TestSeals(t *testing.T) {
	none, one, two, both := newTestSeals(t), newTestSeals(t, 1), newTestSeals(t, 2), newTestSeals(t, 2, 1)
	text := []byte(`{"api_key":"secret"}`)
	for name, tc := range map[string]struct {
		close, open seals
		stale       bool
		err         string
	}{
		"plain":                 {close: none, open: none},
		"sealed":                {close: one, open: one},
		"by the second key":     {close: one, open: both, stale: true},
		"by the first key":      {close: both, open: two},
		"plain, to be sealed":   {close: none, open: one, stale: true},
		"by another key":        {close: one, open: two, err: "none of `encryption_keys` opens it: add the key it was sealed with, or restore a backup if it is damaged"},
		"sealed, and no key":    {close: one, open: none, err: "it is sealed: set `encryption_keys` to the keys it was sealed with"},
		"the first key was cut": {close: both, open: one, err: "none of `encryption_keys` opens it: add the key it was sealed with, or restore a backup if it is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			value := tc.close.close("v1/a", text)
			if len(tc.close) > 0 {
				require.NotContains(t, string(value), "secret")
				require.Len(t, value, 1+12+len(text)+16, "form, nonce, text, tag")
				require.NotEqual(t, value, tc.close.close("v1/a", text), "a nonce is never used twice")
			}
			got, stale, err := tc.open.open("v1/a", value)
			if tc.err != "" {
				require.EqualError(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, string(text), string(got))
			require.Equal(t, tc.stale, stale)
		})
	}
}

func TestSealsNoticeWhatWasChanged(t *testing.T) {
	s := newTestSeals(t, 1)
	value := s.close("v1/a", []byte("text"))
	_, _, err := s.open("v1/b", value)
	require.Error(t, err, "moved to another key")
	for i := range value {
		changed := bytes.Clone(value)
		changed[i] ^= 1 << 4
		_, _, err := s.open("v1/a", changed)
		require.Error(t, err, "byte %d", i)
	}
	for n := range value {
		_, _, err := s.open("v1/a", value[:n])
		require.Error(t, err, "cut to %d bytes", n)
	}
	_, _, err = s.open("v1/a", []byte{3, 1, 2})
	require.EqualError(t, err, "its form 3 is unknown: a newer version has written it")
}
