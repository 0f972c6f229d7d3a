package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/blakesmith/ar"
	"github.com/sassoftware/go-rpmutils"
	"github.com/stretchr/testify/require"
)

// contents are the files of both packages, with their modes. What can be changed is a configuration.
var contents = map[string]struct {
	mode          int64
	configuration bool
}{
	"/etc/otelcol-stytch/collector.yaml":                 {0o644, true},
	"/etc/otelcol-stytch/datadog.yaml":                   {0o644, true},
	"/etc/otelcol-stytch/env":                            {0o600, true},
	"/etc/otelcol-stytch/loki.yaml":                      {0o644, true},
	"/usr/bin/otelcol-stytch":                            {0o755, false},
	"/usr/lib/systemd/system/otelcol-stytch.service":     {0o644, false},
	"/usr/share/doc/otelcol-stytch/README.md":            {0o644, false},
	"/usr/share/doc/otelcol-stytch/THIRD_PARTY_LICENSES": {0o644, false},
	"/usr/share/doc/otelcol-stytch/copyright":            {0o644, false},
	"/usr/share/doc/otelcol-stytch/sbom.cdx.json":        {0o644, false},
}

func TestDeb(t *testing.T) {
	_, artefacts := packed(t)
	file, err := os.Open(artefacts["deb"])
	require.NoError(t, err)
	defer file.Close()
	control, data := map[string]string{}, map[string]int64{}
	for archive := ar.NewReader(file); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch strings.TrimSuffix(header.Name, "/") {
		case "control.tar.gz":
			entries(t, archive, func(h *tar.Header, content []byte) { control[strings.TrimPrefix(h.Name, "./")] = string(content) })
		case "data.tar.gz":
			entries(t, archive, func(h *tar.Header, _ []byte) {
				require.Zero(t, h.Uid, h.Name)
				if h.Typeflag == tar.TypeReg {
					data[strings.TrimPrefix(h.Name, ".")] = h.Mode
				}
			})
		}
	}
	require.Equal(t, slices.Sorted(maps.Keys(contents)), slices.Sorted(maps.Keys(data)))
	var configurations []string
	for path, c := range contents {
		require.Equal(t, c.mode, data[path], path)
		if c.configuration {
			configurations = append(configurations, path)
		}
	}
	require.ElementsMatch(t, configurations, strings.Fields(control["conffiles"]))
	for script, source := range map[string]string{"postinst": "postinstall.sh", "prerm": "preremove.sh", "postrm": "postremove.sh"} {
		written, err := os.ReadFile("../../deploy/packages/" + source)
		require.NoError(t, err)
		require.Equal(t, string(written), control[script])
	}
	require.NotContains(t, control["control"], "Depends:", "the binary is static")
}

func entries(t *testing.T, from io.Reader, each func(*tar.Header, []byte)) {
	t.Helper()
	unpacked, err := gzip.NewReader(from)
	require.NoError(t, err)
	for r := tar.NewReader(unpacked); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		each(header, content)
	}
}

func TestRPM(t *testing.T) {
	_, artefacts := packed(t)
	content, err := os.ReadFile(artefacts["rpm"])
	require.NoError(t, err)
	rpm, err := rpmutils.ReadRpm(bytes.NewReader(content))
	require.NoError(t, err)
	files, err := rpm.Header.GetFiles()
	require.NoError(t, err)
	// RPMFILE_CONFIG and RPMFILE_NOREPLACE, of rpm's rpmfiles.h.
	const noReplace = 1<<0 | 1<<4
	found := 0
	for _, f := range files {
		if f.Mode()&0o170000 == 0o040000 { // a folder
			continue
		}
		found++
		require.Contains(t, contents, f.Name())
		require.Equal(t, contents[f.Name()].mode, int64(f.Mode()&0o7777), f.Name())
		require.Equal(t, contents[f.Name()].configuration, f.Flags()&noReplace == noReplace, f.Name())
		require.Equal(t, "root", f.UserName(), f.Name())
	}
	require.Equal(t, len(contents), found)
}
