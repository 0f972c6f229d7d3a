package httpsend

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func TestTexts(t *testing.T) {
	for _, tc := range []struct {
		yaml    string
		want    string
		numbers []string
		err     string
	}{
		{`key: 123456`, "123456", []string{"key"}, ""},
		{`key: 0123`, "83", []string{"key"}, ""},
		{`key: 18446744073709551615`, "18446744073709551615", []string{"key"}, ""},
		{`key: "0123"`, "0123", nil, ""},
		{`key: 1e5`, "", nil, "must be in quotes"},
		{`key: 01234567890123456789012345678901`, "", nil, "must be in quotes"},
		{`key: true`, "", nil, "must be in quotes"},
		{`key: 2026-03-04`, "", nil, "must be in quotes"},
		{`key: [1]`, "", nil, "'key' expected type"},
		{`key: {a: 1}`, "", nil, "'key' expected type"},
		{`key: "a\n"`, "a", nil, ""},
		{`key: "a\r\n"`, "a", nil, ""},
		{`key: "a\n\n"`, "a\n", nil, ""},
		{`key:`, "", nil, ""},
		{`other: 1`, "default", nil, ""},
	} {
		t.Run(tc.yaml, func(t *testing.T) {
			retrieved, err := confmap.NewRetrievedFromYAML([]byte(tc.yaml))
			require.NoError(t, err)
			conf, err := retrieved.AsConf()
			require.NoError(t, err)
			numbers, err := Texts(conf, "key")
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.numbers, numbers)
			config := struct {
				Key string `mapstructure:"key"`
			}{"default"}
			require.NoError(t, conf.Unmarshal(&config, confmap.WithIgnoreUnused()))
			require.Equal(t, tc.want, config.Key)
		})
	}
}
