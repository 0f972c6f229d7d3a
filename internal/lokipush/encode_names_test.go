package lokipush

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMetadataName(t *testing.T) {
	for name, want := range map[string]string{
		"stytch.event_id":           "stytch_event_id",
		"http.response.status_code": "http_response_status_code",
		"a__b":                      "a_b",
		"_z":                        "_z",
		"a-.é_b":                    "a_b",
		"1e":                        "key_1e",
		"\u212a":                    "", // the Kelvin sign, whose lower case is k
		"Ärger":                     "_rger",
		"":                          "",
		"_":                         "",
		"__.__":                     "",
		"日本":                        "",
	} {
		got, err := MetadataName(name)
		require.Equal(t, want, got, name)
		require.Equal(t, want == "", err != nil, name)
	}
}

// Loki leaves a name alone that has been through MetadataName.
func FuzzMetadataName(f *testing.F) {
	f.Add("stytch.event_id")
	f.Add("1__\xff")
	f.Fuzz(func(t *testing.T, name string) {
		once, err := MetadataName(name)
		if err != nil {
			return
		}
		require.True(t, ValidLabelName(once))
		twice, err := MetadataName(once)
		require.NoError(t, err)
		require.Equal(t, once, twice)
	})
}
