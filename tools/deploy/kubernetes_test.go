// Package deploy tests what deploy/ has for Kubernetes and for Compose. It has no code of its own; the
// configurations in it are run by tools/dist.
package deploy

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	network "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/kubectl-validate/pkg/openapiclient"
	"sigs.k8s.io/kubectl-validate/pkg/validator"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const folder = "../../deploy/kubernetes/"

// variants are the folders to apply, with what each must have.
var variants = map[string][]string{
	"gateway": {"ConfigMap", "NetworkPolicy", "PodDisruptionBudget", "Service", "Service", "StatefulSet"},
	"kafka": {
		"ConfigMap", "ConfigMap", "Deployment", "Deployment", "HorizontalPodAutoscaler", "HorizontalPodAutoscaler",
		"NetworkPolicy", "PodDisruptionBudget", "PodDisruptionBudget", "Service", "Service",
	},
	"sidecar": {"ConfigMap", "Deployment"},
}

// separate are the files that a user applies by themselves, after a change.
var separate = []string{"gateway/ingress.yaml", "gateway/servicemonitor.yaml"}

// object is one of a rendered variant.
type object struct {
	kind, name string
	text       []byte
}

// as decodes an object strictly: a key that its type has not fails.
func as[T any](t *testing.T, o object) (value T) {
	t.Helper()
	require.NoError(t, yaml.UnmarshalStrict(o.text, &value), "%s %s", o.kind, o.name)
	return value
}

// render does what `kubectl apply -k` does first.
func render(t *testing.T, variant string) (objects []object) {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder+variant)
	require.NoError(t, err)
	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		require.NoError(t, err)
		objects = append(objects, object{r.GetKind(), r.GetName(), text})
	}
	return objects
}

func only[T any](t *testing.T, objects []object, kind string) (values []T) {
	t.Helper()
	for _, o := range objects {
		if o.kind == kind {
			values = append(values, as[T](t, o))
		}
	}
	return values
}

// Every file of the folder is rendered, applied by itself, or a configuration in a ConfigMap; every
// object is valid for each version of Kubernetes that has what it uses.
func TestManifestsAreValid(t *testing.T) {
	rendered := map[string][]object{}
	for variant, kinds := range variants {
		rendered[variant] = render(t, variant)
		var found []string
		for _, o := range rendered[variant] {
			found = append(found, o.kind)
		}
		require.ElementsMatch(t, kinds, found, variant)
	}
	ingress, err := os.ReadFile(folder + "gateway/ingress.yaml")
	require.NoError(t, err)
	rendered["gateway"] = append(rendered["gateway"], object{"Ingress", "otelcol-stytch", ingress})
	for _, version := range []string{"1.29", "1.30"} {
		schemas, err := validator.New(openapiclient.NewHardcodedBuiltins(version))
		require.NoError(t, err)
		for variant, objects := range rendered {
			for _, o := range objects {
				_, parsed, err := schemas.Parse(o.text)
				require.NoError(t, err, "%s: %s %s, Kubernetes %s", variant, o.kind, o.name, version)
				require.NoError(t, schemas.Validate(parsed), "%s: %s %s, Kubernetes %s", variant, o.kind, o.name, version)
			}
		}
	}
	entries, err := filepath.Glob(folder + "*/*.yaml")
	require.NoError(t, err)
	for _, path := range entries {
		variant, base := filepath.Base(filepath.Dir(path)), filepath.Base(path)
		kustomization, err := os.ReadFile(folder + variant + "/kustomization.yaml")
		require.NoError(t, err)
		known := base == "kustomization.yaml" || slices.Contains(separate, variant+"/"+base) || strings.Contains(string(kustomization), base)
		require.True(t, known, "nothing uses %s", path)
	}
}

// What the validator is for: it sees a wrong key, a wrong type and what is missing.
func TestWrongManifestsAreNotValid(t *testing.T) {
	schemas, err := validator.New(openapiclient.NewHardcodedBuiltins("1.30"))
	require.NoError(t, err)
	set := only[apps.StatefulSet](t, render(t, "gateway"), "StatefulSet")[0]
	text, err := yaml.Marshal(set)
	require.NoError(t, err)
	for old, wrong := range map[string]string{
		"serviceName: ":    "serviceNames: ",
		"replicas: 2":      "replicas: two",
		"containerPort: 8": "containerport: 8",
	} {
		changed := bytes.Replace(text, []byte(old), []byte(wrong), 1)
		require.NotEqual(t, text, changed, old)
		_, parsed, err := schemas.Parse(changed)
		if err == nil {
			err = schemas.Validate(parsed)
		}
		require.Error(t, err, wrong)
	}
}

// A ConfigMap holds the file beside it as it is, and a pod mounts each.
func TestConfigMaps(t *testing.T) {
	for variant := range variants {
		objects := render(t, variant)
		mounted := map[string]bool{}
		for _, pod := range pods(t, objects) {
			for _, v := range pod.Spec.Volumes {
				if v.ConfigMap != nil {
					mounted[v.ConfigMap.Name] = true
				}
			}
		}
		maps := only[core.ConfigMap](t, objects, "ConfigMap")
		require.Len(t, mounted, len(maps))
		for _, m := range maps {
			require.True(t, mounted[m.Name], m.Name)
			require.Len(t, m.Data, 1)
			files, err := filepath.Glob(folder + variant + "/*collector.yaml")
			require.NoError(t, err)
			found := false
			for _, file := range files {
				content, err := os.ReadFile(file)
				require.NoError(t, err)
				found = found || string(content) == m.Data["collector.yaml"]
			}
			require.True(t, found, m.Name)
		}
	}
}

