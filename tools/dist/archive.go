package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// file is one of an archive or of a layer. Its owner is root unless it says otherwise.
type file struct {
	name    string // in the archive, with slashes
	source  string // on disk; "" of a folder or of what content has
	content []byte
	mode    int64
	owner   int  // user and group
	folder  bool // not a file
}

// archived lists what an archive has, below one folder.
func (r *release) archived(t target, binary, licences, sbom string) []file {
	folder := name + "_" + r.version + "_" + t.os + "_" + t.arch + "/"
	deploy := filepath.Join(r.root, "deploy")
	return []file{
		{name: folder + t.executable(), source: binary, mode: 0o755},
		{name: folder + "LICENSE", source: filepath.Join(r.root, "LICENSE"), mode: 0o644},
		{name: folder + "THIRD_PARTY_LICENSES", source: licences, mode: 0o644},
		{name: folder + "sbom.cdx.json", source: sbom, mode: 0o644},
		{name: folder + "README.md", content: r.readme(t), mode: 0o644},
		{name: folder + "CHANGELOG.md", source: filepath.Join(r.root, "CHANGELOG.md"), mode: 0o644},
		{name: folder + "config/collector.yaml", source: filepath.Join(deploy, "config", "collector.yaml"), mode: 0o644},
		{name: folder + "config/datadog.yaml", source: filepath.Join(deploy, "config", "datadog.yaml"), mode: 0o644},
		{name: folder + "config/loki.yaml", source: filepath.Join(deploy, "config", "loki.yaml"), mode: 0o644},
	}
}

// readme is the archive's own: links of the repository's would lead nowhere.
func (r *release) readme(t target) []byte {
	return fmt.Appendf(nil, `# %s %s

Stytch's authentication events in Datadog and Grafana Loki, by an OpenTelemetry Collector.

Make a folder for the queues, set the variables, and start it with the file of a destination:

    QUEUE_DIRECTORY=queue STYTCH_USERNAME=… STYTCH_PASSWORD=… DD_API_KEY=… \
      ./%s --config config/collector.yaml --config config/datadog.yaml

Add "validate" before the first --config to check the settings alone. For Loki it is
config/loki.yaml with LOKI_URL, LOKI_USERNAME and LOKI_PASSWORD; with both files it delivers to
both. All else is at https://github.com/otelcol-stytch/otelcol-stytch/tree/%s
`, name, r.version, t.executable(), r.commit)
}

func (r *release) writeArchive(t target, path string, files []file) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	if t.os == "windows" {
		err = r.writeZip(out, files)
	} else {
		packed, _ := gzip.NewWriterLevel(out, gzip.BestCompression) // the level is a valid one
		if err = r.writeTar(packed, files); err == nil {
			err = packed.Close()
		}
	}
	if err != nil {
		return err
	}
	return out.Close()
}

// writeTar writes the files with the commit's time, and owners by number alone.
func (r *release) writeTar(to io.Writer, files []file) error {
	w := tar.NewWriter(to)
	for _, f := range files {
		content, err := f.read()
		if err != nil {
			return err
		}
		header := &tar.Header{
			Name: f.name, Mode: f.mode, Size: int64(len(content)), ModTime: r.time,
			Uid: f.owner, Gid: f.owner, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
		}
		if f.folder {
			header.Typeflag, header.Name = tar.TypeDir, strings.TrimSuffix(f.name, "/")+"/"
		}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		if _, err := w.Write(content); err != nil {
			return err
		}
	}
	return w.Close()
}

func (r *release) writeZip(to io.Writer, files []file) error {
	w := zip.NewWriter(to)
	for _, f := range files {
		content, err := f.read()
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: r.time}
		header.SetMode(os.FileMode(f.mode))
		entry, err := w.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(content); err != nil {
			return err
		}
	}
	return w.Close()
}

func (f file) read() ([]byte, error) {
	if f.source == "" {
		return f.content, nil
	}
	return os.ReadFile(f.source)
}

// writeChecksums writes a line for each artefact, as `sha256sum --check` reads them.
func writeChecksums(artefacts []string, path string) error {
	slices.Sort(artefacts)
	var lines strings.Builder
	for _, artefact := range artefacts {
		sum, err := fileSum(artefact)
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s  %s\n", sum, filepath.Base(artefact))
	}
	return os.WriteFile(path, []byte(lines.String()), 0o644)
}
