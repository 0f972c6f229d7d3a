package main

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/require"
)

// unpackedImage reads the index from the archive that `make dist` has written.
func unpackedImage(t *testing.T, archive string) (index v1.ImageIndex, folder string) {
	t.Helper()
	folder = t.TempDir()
	in, err := os.Open(archive)
	require.NoError(t, err)
	defer in.Close()
	for r := tar.NewReader(in); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		require.True(t, filepath.IsLocal(header.Name), header.Name)
		require.NoError(t, os.MkdirAll(filepath.Join(folder, filepath.Dir(header.Name)), 0o755))
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, header.Name), content, 0o600))
	}
	at, err := layout.FromPath(folder)
	require.NoError(t, err)
	outer, err := at.ImageIndex()
	require.NoError(t, err)
	manifest, err := outer.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 1)
	index, err = outer.ImageIndex(manifest.Manifests[0].Digest)
	require.NoError(t, err)
	return index, folder
}

// The image is valid, runs as 10001, and its files are those of a machine without anything else:
// root's, but for the queues' folder.
func TestImage(t *testing.T) {
	version, artefacts := packed(t)
	index, _ := unpackedImage(t, artefacts["image"])
	require.NoError(t, validate.Index(index))
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	require.NotEmpty(t, manifest.Manifests)
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		require.NoError(t, err)
		config, err := image.ConfigFile()
		require.NoError(t, err)
		require.Equal(t, m.Platform.Architecture, config.Architecture)
		require.Equal(t, version, config.Config.Labels["org.opencontainers.image.version"])
		require.Equal(t, "10001:10001", config.Config.User)

		owners := map[string]int{}
		for r := tar.NewReader(mutate.Extract(image)); ; {
			header, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			owners[strings.TrimSuffix(header.Name, "/")] = header.Uid
			require.Zero(t, header.Mode&0o022, "%s is writable by others", header.Name)
		}
		require.Equal(t, user, owners["var/lib/otelcol-stytch"])
		delete(owners, "var/lib/otelcol-stytch")
		for path, owner := range owners {
			require.Zero(t, owner, path)
		}
		require.Equal(t, []string{
			"etc", "etc/otelcol-stytch", "etc/otelcol-stytch/collector.yaml", "etc/otelcol-stytch/datadog.yaml", "etc/otelcol-stytch/loki.yaml",
			"etc/ssl", "etc/ssl/certs", "etc/ssl/certs/ca-certificates.crt",
			"licenses", "licenses/LICENSE", "licenses/THIRD_PARTY_LICENSES", "otelcol-stytch", "var", "var/lib",
		}, slices.Sorted(maps.Keys(owners)))
	}
}

// copied returns the owners of what Docker's COPY leaves in an image without files: a folder that is copied
// onto one that is there changes what is in it, and not itself.
func copied(t *testing.T, copies []string, root string) map[string]string {
	t.Helper()
	owners := map[string]string{"/": "0:0"}
	for _, copy := range copies {
		words := strings.Fields(strings.ReplaceAll(copy, "${TARGETARCH}", arch))
		require.Len(t, words, 3, copy)
		owner, isOwner := strings.CutPrefix(words[0], "--chown=")
		require.True(t, isOwner, copy)
		from := filepath.Join(root, words[1])
		require.NoError(t, filepath.WalkDir(from, func(file string, _ os.DirEntry, err error) error {
			relative, relErr := filepath.Rel(from, file)
			to := path.Join(words[2], filepath.ToSlash(relative))
			if _, there := owners[to]; relative != "." || !there {
				owners[to] = owner
			}
			return errors.Join(err, relErr)
		}))
	}
	return owners
}

// The Dockerfile says what the image has: the same settings, and the files that were laid out for it.
func TestDockerfile(t *testing.T) {
	content, err := os.ReadFile("../../deploy/image/Dockerfile")
	require.NoError(t, err)
	config := v1.Config{ExposedPorts: map[string]struct{}{}, Volumes: map[string]struct{}{}}
	var copies []string
	for line := range strings.Lines(string(content)) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch instruction {
		case "FROM":
			require.Equal(t, "scratch", rest)
		case "USER":
			config.User = rest
		case "ENV":
			config.Env = strings.Fields(rest)
		case "VOLUME":
			config.Volumes[rest] = struct{}{}
		case "EXPOSE":
			for port := range strings.FieldsSeq(rest) {
				config.ExposedPorts[port] = struct{}{}
			}
		case "ENTRYPOINT":
			require.NoError(t, json.Unmarshal([]byte(rest), &config.Entrypoint))
		case "CMD":
			require.NoError(t, json.Unmarshal([]byte(rest), &config.Cmd))
		case "COPY":
			copies = append(copies, rest)
		default:
			require.Contains(t, []string{"#", "ARG"}, instruction)
		}
	}
	expected := (&release{}).imageConfig()
	expected.Labels = nil // docker build --label sets them
	require.Equal(t, expected, config)

	packed(t)
	owners := copied(t, copies, filepath.Join(out, "root"))
	for _, f := range (&release{root: "../.."}).base(filepath.Join(out, "bin/linux_"+arch+"/THIRD_PARTY_LICENSES")) {
		info, err := os.Stat(filepath.Join(out, "root/linux_"+arch, f.name))
		require.NoError(t, err)
		require.Equal(t, f.folder, info.IsDir(), f.name)
		require.Equal(t, os.FileMode(f.mode), info.Mode().Perm(), f.name)
		require.Equal(t, strconv.Itoa(f.owner)+":"+strconv.Itoa(f.owner), owners["/"+f.name], f.name)
	}
	require.FileExists(t, filepath.Join(out, "root/linux_"+arch, name))
}
