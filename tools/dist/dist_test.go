package main

import (
	"bytes"
	"crypto/x509"
	"debug/buildinfo"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/require"
)

// out is what `make dist` has written, which these tests look at.
const out = "../../build/dist"

// arch is this machine's: its artefacts are looked at, and its binary run.
const arch = runtime.GOARCH

// ends are those of the artefacts' names, by the names that the tests have for them.
var ends = map[string]string{
	"deb":     "_" + arch + ".deb",
	"rpm":     map[string]string{"amd64": ".x86_64.rpm", "arm64": ".aarch64.rpm"}[arch],
	"archive": "_linux_" + arch + ".tar.gz",
	"sbom":    "_linux_" + arch + ".sbom.cdx.json",
	"image":   "_image.tar",
}

// packed reads the version that `make dist` has packed last, and returns the paths of the artefacts.
func packed(t *testing.T) (version string, artefacts map[string]string) {
	t.Helper()
	checksums, err := os.ReadFile(filepath.Join(out, "checksums.txt"))
	require.NoError(t, err, "run `make dist TARGETS=linux/%s` first", arch)
	artefacts = map[string]string{}
	for line := range strings.Lines(string(checksums)) {
		sum, base, ok := strings.Cut(strings.TrimSpace(line), "  ")
		require.True(t, ok, line)
		path := filepath.Join(out, base)
		actual, err := fileSum(path)
		require.NoError(t, err)
		require.Equal(t, sum, actual, base)
		for kind, end := range ends {
			if strings.HasSuffix(base, end) {
				artefacts[kind] = path
			}
		}
		if strings.HasSuffix(base, "_image.tar") {
			version = strings.TrimSuffix(strings.TrimPrefix(base, name+"_"), "_image.tar")
		}
	}
	require.Len(t, artefacts, len(ends), "an artefact of each kind for linux/%s", arch)
	return version, artefacts
}

// Each artefact has its line, and each line its artefact.
func TestChecksums(t *testing.T) {
	_, artefacts := packed(t)
	written, err := filepath.Glob(filepath.Join(out, name+"*"))
	require.NoError(t, err)
	checksums, err := os.ReadFile(filepath.Join(out, "checksums.txt"))
	require.NoError(t, err)
	require.Equal(t, len(written), strings.Count(string(checksums), "\n"))
	require.Subset(t, written, []string{artefacts["deb"], artefacts["image"]})
}

// The same inputs give the same bytes, in another folder and at another time.
func TestReproducible(t *testing.T) {
	binary, err := os.Executable() // any binary with modules linked in
	require.NoError(t, err)
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	sums := [2]string{}
	for i := range sums {
		folder := t.TempDir()
		r := release{root: root, source: ".", out: folder, version: "1.2.3-dev.4", commit: "c0ffee", time: time.Unix(1_800_000_000, 0).UTC()}
		var artefacts []string
		linux := target{"linux", "amd64"}
		copied := filepath.Join(folder, "bin", "linux_amd64", name)
		content, err := os.ReadFile(binary)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(copied), 0o755))
		require.NoError(t, os.WriteFile(copied, content, 0o755))
		written, image, err := r.pack(linux, copied)
		require.NoError(t, err)
		require.Len(t, written, 4)
		index := r.path("image.tar")
		_, err = r.writeIndex(map[target]v1.Image{linux: image, {"linux", "arm64"}: image}, index)
		require.NoError(t, err)
		archive := r.path("windows_amd64.zip")
		require.NoError(t, r.writeArchive(target{"windows", "amd64"}, archive, r.archived(target{"windows", "amd64"}, copied, filepath.Join(root, "LICENSE"), written[0])))
		artefacts = append(append(artefacts, written...), index, archive)
		require.NoError(t, writeChecksums(artefacts, filepath.Join(folder, "checksums.txt")))
		checksums, err := os.ReadFile(filepath.Join(folder, "checksums.txt"))
		require.NoError(t, err)
		sums[i] = string(checksums)
	}
	require.Equal(t, 6, strings.Count(sums[0], "\n"))
	require.Equal(t, sums[0], sums[1])
}

func TestTargets(t *testing.T) {
	targets, err := parseTargets(" linux/amd64  windows/arm64")
	require.NoError(t, err)
	require.Equal(t, []target{{"linux", "amd64"}, {"windows", "arm64"}}, targets)
	for _, wrong := range []string{"", "linux"} {
		_, err := parseTargets(wrong)
		require.ErrorContains(t, err, "target")
	}
	require.ErrorContains(t, run([]string{"-targets", "linux/amd64"}), "-version and -epoch")
}

