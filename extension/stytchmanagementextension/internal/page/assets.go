package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

//go:embed assets
var assetFiles embed.FS

const assetsPath = "/assets/{version}/{name}"

// assetsVersion is a part of each asset's address and changes with any of them, so that
// browsers keep them for good.
var assetsVersion = func() string {
	hash := sha256.New()
	entries, _ := assetFiles.ReadDir("assets")
	for _, entry := range entries {
		content, _ := assetFiles.ReadFile("assets/" + entry.Name())
		hash.Write(content)
	}
	return hex.EncodeToString(hash.Sum(nil))[:12]
}()

func assetURL(name string) string { return "/assets/" + assetsVersion + "/" + name }

func serveAsset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	content, err := assetFiles.ReadFile("assets/" + name)
	if err != nil || r.PathValue("version") != assetsVersion {
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	types := map[string]string{"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
	w.Header().Set("Content-Type", types[name[strings.LastIndexByte(name, '.')+1:]]+"; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}
