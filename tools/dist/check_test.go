//go:build dist_check

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// command runs a program and returns what it writes.
func command(t *testing.T, directory string, arguments ...string) string {
	t.Helper()
	c := exec.Command(arguments[0], arguments[1:]...)
	c.Dir = directory
	output, err := c.CombinedOutput()
	require.NoError(t, err, "%s\n%s", strings.Join(arguments, " "), output)
	return string(output)
}

// needs fails where the test cannot run: who asks for this check wants it done.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	require.Zero(t, os.Getuid(), "run `make dist-check` as root")
	for _, program := range programs {
		_, err := exec.LookPath(program)
		require.NoError(t, err)
	}
}

// A clone of the commit, in another folder, packs the same bytes as this one.
func TestClone(t *testing.T) {
	require.Empty(t, command(t, "../..", "git", "status", "--porcelain", "--untracked-files=no"), "commit first: a clone has what is committed")
	clone := filepath.Join(t.TempDir(), "elsewhere")
	command(t, ".", "git", "clone", "--quiet", "../..", clone)
	command(t, clone, "make", "dist", "TARGETS=linux/"+arch)
	ours, err := os.ReadFile(filepath.Join(out, "checksums.txt"))
	require.NoError(t, err)
	theirs, err := os.ReadFile(filepath.Join(clone, "build/dist/checksums.txt"))
	require.NoError(t, err)
	require.Equal(t, string(ours), string(theirs))
}

// In a fresh Debian the deb is installed, does its job as the user that systemd would make, keeps a
// changed configuration over an upgrade, and is purged; what is queued stays.
func TestDebian(t *testing.T) {
	needs(t, "debootstrap", "chroot")
	version, artefacts := packed(t)
	root := filepath.Join(t.TempDir(), "debian")
	archive := strings.Fields(command(t, ".", "apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"))
	command(t, ".", "debootstrap", "--variant=minbase", archive[1], root, archive[0])
	deb, err := os.ReadFile(artefacts["deb"])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(root, "tmp/package.deb"), deb, 0o600))
	require.Contains(t, command(t, ".", "chroot", root, "dpkg", "--install", "/tmp/package.deb"), "systemctl enable --now otelcol-stytch")
	require.Equal(t, name+" version "+version+"\n", command(t, ".", "chroot", root, "/usr/bin/otelcol-stytch", "--version"))

	state := filepath.Join(root, "var/lib/private/otelcol-stytch")
	require.NoError(t, os.MkdirAll(state, 0o700))
	require.NoError(t, os.Chown(filepath.Dir(state), user, user))
	require.NoError(t, os.Chown(state, user, user))
	j := newJob(t)
	collector := exec.Command("chroot", append([]string{"--userspec=10001:10001", root, "/usr/bin/otelcol-stytch"}, arguments("/etc/otelcol-stytch")...)...)
	collector.Env = j.with("QUEUE_DIRECTORY=/var/lib/private/otelcol-stytch")
	j.run(t, collector, version)

	changed := filepath.Join(root, "etc/otelcol-stytch/loki.yaml")
	require.NoError(t, os.WriteFile(changed, []byte("# mine\n"), 0o600))
	command(t, ".", "chroot", root, "dpkg", "--install", "--force-confold", "/tmp/package.deb")
	content, err := os.ReadFile(changed)
	require.NoError(t, err)
	require.Equal(t, "# mine\n", string(content))

	command(t, ".", "chroot", root, "dpkg", "--remove", name)
	require.FileExists(t, changed, "removed, and not purged")
	require.NoFileExists(t, filepath.Join(root, "usr/bin/otelcol-stytch"))
	require.Contains(t, command(t, ".", "chroot", root, "dpkg", "--purge", name), "/var/lib/private/otelcol-stytch stays")
	var left []string
	require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(filepath.Base(path), name) && !strings.HasPrefix(path, state) {
			left = append(left, path)
		}
		return err
	}))
	require.Empty(t, left)
	queues, err := filepath.Glob(state + "/*")
	require.NoError(t, err)
	require.NotEmpty(t, queues, "the queues stay")
}

