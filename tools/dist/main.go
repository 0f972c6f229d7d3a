// Dist packs what a release offers from the sources that the collector's builder has written: for
// each target a static binary, an archive, an SBOM and the licences of what is linked; for Linux a
// deb, an rpm and the container image of all its architectures; and the checksums of all. `make dist`
// calls it.
//
// The same commit gives the same bytes: every time in an artefact is the commit's, every list is
// sorted, and nothing is taken from the machine.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1"
)

const name = "otelcol-stytch"

// release is what all targets share.
type release struct {
	root    string // of the repository
	source  string // what the builder has written: the folder of the collector's main package
	out     string // where the artefacts go
	version string // without a leading v
	commit  string // its hash
	time    time.Time
}

// target is a platform that the collector is built for, such as linux/amd64.
type target struct{ os, arch string }

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	flags := flag.NewFlagSet("dist", flag.ContinueOnError)
	var r release
	flags.StringVar(&r.root, "root", ".", "the repository's `folder`")
	flags.StringVar(&r.source, "source", "", "the `folder` of the collector's main package")
	flags.StringVar(&r.out, "out", "", "the `folder` for the artefacts")
	flags.StringVar(&r.version, "version", "", "the release's `version`, without a leading v")
	flags.StringVar(&r.commit, "commit", "", "the commit's `hash`")
	epoch := flags.Int64("epoch", 0, "the commit's time, in `seconds` since 1970")
	targets := flags.String("targets", "linux/amd64", "`platforms`, separated by spaces")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	r.time = time.Unix(*epoch, 0).UTC()
	for _, folder := range []*string{&r.root, &r.source, &r.out} {
		var err error
		if *folder, err = filepath.Abs(*folder); err != nil {
			return err
		}
	}
	if r.version == "" || *epoch == 0 {
		return errors.New("-version and -epoch are needed")
	}
	wanted, err := parseTargets(*targets)
	if err != nil {
		return err
	}
	return r.make(wanted)
}

func parseTargets(text string) (targets []target, err error) {
	for _, word := range strings.Fields(text) {
		goos, arch, ok := strings.Cut(word, "/")
		if !ok {
			return nil, fmt.Errorf("target %q: must be OS/ARCHITECTURE, such as linux/amd64", word)
		}
		targets = append(targets, target{goos, arch})
	}
	if len(targets) == 0 {
		return nil, errors.New("no target")
	}
	return targets, nil
}

// make writes the artefacts of each target, then those that need all of them.
func (r *release) make(targets []target) error {
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	var artefacts []string
	images := map[target]v1.Image{}
	for _, t := range targets {
		started := time.Now()
		binary := filepath.Join(r.out, "bin", t.os+"_"+t.arch, t.executable())
		if err := r.compile(t, binary); err != nil {
			return fmt.Errorf("compiling for %s/%s: %w", t.os, t.arch, err)
		}
		written, image, err := r.pack(t, binary)
		if err != nil {
			return fmt.Errorf("packing for %s/%s: %w", t.os, t.arch, err)
		}
		artefacts = append(artefacts, written...)
		if image != nil {
			images[t] = image
		}
		fmt.Printf("  %s/%s, %.0f s\n", t.os, t.arch, time.Since(started).Seconds())
	}
	if len(images) > 0 {
		path := r.path("image.tar")
		digest, err := r.writeIndex(images, path)
		if err != nil {
			return fmt.Errorf("writing the image: %w", err)
		}
		fmt.Println("  image", digest)
		artefacts = append(artefacts, path)
	}
	return writeChecksums(artefacts, filepath.Join(r.out, "checksums.txt"))
}

// pack writes the artefacts of one target's binary. Only Linux has an image.
func (r *release) pack(t target, binary string) (artefacts []string, image v1.Image, err error) {
	modules, err := linkedModules(binary, r.source)
	if err != nil {
		return nil, nil, fmt.Errorf("listing the linked modules: %w", err)
	}
	folder := filepath.Dir(binary)
	licences := filepath.Join(folder, "THIRD_PARTY_LICENSES")
	if err := writeLicences(modules, licences); err != nil {
		return nil, nil, fmt.Errorf("gathering licences: %w", err)
	}
	sbom := r.path(t.os + "_" + t.arch + ".sbom.cdx.json")
	if err := r.writeSBOM(t, binary, modules, sbom); err != nil {
		return nil, nil, fmt.Errorf("writing the SBOM: %w", err)
	}
	archive := r.path(t.os + "_" + t.arch + t.archive())
	if err := r.writeArchive(t, archive, r.archived(t, binary, licences, sbom)); err != nil {
		return nil, nil, fmt.Errorf("writing the archive: %w", err)
	}
	artefacts = []string{sbom, archive}
	if t.os != "linux" {
		return artefacts, nil, nil
	}
	packages, err := r.writePackages(t, map[string]string{"BINARY": binary, "LICENCES": licences, "SBOM": sbom})
	if err != nil {
		return nil, nil, fmt.Errorf("writing the packages: %w", err)
	}
	image, err = r.image(t, binary, licences)
	if err != nil {
		return nil, nil, fmt.Errorf("making the image: %w", err)
	}
	return append(artefacts, packages...), image, nil
}

// compile links a static binary, with the flags of the collector's builder.
func (r *release) compile(t target, binary string) error {
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, ".")
	command.Dir = r.source
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOOS="+t.os, "GOARCH="+t.arch, "GOAMD64=v1", "GOARM64=v8.0")
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return command.Run()
}

// path is that of an artefact.
func (r *release) path(end string) string {
	return filepath.Join(r.out, name+"_"+r.version+"_"+end)
}

func (t target) executable() string {
	if t.os == "windows" {
		return name + ".exe"
	}
	return name
}

func (t target) archive() string {
	if t.os == "windows" {
		return ".zip"
	}
	return ".tar.gz"
}
