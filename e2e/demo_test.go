//go:build e2e

package e2e

import (
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/harness"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

func TestDemo(t *testing.T) {
	command := exec.CommandContext(t.Context(), "go", "run", "./e2e/demo", "-once", "-listen", "127.0.0.1:"+harness.Port(t))
	command.Dir = harness.Path("")
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))

	arrived := map[string]int{}
	for _, row := range tableRow.FindAllStringSubmatch(string(output), -1) {
		events, err := strconv.Atoi(row[2])
		require.NoError(t, err)
		arrived[row[1]] += events
	}
	n := len(testdata.Events())
	require.Equal(t, map[string]int{"Datadog": n, "Loki": n}, arrived, string(output))
}

var tableRow = regexp.MustCompile(`(?m)^(Datadog|Loki) +(?:ddsource=stytch service=stytch.auth ddtags=service:stytch.auth\S*|\{service_name="stytch.auth", source="stytch"\}) +(\d+) +\{.*$`)