// The image, unpacked, does its job as 10001 with nothing to write to but its volume, and with no
// system call but those that the systemd unit allows.
func TestContainer(t *testing.T) {
	needs(t, "umoci", "runc", "systemd-analyze")
	version, artefacts := packed(t)
	_, layoutFolder := unpackedImage(t, artefacts["image"])
	bundle := filepath.Join(t.TempDir(), "bundle")
	command(t, ".", "umoci", "unpack", "--image", layoutFolder+":"+version, bundle)

	volume := t.TempDir()
	require.NoError(t, os.Chown(volume, user, user))
	for folder := volume; folder != os.TempDir(); folder = filepath.Dir(folder) {
		require.NoError(t, os.Chmod(folder, 0o711)) // so that 10001 gets there
	}
	path := filepath.Join(bundle, "config.json")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var config map[string]any
	require.NoError(t, json.Unmarshal(content, &config))
	process := config["process"].(map[string]any)
	require.Equal(t, map[string]any{"uid": float64(user), "gid": float64(user)}, process["user"])
	j := newJob(t)
	for _, variable := range j.environment {
		process["env"] = append(process["env"].([]any), variable)
	}
	process["terminal"] = false
	process["args"] = append([]string{"/otelcol-stytch"}, arguments("/etc/otelcol-stytch")...)
	process["capabilities"] = map[string]any{}
	process["noNewPrivileges"] = true
	config["root"].(map[string]any)["readonly"] = true
	config["mounts"] = []any{
		map[string]any{"destination": "/proc", "type": "proc", "source": "proc"},
		map[string]any{"destination": "/var/lib/otelcol-stytch", "type": "bind", "source": volume, "options": []string{"bind", "rw", "nosuid", "nodev", "noexec"}},
	}
	linux := config["linux"].(map[string]any)
	linux["namespaces"] = []any{map[string]any{"type": "pid"}, map[string]any{"type": "mount"}, map[string]any{"type": "ipc"}, map[string]any{"type": "uts"}} // this machine's network: the destination is on it
	linux["seccomp"] = seccomp(t)
	content, err = json.Marshal(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, content, 0o600))

	id := "otelcol-stytch-check-" + filepath.Base(filepath.Dir(bundle)) + strings.ReplaceAll(j.receiver, ":", "-")[len("http---"):]
	t.Cleanup(func() { _ = exec.Command("runc", "delete", "--force", id).Run() })
	j.running = func() {
		var state struct{ Pid int }
		require.NoError(t, json.Unmarshal([]byte(command(t, ".", "runc", "state", id)), &state))
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", state.Pid))
		require.NoError(t, err)
		for _, line := range []string{"Uid:\t10001\t10001\t10001\t10001\n", "CapEff:\t0000000000000000\n", "NoNewPrivs:\t1\n", "Seccomp:\t2\n"} {
			require.Contains(t, string(status), line)
		}
	}
	j.run(t, exec.Command("runc", "run", "--bundle", bundle, id), version)
	queues, err := filepath.Glob(volume + "/*")
	require.NoError(t, err)
	require.NotEmpty(t, queues)
}

// seccomp is the unit's SystemCallFilter as a container's profile.
func seccomp(t *testing.T) map[string]any {
	t.Helper()
	unit, err := os.ReadFile("../../deploy/packages/otelcol-stytch.service")
	require.NoError(t, err)
	allowed := map[string]bool{}
	for line := range strings.Lines(string(unit)) {
		filter, ok := strings.CutPrefix(strings.TrimSpace(line), "SystemCallFilter=")
		if !ok {
			continue
		}
		filter, denied := strings.CutPrefix(filter, "~")
		for _, set := range strings.Fields(filter) {
			for _, call := range systemCalls(t, set) {
				allowed[call] = !denied
			}
		}
	}
	var names []string
	for call, ok := range allowed {
		if ok {
			names = append(names, call)
		}
	}
	require.Contains(t, names, "mmap")
	require.NotContains(t, names, "mount")
	return map[string]any{
		"defaultAction": "SCMP_ACT_ERRNO",
		"syscalls":      []any{map[string]any{"names": names, "action": "SCMP_ACT_ALLOW"}},
	}
}

// systemCalls lists those of a set of systemd's, and of the sets in it.
func systemCalls(t *testing.T, set string) (calls []string) {
	t.Helper()
	output, err := exec.Command("systemd-analyze", "--no-pager", "syscall-filter", set).Output()
	require.NoError(t, err, set)
	for line := range bytes.Lines(output) {
		word := strings.TrimSpace(string(line))
		switch {
		case word == "" || word == set || strings.HasPrefix(word, "#"):
		case strings.HasPrefix(word, "@"):
			calls = append(calls, systemCalls(t, word)...)
		default:
			calls = append(calls, word)
		}
	}
	require.NotEmpty(t, calls, set)
	return calls
}
