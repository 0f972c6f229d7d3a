//go:build e2e

package e2e

import (
	"cmp"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestConfigurations holds for what a user copies, as it stands. Every whole configuration of the
// examples and the documents that takes Stytch's requests starts in a fresh folder, takes events,
// delivers them to the hosts it names and stops; every part of one is valid together with what it is
// laid over: collector.yaml in its folder, or the local example.
func TestConfigurations(t *testing.T) {
	portsAreFree(t, time.Minute)
	whole := map[string]string{} // where it stands, to its text
	for _, example := range glob(t, "examples/*/*.yaml") {
		content, err := os.ReadFile(harness.Path(example))
		require.NoError(t, err)
		switch {
		case !strings.Contains(string(content), "\nreceivers:"):
			directory := cmp.Or(bases[filepath.Dir(example)], filepath.Dir(example))
			valid(t, example, harness.Path(filepath.Join(directory, "collector.yaml")), harness.Path(example))
		case !strings.Contains(string(content), "\n  stytch:\n    http:"), strings.Contains(string(content), "\n  filter"):
			// It takes events from elsewhere, or not all arrive: e2e/examples runs it.
			valid(t, example, harness.Path(example))
		default:
			whole[example] = string(content)
		}
	}
	require.NotEmpty(t, whole)
	for _, b := range documentBlocks(t) {
		switch {
		case b.whole():
			whole[b.String()] = b.text
		case b.language == "yaml" && !b.manifest():
			valid(t, b.String(), harness.Path("examples/local/collector.yaml"), overlayFiles(t, []string{b.text})[0])
		}
	}
	for where, text := range whole {
		t.Run(where, func(t *testing.T) {
			d := newDesk(t)
			d.write("collector.yaml", text)
			d.deliver(d.startConfig("collector.yaml"), text)
		})
	}
}

// bases are the folders that others lay their files over.
var bases = map[string]string{"examples/fleet": "examples/managed"}

// valid requires that files are a valid configuration together.
func valid(t *testing.T, name string, files ...string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		output, err := validate(t, files...)
		require.NoError(t, err, output)
	})
}

// desk is a fresh folder to work in as a user would, with the collector's binary and the examples,
// and with stand-ins for the internet.
type desk struct {
	*testing.T
	directory string
	env       map[string]string // of the programs that run there
	loki      *standin.Loki
	datadog   *standin.Datadog
}

// receiver is where the configurations listen, and ports are all that they take.
const receiver = "localhost:8321"

var ports = []string{receiver, "localhost:8322", "localhost:8888", "localhost:8898", "localhost:13133"}

func newDesk(t *testing.T) *desk {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only on Linux does SSL_CERT_FILE name the certificates that Go trusts")
	}
	portsAreFree(t, 10*time.Second)
	d := &desk{T: t, directory: t.TempDir(), loki: standin.NewLoki(), datadog: standin.NewDatadog(plausible("DD_API_KEY"))}
	d.env = internet(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/loki/") {
			d.loki.ServeHTTP(w, r)
		} else {
			d.datadog.ServeHTTP(w, r)
		}
	}))
	url, err := d.loki.Start("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { d.loki.Close() })
	d.env["LOKI_URL"], d.env["LISTEN"] = url, receiver
	url, err = d.datadog.Start("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { d.datadog.Close() })
	d.env["DATADOG_URL"] = url
	require.NoError(t, os.Symlink(harness.Path("examples"), filepath.Join(d.directory, "examples")))
	return d
}

// portsAreFree waits until nobody has the ports. Another run of these tests takes them for a moment.
func portsAreFree(t *testing.T, within time.Duration) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		for _, port := range ports {
			require.NoError(c, harness.Free(port))
		}
	}, within, 100*time.Millisecond, "the documents' configurations are run as they stand, so their ports must be free")
}