// The SBOM has every module that the binary has, nearly all with a licence, and no time but the
// commit's.
func TestSBOM(t *testing.T) {
	version, artefacts := packed(t)
	content, err := os.ReadFile(artefacts["sbom"])
	require.NoError(t, err)
	var bom cyclonedx.BOM
	require.NoError(t, json.Unmarshal(content, &bom))
	require.Equal(t, version, bom.Metadata.Component.Version)
	sum, err := fileSum(filepath.Join(out, "bin/linux_"+arch, name))
	require.NoError(t, err)
	require.Equal(t, sum, (*bom.Metadata.Component.Hashes)[0].Value)
	committed, err := exec.Command("git", "log", "-1", "--format=%ct").Output()
	require.NoError(t, err)
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(committed)), 10, 64)
	require.NoError(t, err)
	require.Equal(t, time.Unix(seconds, 0).UTC().Format(time.RFC3339), bom.Metadata.Timestamp)

	info, err := buildinfo.ReadFile(filepath.Join(out, "bin/linux_"+arch, name))
	require.NoError(t, err)
	linked := map[string]string{}
	for _, d := range info.Deps {
		linked[d.Path] = d.Version
	}
	require.Greater(t, len(linked), 250)
	licensed := 0
	for _, c := range *bom.Components {
		if c.Name == "github.com/otelcol-stytch/otelcol-stytch" {
			require.Equal(t, "v"+version, c.Version)
		} else {
			require.Equal(t, linked[c.Name], c.Version, c.Name)
			require.Len(t, *c.Hashes, 1, c.Name)
		}
		if c.Licenses != nil {
			licensed++
		}
		delete(linked, c.Name)
	}
	require.Empty(t, linked, "linked, and not in the SBOM")
	require.GreaterOrEqual(t, licensed*100, len(*bom.Components)*99, "%d of %d have a licence", licensed, len(*bom.Components))
}

// Each linked module stands above its licence.
func TestLicences(t *testing.T) {
	packed(t)
	content, err := os.ReadFile(filepath.Join(out, "bin/linux_"+arch+"/THIRD_PARTY_LICENSES"))
	require.NoError(t, err)
	info, err := buildinfo.ReadFile(filepath.Join(out, "bin/linux_"+arch, name))
	require.NoError(t, err)
	for _, d := range info.Deps {
		require.Contains(t, string(content), d.Path+" "+d.Version)
	}
	require.LessOrEqual(t, strings.Count(string(content), "No licence file stands"), 1)
	require.Contains(t, string(content), "Apache License")
	require.Contains(t, string(content), "Mozilla Public License")
}

// The roots are as many as Mozilla has, each a certificate of an authority.
func TestCertificates(t *testing.T) {
	rest, found := certificates(), 0
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		require.True(t, certificate.IsCA, certificate.Subject)
		found++
	}
	require.Empty(t, bytes.TrimSpace(rest))
	require.Greater(t, found, 90)
}

// What systemd thinks of the unit: nothing to complain of, and an exposure that few units have.
func TestUnit(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("NOT RUN: the unit is checked by systemd-analyze, which is not here")
	}
	packed(t)
	unit, err := os.ReadFile("../../deploy/packages/otelcol-stytch.service")
	require.NoError(t, err)
	binary, err := filepath.Abs(filepath.Join(out, "bin/linux_"+arch, name))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "otelcol-stytch.service") // the packaged one, with a binary that is here
	require.NoError(t, os.WriteFile(path, bytes.ReplaceAll(unit, []byte("=/usr/bin/otelcol-stytch "), []byte("="+binary+" ")), 0o600))
	output, err := exec.Command("systemd-analyze", "verify", "--man=no", path).CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Empty(t, string(output))
	output, err = exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", path).CombinedOutput()
	require.NoError(t, err, "%s", output)
	exposure := regexp.MustCompile(`Overall exposure level for otelcol-stytch.service: ([0-9.]+)`).FindStringSubmatch(string(output))
	require.Len(t, exposure, 2, "%s", output)
	level, err := strconv.ParseFloat(exposure[1], 64)
	require.NoError(t, err)
	t.Logf("exposure %v", level)
	require.LessOrEqual(t, level, 1.5)
}
