//go:build e2e

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

func TestComponentsAreInTheBinary(t *testing.T) {
	type component struct {
		Name      string            `yaml:"name"`
		Module    string            `yaml:"module"`
		Stability map[string]string `yaml:"stability"`
	}
	var listed struct{ Receivers, Processors, Exporters, Extensions []component }
	command, err := harness.Command(nil, "components")
	require.NoError(t, err)
	output, err := command.Output()
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(output, &listed))

	for _, c := range []struct {
		kind, name string
		components []component
	}{
		{"receiver", "stytch", listed.Receivers},
		{"processor", "stytch", listed.Processors},
		{"exporter", "datadog_logs", listed.Exporters},
		{"exporter", "loki", listed.Exporters},
		{"extension", "stytch_encoding", listed.Extensions},
	} {
		signal := "logs"
		if c.kind == "extension" {
			signal = "extension"
		}
		found := map[string]component{}
		for _, component := range c.components {
			found[component.Name] = component
		}
		require.Contains(t, found, c.name, c.kind)
		require.Contains(t, found[c.name].Module, "github.com/otelcol-stytch/otelcol-stytch")
		require.Contains(t, []string{"Development", "Alpha", "Beta", "Stable"}, found[c.name].Stability[signal], "%s %s", c.kind, c.name)
	}
}

func TestValidateNamesTheWrongKey(t *testing.T) {
	example := harness.Path("examples/local/collector.yaml")
	for _, c := range []struct{ name, overlay, told string }{
		{"receiver key", "receivers: {stytch: {loki_pusk: {}}}", "loki_pusk"},
		{"events key", "receivers: {stytch: {events: {paht: /x}}}", "paht"},
		{"processor key", "processors: {stytch: {sorce: x}}", "sorce"},
		{"Datadog key", "exporters: {datadog_logs: {tag: [a]}}", "tag"},
		{"Datadog api key", "exporters: {datadog_logs: {api: {kee: x}}}", "kee"},
		{"Loki key", "exporters: {loki: {hostnam: x}}", "hostnam"},
		{"hostname with a scheme", "exporters: {loki: {endpoint: null, hostname: 'https://x'}}", "exporters::loki::hostname"},
		{"Loki compression", "exporters: {loki: {compression: zstd}}", "exporters::loki: compression"},
		{"Datadog site", "exporters: {datadog_logs: {api: {site: 'https://datadoghq.com'}}}", "exporters::datadog_logs::api: site"},
		{"no key", "exporters: {datadog_logs: {api: {key: ''}}}", "exporters::datadog_logs::api: key"},
		{"events path", "receivers: {stytch: {events: {path: events}}}", "receivers::stytch: events::path"},
		{"no endpoint", "receivers: {stytch: {http: {endpoint: ''}}}", "receivers::stytch: http::endpoint"},
		{"negative size", "receivers: {stytch: {http: {max_request_body_size: -1}}}", "receivers::stytch: http::max_request_body_size"},
		{"timeout without a unit", "exporters: {loki: {timeout: 30}}", "exporters::loki: timeout"},
		{"a way to redact", "processors: {stytch: {redact: [{field: a, with: blur}]}}", "processors::stytch: redact::0::with"},
		{"empty source", "processors: {stytch: {source: ''}}", "processors::stytch: source"},
	} {
		t.Run(c.name, func(t *testing.T) {
			output, err := validate(t, example, overlayFiles(t, []string{c.overlay})[0])
			require.Error(t, err, output)
			require.Contains(t, output, c.told)
		})
	}
}
