package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // the packagers register themselves
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

// writePackages packs the deb and the rpm that deploy/packages/nfpm.yaml describes. files are the
// paths that it calls BINARY, LICENCES and SBOM.
func (r *release) writePackages(t target, files map[string]string) (paths []string, err error) {
	values := map[string]string{"ROOT": r.root, "ARCH": t.arch, "VERSION": r.version}
	for key, path := range files {
		values[key] = path
	}
	config, err := nfpm.ParseFileWithEnvMapping(filepath.Join(r.root, "deploy", "packages", "nfpm.yaml"), func(key string) string { return values[key] })
	if err != nil {
		return nil, err
	}
	for _, format := range []string{"deb", "rpm"} {
		path, err := r.writePackage(&config, format)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", format, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func (r *release) writePackage(config *nfpm.Config, format string) (path string, err error) {
	packager, err := nfpm.Get(format)
	if err != nil {
		return "", err
	}
	info, err := config.Get(format)
	if err != nil {
		return "", err
	}
	scripts := filepath.Join(r.root, "deploy", "packages")
	info.Scripts = nfpm.Scripts{
		PostInstall: filepath.Join(scripts, "postinstall.sh"),
		PreRemove:   filepath.Join(scripts, "preremove.sh"),
		PostRemove:  filepath.Join(scripts, "postremove.sh"),
	}
	info.MTime = r.time
	info.RPM.BuildHost = name // else it is this machine's
	info = nfpm.WithDefaults(info)
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return "", err
	}
	path = filepath.Join(r.out, packager.ConventionalFileName(info))
	out, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer out.Close()
	if err := packager.Package(info, out); err != nil {
		return "", err
	}
	return path, out.Close()
}
