package deploy

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

const composeFolder = "../../deploy/compose/"

func project(t *testing.T, environment types.Mapping) (*types.Project, error) {
	t.Helper()
	content, err := os.ReadFile(composeFolder + "compose.yaml")
	require.NoError(t, err)
	directory, err := filepath.Abs(composeFolder)
	require.NoError(t, err)
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  directory,
		ConfigFiles: []types.ConfigFile{{Filename: "compose.yaml", Content: content}},
		Environment: maps.Clone(environment), // the loader adds to it
	})
}

// The Compose file is valid by Compose's own loader, with three variables; what it mounts is there, and
// no port is open to another machine.
func TestCompose(t *testing.T) {
	three := types.Mapping{"STYTCH_USERNAME": "stytch", "STYTCH_PASSWORD": "choose-one", "GRAFANA_PASSWORD": "choose-another"}
	compose, err := project(t, three)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"collector", "loki", "prometheus", "grafana"}, compose.ServiceNames())
	for name, service := range compose.Services {
		require.Regexp(t, `^([a-z-]+/)?[a-z-]+:v?\d+\.\d+\.\d+$`, service.Image, "no host, and a version")
		for _, port := range service.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, name)
		}
		for _, volume := range service.Volumes {
			switch volume.Type {
			case types.VolumeTypeVolume:
				require.Contains(t, compose.Volumes, volume.Source, name)
			case types.VolumeTypeBind:
				require.True(t, volume.ReadOnly, volume.Source)
				if _, err := os.Stat("../../dashboards"); err != nil && strings.Contains(volume.Source, "/dashboards") {
					continue // a repository without dashboards
				}
				_, err := os.Stat(volume.Source)
				require.NoError(t, err, name)
			}
		}
	}
	collector := compose.Services["collector"]
	require.True(t, collector.ReadOnly)
	require.Equal(t, "/var/lib/otelcol-stytch", collector.Volumes[0].Target)
	require.Equal(t, types.UnitBytes(512<<20), collector.MemLimit)

	for variable := range three {
		short := types.Mapping{}
		for name, value := range three {
			if name != variable {
				short[name] = value
			}
		}
		_, err := project(t, short)
		require.ErrorContains(t, err, variable, "%s is not set", variable)
	}
}

// Prometheus reads its configuration, and asks for the names that the dashboards and the rules have: from
// version 3 on it has to be told. An older promtool does not know that line.
func TestComposePrometheus(t *testing.T) {
	compose, err := project(t, types.Mapping{"STYTCH_USERNAME": "a", "STYTCH_PASSWORD": "b", "GRAFANA_PASSWORD": "c"})
	require.NoError(t, err)
	require.Contains(t, compose.Services["prometheus"].Image, ":v3.")
	content, err := os.ReadFile(composeFolder + "prometheus.yml")
	require.NoError(t, err)
	const names = "    metric_name_validation_scheme: legacy\n"
	require.Equal(t, strings.Count(string(content), "job_name:"), strings.Count(string(content), names))
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("NOT RUN: the configuration is checked by promtool, which is not here")
	}
	version, err := exec.Command("promtool", "--version").CombinedOutput()
	require.NoError(t, err, "%s", version)
	if strings.Contains(string(version), "version 2.") {
		content = []byte(strings.ReplaceAll(string(content), names, ""))
	}
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	output, err := exec.Command("promtool", "check", "config", "--syntax-only", file).CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// Whoever asks for a service names one that is there, at a port that it listens to.
func TestComposeAddresses(t *testing.T) {
	compose, err := project(t, types.Mapping{"STYTCH_USERNAME": "a", "STYTCH_PASSWORD": "b", "GRAFANA_PASSWORD": "c"})
	require.NoError(t, err)
	listens := map[string]string{"collector": "8888", "loki": "3100", "prometheus": "9090"}
	var asked []string
	for _, file := range []string{"prometheus.yml", "grafana/datasources/datasources.yaml", "compose.yaml"} {
		content, err := os.ReadFile(composeFolder + file)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?:http://|\[)([a-z]+):(\d+)`).FindAllStringSubmatch(string(content), -1) {
			if m[1] == "localhost" {
				continue
			}
			require.Contains(t, compose.Services, m[1], file)
			require.Equal(t, listens[m[1]], m[2], file)
			asked = append(asked, m[1])
		}
	}
	require.ElementsMatch(t, []string{"collector", "loki", "prometheus", "loki"}, asked)

	var sources struct {
		Datasources []struct{ Type, UID string }
	}
	content, err := os.ReadFile(composeFolder + "grafana/datasources/datasources.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(content, &sources))
	require.Len(t, sources.Datasources, 2, "a dashboard's variable takes the only one of its type")
	var providers struct {
		Providers []struct {
			Options struct{ Path string }
		}
	}
	content, err = os.ReadFile(composeFolder + "grafana/dashboards/dashboards.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(content, &providers))
	found := false
	for _, volume := range compose.Services["grafana"].Volumes {
		found = found || volume.Target == providers.Providers[0].Options.Path
	}
	require.True(t, found, "the dashboards are mounted where Grafana looks for them")
}
