//go:build e2e

package e2e

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// TestCommands goes through each document from its top, in a fresh folder. A whole configuration is
// saved as collector.yaml, another by the name that the text gives it. A block of commands is run as it stands; one that starts a collector
// leaves it running for those after it. Where a document starts none, its last configuration runs.
func TestCommands(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("NOT RUN: the documents' commands need %s", tool)
		}
	}
	portsAreFree(t, time.Minute)
	for _, document := range documents(t) {
		blocks := blocksOf(t, document)
		if !hasCommands(t, blocks) {
			continue
		}
		t.Run(document, func(t *testing.T) {
			s := &session{desk: newDesk(t)}
			s.prepare()
			for _, b := range blocks {
				switch {
				case b.whole(), b.name != "" && !b.manifest():
					s.write(cmp.Or(b.name, "collector.yaml"), b.text)
				case b.language == "sh":
					s.follow(b)
				}
			}
			s.stop()
		})
	}
}

// A manifest in a document builds a collector that has what it lists.
func TestManifestBuilds(t *testing.T) {
	for _, b := range documentBlocks(t) {
		if !b.manifest() {
			continue
		}
		directory := t.TempDir()
		write(t, filepath.Join(directory, "manifest.yaml"), b.text)
		require.NoError(t, os.Symlink(harness.Path(""), filepath.Join(directory, "otelcol-stytch")))
		builder := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools/go.mod", "-n", "builder")
		builder.Dir = harness.Path("")
		path, err := builder.Output()
		require.NoError(t, err)
		build := exec.CommandContext(t.Context(), strings.TrimSpace(string(path)), "--config", "manifest.yaml")
		build.Dir = directory
		output, err := build.CombinedOutput()
		require.NoError(t, err, "%s: %s", b, output)
		listed, err := exec.CommandContext(t.Context(), filepath.Join(directory, "build/otelcol-mine"), "components").Output()
		require.NoError(t, err)
		for _, name := range []string{"stytch", "datadog_logs", "loki", "basicauth", "file_storage"} {
			require.Contains(t, string(listed), "- name: "+name+"\n")
		}
	}
}

// session is a user who follows a document.
type session struct {
	*desk
	running *exec.Cmd // the shell that runs the collector
	exports string    // what the blocks have exported so far
	output  harness.Output
}

// prepare puts a program in build/otelcol-stytch that notes its process's number, a curl that
// fails where the server refuses, and the environment for both.
func (s *session) prepare() {
	binary, err := harness.Binary()
	require.NoError(s, err)
	binary, err = filepath.Abs(binary)
	require.NoError(s, err)
	require.NoError(s, os.Mkdir(filepath.Join(s.directory, "build"), 0o700))
	require.NoError(s, os.WriteFile(filepath.Join(s.directory, "build/otelcol-stytch"),
		[]byte("#!/bin/sh\n[ \"$1\" = validate ] || [ \"$1\" = components ] || echo $$ > \"$HOME/pid\"\nexec '"+binary+"' \"$@\"\n"), 0o700))
	home := s.TempDir()
	require.NoError(s, os.WriteFile(filepath.Join(home, ".curlrc"), []byte("fail-with-body\nsilent\nshow-error\n"), 0o600))
	s.env["HOME"], s.env["PATH"] = home, os.Getenv("PATH")
	s.Cleanup(s.stop)
}

// follow does what a block of commands asks for.
func (s *session) follow(b block) {
	s.Helper()
	starts, runs := false, false
	exports := s.exports
	for _, line := range b.lines() {
		how, err := how(line)
		require.NoError(s, err, b)
		starts = starts || how == start
		runs = runs || how == run
		if strings.HasPrefix(line, "export ") {
			s.exports += line + "\n"
		}
	}
	b.text = exports + b.text
	switch {
	case starts:
		s.stop()
		s.start(b)
	case runs:
		if s.running == nil && strings.Contains(b.text, "curl") {
			s.start(block{text: "build/otelcol-stytch --config collector.yaml"})
		}
		starts := s.starts()
		output, err := s.shell(b.text).CombinedOutput()
		require.NoError(s, err, "%s: %s", b, output)
		s.Logf("%s:\n%s", b, output)
		if strings.Contains(b.text, "kill -HUP") {
			s.ready(starts + 1)
		}
	}
}

func (s *session) shell(script string) *exec.Cmd {
	command := exec.CommandContext(s.Context(), "bash", "-euo", "pipefail", "-c", script)
	command.Dir = s.directory
	for name, value := range s.env {
		command.Env = append(command.Env, name+"="+value)
	}
	return command
}

// start runs a block whose last command runs a collector, until that is ready.
func (s *session) start(b block) {
	s.Helper()
	s.running = s.shell(b.text)
	s.running.Stdout, s.running.Stderr = &s.output, &s.output
	starts := s.starts()
	require.NoError(s, s.running.Start())
	s.ready(starts + 1)
	s.env["PID"] = strconv.Itoa(s.pid())
}

// starts counts how often the collector was ready; a reload counts, too.
func (s *session) starts() int { return strings.Count(s.output.String(), "Everything is ready") }

func (s *session) ready(starts int) {
	s.Helper()
	require.Eventually(s, func() bool { return s.starts() >= starts }, 30*time.Second, 20*time.Millisecond, "%s", &s.output)
}

// pid is the number of the collector's process, which build/otelcol-stytch has noted.
func (s *session) pid() int {
	s.Helper()
	noted, err := os.ReadFile(filepath.Join(s.env["HOME"], "pid"))
	require.NoError(s, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(noted)))
	require.NoError(s, err)
	return pid
}

// stop ends the collector, which must end well.
func (s *session) stop() {
	if s.running == nil {
		return
	}
	running := s.running
	s.running = nil
	collector, err := os.FindProcess(s.pid())
	require.NoError(s, err)
	collector.Signal(os.Interrupt) //nolint:errcheck // it may have ended: Wait tells
	if err := running.Wait(); err != nil {
		s.Errorf("the collector ended with %v:\n%s", err, &s.output)
	}
}

// hasCommands tells whether the test has anything to run.
func hasCommands(t *testing.T, blocks []block) bool {
	t.Helper()
	for _, b := range blocks {
		if b.language != "sh" {
			continue
		}
		for _, line := range b.lines() {
			how, err := how(line)
			require.NoError(t, err, b)
			if how == run || how == start {
				return true
			}
		}
	}
	return false
}
