package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// Every case is a configuration of its own, and one that YAML reads.
func TestEachCaseHasItsConfiguration(t *testing.T) {
	seen := map[string]string{}
	for _, s := range append(systems[:len(systems):len(systems)], managedSystems...) {
		if s.isFloor() {
			continue
		}
		config := s.config(addresses{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:4", "3"}, "/queue")
		var parsed map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(config), &parsed), config)
		require.Len(t, parsed["exporters"], len(s.destinations))
		config += fmt.Sprint("# with streams: ", s.streams)
		require.Empty(t, seen[config], s.name)
		seen[config] = s.name
	}
}

func TestChooseAlwaysTakesTheFloor(t *testing.T) {
	chosen, err := choose("both memory, loki disk")
	require.NoError(t, err)
	require.Equal(t, []string{"floor", "both memory", "loki disk"}, []string{chosen[0].name, chosen[1].name, chosen[2].name})
	_, err = choose("loki cloud")
	require.ErrorContains(t, err, `no case is called "loki cloud"`)
}

func TestTheRatioIsThatOfEachRound(t *testing.T) {
	round := func(µs int) measurement {
		return measurement{events: 1000, cpu: time.Duration(µs) * time.Millisecond, latencies: []time.Duration{time.Millisecond}}
	}
	r := result{
		rounds: []measurement{round(20), round(60), round(31)},
		floor:  []measurement{round(10), round(30), round(10)}, // the second was a bad time for both
	}
	require.InDelta(t, 2.0, r.ratio(), 1e-9)
	require.InDelta(t, 31.0, r.median((*measurement).perEvent), 1e-9)
	require.Equal(t, "20.0–60.0", r.spread())
	require.Equal(t, "1.0", r.latency(0.99))
}

// A sample belongs to the innermost function that a stage names.
func TestParseTraces(t *testing.T) {
	b, err := parseTraces(strings.NewReader(`File: collector
Type: cpu
-----------+-------------------------------------------------------
      10ms   runtime.memmove
             github.com/otelcol-stytch/otelcol-stytch/internal/inflate.(*decoder).fast
             github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver.(*route).ServeHTTP
-----------+-------------------------------------------------------
     1.20s   runtime.mallocgc
             github.com/otelcol-stytch/otelcol-stytch/internal/stytch.(*Event).Record
-----------+-------------------------------------------------------
      20ms   main.main
`))
	require.NoError(t, err)
	require.Equal(t, 1230*time.Millisecond, b.total)
	require.Equal(t, map[string]time.Duration{
		"gunzip": 10 * time.Millisecond, "allocate": 1200 * time.Millisecond, otherStage: 20 * time.Millisecond,
	}, b.stages)
}

// A package that is new, or has a new name, must not count as "other", nor a stage name a type that
// is gone.
func TestEachPackageHasItsStage(t *testing.T) {
	const module = "github.com/otelcol-stytch/otelcol-stytch/"
	for _, pattern := range []string{"internal/*", "receiver/*", "processor/*", "exporter/*"} {
		directories, err := filepath.Glob(harness.Path(pattern))
		require.NoError(t, err)
		require.NotEmpty(t, directories)
		for _, directory := range directories {
			name := filepath.Dir(pattern) + "/" + filepath.Base(directory)
			if name != "internal/jsonscan" && name != "internal/testkit" { // the second is not in the binary
				require.NotEqual(t, otherStage, stageOf(module+name+".(*anything).does"), name)
			}
		}
	}
	ours := regexp.MustCompile(`^((?:internal|receiver|processor|exporter)/\w+)\.(?:\(\*)?(\w+)\)?$`)
	for _, s := range stages {
		for _, function := range s.functions {
			found := ours.FindStringSubmatch(function)
			if found == nil {
				continue
			}
			files, err := filepath.Glob(harness.Path(found[1] + "/*.go"))
			require.NoError(t, err)
			declared := regexp.MustCompile(`(?m)^(type|func) ` + found[2] + `\b`)
			require.True(t, slices.ContainsFunc(files, func(file string) bool {
				source, err := os.ReadFile(file)
				return err == nil && declared.Match(source)
			}), "%s: %s declares no %s", s.name, found[1], found[2])
		}
	}
}
