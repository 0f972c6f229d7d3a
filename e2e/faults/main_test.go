//go:build e2e

package faults

import (
	"fmt"
	"os"
	"testing"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/harness"
)

// TestMain fails where there is no binary: tests that skip themselves prove nothing.
func TestMain(m *testing.M) {
	if _, err := harness.Binary(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e/faults:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
