package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.yaml.in/yaml/v3"
)

// standins sends what a configuration of Kubernetes delivers to the test's own destination.
const standins = `yaml:exporters: {datadog_logs: {endpoint: "${env:DESTINATION}"}, loki: {hostname: "", endpoint: "${env:DESTINATION}"}}`

// Each configuration of deploy/kubernetes does its job: what it takes arrives at both destinations.
func TestKubernetesConfigurations(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("NOT RUN: what `make dist-test` packs runs on Linux")
	}
	version, _ := packed(t)
	for _, where := range []string{"gateway/collector.yaml", "sidecar/collector.yaml", "helm-values.yaml"} {
		t.Run(where, func(t *testing.T) {
			text, err := os.ReadFile("../../deploy/kubernetes/" + where)
			require.NoError(t, err)
			if where == "helm-values.yaml" {
				var values struct {
					Configuration map[string]any `yaml:"alternateConfig"`
				}
				require.NoError(t, yaml.Unmarshal(text, &values))
				text, err = yaml.Marshal(values.Configuration)
				require.NoError(t, err)
			}
			j := newJob(t)
			j.datadog = true
			j.run(t, j.collector(t, string(text)), version)
		})
	}
}

// From a gateway through Kafka to a consumer, neither of which has a disk.
func TestKubernetesKafka(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("NOT RUN: what `make dist-test` packs runs on Linux")
	}
	version, _ := packed(t)
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, "stytch"))
	require.NoError(t, err)
	t.Cleanup(kafka.Close)
	broker := "KAFKA_BROKER=" + kafka.ListenAddrs()[0]

	text, err := os.ReadFile("../../deploy/kubernetes/kafka/consumer-collector.yaml")
	require.NoError(t, err)
	consumer := newJob(t)
	reads := consumer.collector(t, string(text))
	reads.Env = append(reads.Env, broker)
	var log strings.Builder
	reads.Stdout, reads.Stderr = &log, &log
	require.NoError(t, reads.Start())
	t.Cleanup(func() {
		require.NoError(t, reads.Process.Signal(os.Interrupt))
		require.NoError(t, reads.Wait(), &log)
	})

	text, err = os.ReadFile("../../deploy/kubernetes/kafka/gateway-collector.yaml")
	require.NoError(t, err)
	gateway := newJob(t)
	gateway.destination, gateway.datadog = consumer.destination, true // what the gateway takes arrives at the consumer's
	takes := gateway.collector(t, string(text))
	takes.Args = takes.Args[:len(takes.Args)-2] // it has neither of the destinations
	takes.Env = append(takes.Env, broker)
	gateway.run(t, takes, version)
}

// collector runs a configuration, with the destinations replaced by the test's.
func (j *job) collector(t *testing.T, configuration string) *exec.Cmd {
	t.Helper()
	file := filepath.Join(t.TempDir(), "collector.yaml")
	require.NoError(t, os.WriteFile(file, []byte(configuration), 0o600))
	command := exec.Command(filepath.Join(out, "bin/linux_"+arch, name), "--config", file, "--config", standins)
	command.Env = j.with("QUEUE_DIRECTORY="+t.TempDir(), "DESTINATION="+j.destination.URL)
	return command
}