func (d *desk) write(name, text string) {
	d.Helper()
	require.NoError(d, os.WriteFile(filepath.Join(d.directory, name), []byte(text), 0o600))
	for name, value := range environment(text) {
		if d.env[name] == "" {
			d.env[name] = value
		}
	}
	for name := range d.env {
		if strings.HasSuffix(name, "_DIRECTORY") {
			d.env[name] = filepath.Join(d.directory, strings.ToLower(name)) // which is not there yet
		}
	}
	if d.env["TLS_CERTIFICATE"] != "" {
		d.env["TLS_CERTIFICATE"], d.env["TLS_KEY"], _ = harness.Certificate(d, d.directory)
	}
}

func (d *desk) startConfig(name string) *harness.Process {
	d.Helper()
	return harness.Start(d.T, harness.Options{Configs: []string{name}, Env: d.env, Receiver: receiver, Directory: d.directory})
}

// deliver pushes events, waits until each destination of the configuration has them, and stops the
// collector.
func (d *desk) deliver(collector *harness.Process, configuration string) {
	d.Helper()
	events := testdata.Recent(time.Now())
	sender := harness.Sender{URL: "http://" + receiver, Username: d.env["STYTCH_USERNAME"], Password: d.env["STYTCH_PASSWORD"]}
	reply, err := sender.LokiPush(d.Context(), events)
	require.NoError(d, err)
	require.Equal(d, http.StatusNoContent, reply.Status, reply.Body)
	managed := strings.Contains(configuration, "stytch_management") // its streams are yet to be created
	enabled := func(exporter string) bool {
		return !managed && strings.Contains(configuration, "exporters: ["+exporter)
	}
	require.EventuallyWithT(d, func(c *assert.CollectT) {
		if enabled("datadog_logs") {
			require.Len(c, d.datadog.Logs(), len(events), "at Datadog")
		}
		if enabled("loki") && !strings.Contains(configuration, "enabled: false") {
			require.Equal(c, len(events), d.loki.Received(), "at Loki")
		}
	}, 30*time.Second, 50*time.Millisecond)
	collector.Stop()
	require.Contains(d, collector.Output(), "Shutdown complete")
}

// validate runs `otelcol-stytch validate` with a value for each variable that has no default.
func validate(t *testing.T, files ...string) (output string, err error) {
	t.Helper()
	env := map[string]string{}
	directory := t.TempDir()
	arguments := []string{"validate"}
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for name, value := range environment(string(content)) {
			env[name] = value
		}
		for _, match := range secretFile.FindAllStringSubmatch(string(content), -1) {
			secret := filepath.Join(directory, match[1])
			require.NoError(t, os.MkdirAll(filepath.Dir(secret), 0o700))
			require.NoError(t, os.WriteFile(secret, []byte(plausible(match[1])), 0o600))
		}
		arguments = append(arguments, "--config", file)
	}
	command, err := harness.Command(env, arguments...)
	require.NoError(t, err)
	command.Dir = directory
	combined, err := command.CombinedOutput()
	return string(combined), err
}

var secretFile = regexp.MustCompile(`\$\{file:([a-z/-]+)\}`) // in the working directory

var variable = regexp.MustCompile(`\$\{env:(\w+)(:-[^}]*)?\}`)

// environment has a value for each variable of a configuration that has no default.
func environment(configuration string) map[string]string {
	env := map[string]string{}
	for _, match := range variable.FindAllStringSubmatch(configuration, -1) {
		if name, hasDefault := match[1], match[2] != ""; !hasDefault {
			env[name] = plausible(name)
		}
	}
	return env
}

// plausible is a value that a variable of that name may have.
func plausible(name string) string {
	for _, c := range []struct{ part, value string }{
		{"DIRECTORY", "queue"},
		{"HOSTNAME", "logs-prod-021.grafana.net"},
		{"URL", "http://localhost:3100"},
		{"ENDPOINT", "http://localhost:3100"},
		{"CONTROL", "https://control.example.com:8322"},
		{"STREAMS_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
		{"SECRET", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
	} {
		if strings.Contains(name, c.part) {
			return c.value
		}
	}
	return "0123456789abcdef0123456789abcdef" // a name, a password, a key
}
