//go:build e2e

package managed

import (
	"testing"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
