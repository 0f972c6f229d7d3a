//go:build e2e_loki

package realloki

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// shared is the Loki of all tests but the one that kills it: each test is a
// tenant of its own.
var shared *Loki

func TestMain(m *testing.M) {
	os.Exit(func() int {
		data, err := os.MkdirTemp("", "loki")
		if err == nil {
			defer os.RemoveAll(data)
			if shared, err = New(data); err == nil {
				err = shared.Start(context.Background())
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "e2e-loki:", err)
			return 1
		}
		code := m.Run()
		shared.Kill()
		if code != 0 {
			fmt.Fprintln(os.Stderr, "Loki wrote:\n"+shared.Log())
		}
		return code
	}())
}
