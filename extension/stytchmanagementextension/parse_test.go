package stytchmanagementextension

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever is sent, a create is refused with words for a field, or what it says comes
// back from the stored form and the answer.
func FuzzCreate(f *testing.F) {
	f.Add([]byte(createBody))
	f.Add([]byte(`{"destination_type":"GRAFANA_LOKI","destination_config":{"grafana_loki":{"hostname":"h:1","username":"ü","password":"\u00e4<&>"},"datadog":null}}`))
	f.Add([]byte(`{"destination_type":"DATADOG","destination_config":{"datadog":{"api_key":[[[`))
	f.Fuzz(func(t *testing.T, body []byte) {
		with, err := parseCreate(body)
		if err == nil {
			if wrong := checkCredentials(with); len(wrong) > 0 {
				err = invalid(wrong...)
			}
		}
		if err != nil {
			var r *refusal
			require.ErrorAs(t, err, &r)
			require.NotEmpty(t, r.fields)
			return
		}
		text, err := json.Marshal(stored{Generation: 1, unmaskedConfig: unmaskedConfigOf(with)})
		require.NoError(t, err)
		s, err := decodeStream(project+"/"+string(with.Destination()), text)
		require.NoError(t, err)
		require.Equal(t, with, s.Credentials)
		answer, err := json.Marshal(unmasked(s))
		require.NoError(t, err)
		again, err := parseCreate(answer)
		require.NoError(t, err)
		require.Equal(t, with, again)
	})
}
