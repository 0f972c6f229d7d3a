package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/licensedetect/local"
	"github.com/rs/zerolog"
)

// writeSBOM lists the linked modules with their licences and sums, as CycloneDX 1.6 in JSON. The
// command cyclonedx-gomod would do as much, but for the licences of 20 modules: it looks our own
// module, which is replaced by a folder, up among the first 20 and loses all of them.
func (r *release) writeSBOM(t target, binary string, modules []module, path string) error {
	sum, err := fileSum(binary)
	if err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	self := cyclonedx.Component{
		BOMRef: name, Type: cyclonedx.ComponentTypeApplication, Name: name, Version: r.version,
		Hashes:     &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: sum}},
		Licenses:   &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "Apache-2.0"}}},
		Properties: &[]cyclonedx.Property{{Name: "commit", Value: r.commit}, {Name: "platform", Value: t.os + "/" + t.arch}, {Name: "go", Value: info.GoVersion}},
	}
	detector := local.NewDetector(zerolog.Nop())
	var components []cyclonedx.Component
	var references []string
	for _, m := range modules {
		purl := "pkg:golang/" + m.path + "@" + m.version
		if m.sum == "" { // in this repository: it has the release's version
			purl = "pkg:golang/" + m.path + "@v" + r.version
		}
		c := cyclonedx.Component{BOMRef: purl, Type: cyclonedx.ComponentTypeLibrary, Name: m.path, PackageURL: purl}
		_, c.Version, _ = strings.Cut(purl, "@")
		if hash, ok := strings.CutPrefix(m.sum, "h1:"); ok {
			raw, err := base64.StdEncoding.DecodeString(hash)
			if err != nil {
				return fmt.Errorf("%s: sum %q: %w", m.path, m.sum, err)
			}
			c.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(raw)}}
		}
		licences, err := detector.Detect(m.path, m.version, m.directory)
		if err != nil {
			return fmt.Errorf("%s: %w", m.path, err)
		}
		if len(licences) > 0 {
			choices := cyclonedx.Licenses{}
			for i := range licences {
				choices = append(choices, cyclonedx.LicenseChoice{License: &licences[i]})
			}
			c.Licenses = &choices
		}
		components = append(components, c)
		references = append(references, purl)
	}
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{Timestamp: r.time.Format(time.RFC3339), Component: &self}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: name, Dependencies: &references}}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	encoder := cyclonedx.NewBOMEncoder(file, cyclonedx.BOMFileFormatJSON)
	if err := encoder.SetPretty(true).EncodeVersion(bom, cyclonedx.SpecVersion1_6); err != nil {
		return errors.Join(err, file.Close())
	}
	return file.Close()
}

// fileSum is the SHA-256 of a file, in hexadecimal.
func fileSum(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
