package main

import (
	"bytes"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// user is who the image runs as: a number above those that systems give to their own users.
const user = 10001

// imageConfig is what deploy/image/Dockerfile says, too: TestDockerfile compares them.
func (r *release) imageConfig() v1.Config {
	return v1.Config{
		User:         "10001:10001",
		Env:          []string{"HOST=0.0.0.0", "LISTEN=0.0.0.0:8321", "QUEUE_DIRECTORY=/var/lib/otelcol-stytch"},
		ExposedPorts: map[string]struct{}{"8321": {}, "8888": {}, "13133": {}},
		Volumes:      map[string]struct{}{"/var/lib/otelcol-stytch": {}},
		Entrypoint:   []string{"/otelcol-stytch"},
		Cmd:          []string{"--config", "/etc/otelcol-stytch/collector.yaml", "--config", "/etc/otelcol-stytch/datadog.yaml"},
		Labels: map[string]string{
			"org.opencontainers.image.title":    name,
			"org.opencontainers.image.version":  r.version,
			"org.opencontainers.image.revision": r.commit,
			"org.opencontainers.image.licenses": "Apache-2.0",
		},
	}
}

// base lists the files below the binary: certificates, licences, the default configuration, and the
// queues' folder, which a volume takes its owner from.
func (r *release) base(licences string) []file {
	config := func(base string) file {
		return file{name: "etc/otelcol-stytch/" + base, source: filepath.Join(r.root, "deploy", "config", base), mode: 0o644}
	}
	return []file{
		{name: "etc", folder: true, mode: 0o755},
		{name: "etc/ssl", folder: true, mode: 0o755},
		{name: "etc/ssl/certs", folder: true, mode: 0o755},
		{name: "etc/ssl/certs/ca-certificates.crt", content: certificates(), mode: 0o644},
		{name: "etc/otelcol-stytch", folder: true, mode: 0o755},
		config("collector.yaml"), config("datadog.yaml"), config("loki.yaml"),
		{name: "licenses", folder: true, mode: 0o755},
		{name: "licenses/LICENSE", source: filepath.Join(r.root, "LICENSE"), mode: 0o644},
		{name: "licenses/THIRD_PARTY_LICENSES", source: licences, mode: 0o644},
		{name: "var", folder: true, mode: 0o755},
		{name: "var/lib", folder: true, mode: 0o755},
		{name: "var/lib/otelcol-stytch", folder: true, mode: 0o700, owner: user},
	}
}

// certificates are the roots that Mozilla trusts, in PEM, from a module: those of this machine may
// be others. Those that are trusted for old certificates only are left out, since PEM cannot say so.
func certificates() []byte {
	var all bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes all
		}
	}
	return all.Bytes()
}

// image has two layers: what changes seldom, and the binary. The same files are laid out below
// out/root for the Dockerfile.
func (r *release) image(t target, binary, licences string) (v1.Image, error) {
	layers := [][]file{r.base(licences), {{name: name, source: binary, mode: 0o755}}}
	root := filepath.Join(r.out, "root", t.os+"_"+t.arch)
	if err := layOut(root, slices.Concat(layers...)); err != nil {
		return nil, err
	}
	image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
	for _, files := range layers {
		var content bytes.Buffer
		if err := r.writeTar(&content, files); err != nil {
			return nil, err
		}
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(content.Bytes())), nil
		}, tarball.WithMediaType(types.OCILayer))
		if err != nil {
			return nil, err
		}
		if image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: r.time}, CreatedBy: "make dist"}}); err != nil {
			return nil, err
		}
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created, config.Config = t.os, t.arch, v1.Time{Time: r.time}, r.imageConfig()
	return mutate.ConfigFile(image, config)
}

// writeIndex writes the images of all architectures as one archive in OCI's layout, and returns the
// digest of their index.
func (r *release) writeIndex(images map[target]v1.Image, path string) (v1.Hash, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	targets := make([]target, 0, len(images))
	for t := range images {
		targets = append(targets, t)
	}
	slices.SortFunc(targets, func(a, b target) int { return strings.Compare(a.arch, b.arch) })
	for _, t := range targets {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        images[t],
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: t.os, Architecture: t.arch}},
		})
	}
	digest, err := index.Digest()
	if err != nil {
		return v1.Hash{}, err
	}
	folder, err := os.MkdirTemp(r.out, "layout")
	if err != nil {
		return v1.Hash{}, err
	}
	defer os.RemoveAll(folder)
	at, err := layout.Write(folder, empty.Index)
	if err != nil {
		return v1.Hash{}, err
	}
	if err := at.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": r.version})); err != nil {
		return v1.Hash{}, err
	}
	return digest, r.writeFolder(folder, path)
}

// writeFolder writes the files below a folder as a tar, sorted by name.
func (r *release) writeFolder(folder, path string) error {
	var files []file
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		files = append(files, file{name: filepath.ToSlash(relative), source: path, mode: 0o644})
		return err
	})
	if err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := r.writeTar(out, files); err != nil {
		return err
	}
	return out.Close()
}

// layOut writes the files below a folder. Owners are the Dockerfile's to set.
func layOut(root string, files []file) error {
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(root, filepath.FromSlash(f.name))
		if f.folder {
			if err := os.MkdirAll(path, os.FileMode(f.mode)); err != nil {
				return err
			}
			continue
		}
		content, err := f.read()
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, os.FileMode(f.mode)); err != nil {
			return err
		}
	}
	return nil
}
