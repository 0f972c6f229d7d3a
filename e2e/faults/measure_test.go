//go:build e2e

package faults

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// within is the rig with another T, for a subtest.
func (r *rig) within(t *testing.T) *rig {
	inner := *r
	inner.T = t
	return &inner
}

// counter adds up the series of the collector's own metrics that begin with a text: a name, and
// labels as far as they are sorted before others.
func (r *rig) counter(prefix string) (sum int) {
	r.Helper()
	name, labels, _ := strings.Cut(prefix, "{")
	for line := range strings.Lines(r.exposed()) {
		if strings.HasPrefix(line, name+"{") && strings.Contains(line, labels) {
			value, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndex(line, " "):]), 64)
			require.NoError(r, err, line)
			sum += int(value)
		}
	}
	return sum
}

// exposed is the text of the collector's own metrics.
func (r *rig) exposed() string {
	r.Helper()
	answer, err := http.Get(r.metrics)
	require.NoError(r, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(r, err)
	return string(content)
}

// kibibytes reads a figure of the collector's process: VmHWM is the largest RSS it ever had, RssAnon
// what of it is its own memory and not a mapped file.
func (r *rig) kibibytes(name string) int {
	r.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.collector.Pid()))
	require.NoError(r, err)
	_, rest, found := strings.Cut(string(content), "\n"+name+":")
	require.True(r, found, name)
	value, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(r, err)
	return value
}

// forgetPeak makes VmHWM what the process takes now.
func (r *rig) forgetPeak() {
	r.Helper()
	require.NoError(r, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", r.collector.Pid()), []byte("5"), 0))
}

// descriptors counts the collector's open files and connections.
func (r *rig) descriptors() int {
	r.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", r.collector.Pid()))
	require.NoError(r, err)
	return len(entries)
}

func median[T int | float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
