package deploy

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"
)

// chartValues are the keys of the chart opentelemetry-collector that we set, as its
// values.schema.json has them: https://github.com/open-telemetry/opentelemetry-helm-charts. The chart
// itself is not rendered here: a test must not need the network.
type chartValues struct {
	Mode         string `json:"mode"`
	ReplicaCount int    `json:"replicaCount"`
	Image        struct {
		Repository string `json:"repository"`
		Tag        string `json:"tag"`
	} `json:"image"`
	Command struct {
		Name      string   `json:"name"`
		ExtraArgs []string `json:"extraArgs"`
	} `json:"command"`
	AlternateConfig    map[string]any            `json:"alternateConfig"`
	ExtraEnvsFrom      []core.EnvFromSource      `json:"extraEnvsFrom"`
	UseGOMEMLIMIT      bool                      `json:"useGOMEMLIMIT"`
	Resources          core.ResourceRequirements `json:"resources"`
	PodSecurityContext core.PodSecurityContext   `json:"podSecurityContext"`
	SecurityContext    core.SecurityContext      `json:"securityContext"`
	StatefulSet        struct {
		PodManagementPolicy  string                       `json:"podManagementPolicy"`
		VolumeClaimTemplates []core.PersistentVolumeClaim `json:"volumeClaimTemplates"`
	} `json:"statefulset"`
	ExtraVolumeMounts []core.VolumeMount `json:"extraVolumeMounts"`
	Ports             map[string]struct {
		Enabled       bool   `json:"enabled"`
		ContainerPort int    `json:"containerPort"`
		ServicePort   int    `json:"servicePort"`
		Protocol      string `json:"protocol"`
	} `json:"ports"`
	PodDisruptionBudget struct {
		Enabled        bool               `json:"enabled"`
		MaxUnavailable intstr.IntOrString `json:"maxUnavailable"`
	} `json:"podDisruptionBudget"`
	ServiceMonitor struct {
		Enabled bool `json:"enabled"`
	} `json:"serviceMonitor"`
}

// The values have no key but the chart's, and fit together: the ports are those that the configuration
// listens on, the volume is mounted where the queue is, the probes' extension is there.
func TestHelmValues(t *testing.T) {
	text, err := os.ReadFile(folder + "helm-values.yaml")
	require.NoError(t, err)
	var values chartValues
	require.NoError(t, yaml.UnmarshalStrict(text, &values))
	require.Equal(t, "statefulset", values.Mode)
	require.Equal(t, values.StatefulSet.VolumeClaimTemplates[0].Name, values.ExtraVolumeMounts[0].Name)
	require.Equal(t, "/var/lib/otelcol-stytch", values.ExtraVolumeMounts[0].MountPath)
	require.Contains(t, string(text), "QUEUE_DIRECTORY:-/var/lib/otelcol-stytch}")
	require.Equal(t, int64(10001), *values.PodSecurityContext.RunAsUser)
	require.True(t, *values.SecurityContext.ReadOnlyRootFilesystem)
	require.Contains(t, string(text), "EVENTS_PORT:-8321}")
	require.Equal(t, 8321, values.Ports["events"].ContainerPort)
	require.Equal(t, 8888, values.Ports["metrics"].ContainerPort)
	for name, port := range values.Ports {
		require.Equal(t, port.Enabled, port.ContainerPort != 0, name)
	}
	// The chart's probes ask its health_check.
	require.Contains(t, values.AlternateConfig["service"].(map[string]any)["extensions"], "health_check")

	require.Error(t, yaml.UnmarshalStrict(append(text, "replicas: 2\n"...), &values), "a key that the chart has not")
}