// pods are the templates of a variant's pods.
func pods(t *testing.T, objects []object) (templates []core.PodTemplateSpec) {
	t.Helper()
	for _, d := range only[apps.Deployment](t, objects, "Deployment") {
		require.Equal(t, d.Spec.Template.Labels, with(d.Spec.Template.Labels, d.Spec.Selector.MatchLabels))
		templates = append(templates, d.Spec.Template)
	}
	for _, s := range only[apps.StatefulSet](t, objects, "StatefulSet") {
		require.Equal(t, s.Spec.Template.Labels, with(s.Spec.Template.Labels, s.Spec.Selector.MatchLabels))
		templates = append(templates, s.Spec.Template)
	}
	require.NotEmpty(t, templates)
	return templates
}

// with adds labels to others.
func with(all, more map[string]string) map[string]string { return labels.Merge(all, more) }

// Our container runs as 10001 and writes to its volumes alone; Go's limit is four fifths of the
// container's; the probes ask ports that it has.
func TestContainers(t *testing.T) {
	for variant := range variants {
		for _, pod := range pods(t, render(t, variant)) {
			found := 0
			for _, c := range append(pod.Spec.Containers, pod.Spec.InitContainers...) {
				require.Regexp(t, `^[a-z-]+:\d+\.\d+\.\d+$`, c.Image, "no host, and a version")
				require.False(t, *c.SecurityContext.AllowPrivilegeEscalation, c.Name)
				require.Equal(t, []core.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop, c.Name)
				if c.Name != "otelcol-stytch" {
					continue
				}
				found++
				uid := c.SecurityContext.RunAsUser
				if uid == nil {
					uid = pod.Spec.SecurityContext.RunAsUser
				}
				require.Equal(t, int64(10001), *uid, variant)
				require.True(t, *pod.Spec.SecurityContext.RunAsNonRoot, variant)
				require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem, variant)
				require.Equal(t, c.Resources.Limits.Memory().Value()*4, c.Resources.Requests.Memory().Value()*5, variant)
				require.Equal(t, "GOMEMLIMIT", c.Env[0].Name)
				require.Equal(t, "requests.memory", c.Env[0].ValueFrom.ResourceFieldRef.Resource)
				ports := map[string]bool{}
				for _, p := range c.Ports {
					ports[p.Name] = true
				}
				for _, probe := range []*core.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
					if probe != nil {
						require.True(t, ports[probe.HTTPGet.Port.StrVal], "%s: %s", variant, probe.HTTPGet.Port.StrVal)
					}
				}
				require.NotNil(t, c.LivenessProbe)
			}
			require.Equal(t, 1, found, variant)
		}
	}
}

// What selects pods selects some, and names ports that they have.
func TestSelectors(t *testing.T) {
	for variant := range variants {
		objects := render(t, variant)
		selects := func(selector map[string]string, ports ...string) {
			t.Helper()
			require.NotEmpty(t, selector, variant)
			matched := 0
			for _, pod := range pods(t, objects) {
				if !labels.SelectorFromSet(selector).Matches(labels.Set(pod.Labels)) {
					continue
				}
				matched++
				for _, port := range ports {
					require.True(t, slices.ContainsFunc(pod.Spec.Containers[0].Ports, func(p core.ContainerPort) bool { return p.Name == port }), "%s: %s", variant, port)
				}
			}
			require.NotZero(t, matched, variant)
		}
		for _, s := range only[core.Service](t, objects, "Service") {
			var ports []string
			for _, p := range s.Spec.Ports {
				ports = append(ports, p.TargetPort.StrVal)
			}
			selects(s.Spec.Selector, ports...)
		}
		for _, b := range only[policy.PodDisruptionBudget](t, objects, "PodDisruptionBudget") {
			selects(b.Spec.Selector.MatchLabels)
		}
		for _, n := range only[network.NetworkPolicy](t, objects, "NetworkPolicy") {
			selects(n.Spec.PodSelector.MatchLabels)
			require.ElementsMatch(t, []network.PolicyType{"Ingress", "Egress"}, n.Spec.PolicyTypes)
		}
	}
	gateway := render(t, "gateway")
	set := only[apps.StatefulSet](t, gateway, "StatefulSet")[0]
	require.Equal(t, apps.RetainPersistentVolumeClaimRetentionPolicyType, set.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled)
	require.Equal(t, set.Spec.VolumeClaimTemplates[0].Name, set.Spec.Template.Spec.Containers[0].VolumeMounts[1].Name)
	require.True(t, slices.ContainsFunc(gateway, func(o object) bool { return o.kind == "Service" && o.name == set.Spec.ServiceName }))

	text, err := os.ReadFile(folder + "gateway/servicemonitor.yaml")
	require.NoError(t, err)
	monitor := as[monitoring.ServiceMonitor](t, object{"ServiceMonitor", "gateway", text})
	require.Equal(t, []monitoring.ScrapeProtocol{"PrometheusText0.0.4"}, monitor.Spec.ScrapeProtocols, "it has no dots in names")
	selector, err := meta.LabelSelectorAsSelector(&monitor.Spec.Selector)
	require.NoError(t, err)
	for _, variant := range []string{"gateway", "kafka"} {
		objects := render(t, variant)
		services := slices.DeleteFunc(only[core.Service](t, objects, "Service"), func(s core.Service) bool {
			return !selector.Matches(labels.Set(s.Labels)) ||
				!slices.ContainsFunc(s.Spec.Ports, func(p core.ServicePort) bool { return p.Name == monitor.Spec.Endpoints[0].Port })
		})
		for _, pod := range pods(t, objects) {
			scraped := 0
			for _, s := range services {
				if labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(pod.Labels)) {
					scraped++
				}
			}
			require.Equal(t, 1, scraped, "%s: %v", variant, pod.Labels)
		}
	}
}
