package queuestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// file is the file of a queue in a file_storage, while it is open.
//
// The defect (file_storage v0.158): where the file was deleted, with its
// directory or by itself, the storage goes on to write to what it has open.
// Nobody notices, and what it stored since is gone when the process ends.
//
// TestStorageWritesToADeletedFile fails as soon as file_storage refuses by
// itself. Then this type goes; fileName and all else stay.
type file struct {
	path     string      // empty: not known, nothing is checked
	opened   os.FileInfo // what was at path when the storage had opened it
	compacts bool        // the storage itself may replace it

	every time.Duration // how often it is looked for
	last  time.Time     // when it was
	err   error         // what was found
}

// checkEvery is how often a put looks for the file. A stat takes less than a
// microsecond, but one before each put with fsync cost 6 µs of CPU an event and a
// sixth of the throughput, measured on ext4 with Linux 6.18: since 6.13 a file
// that somebody has looked at gets a new time at the next write, which fsync has
// to store as well.
const checkEvery = 100 * time.Millisecond

// openedFile returns the file that the storage has just opened. It is not known
// where the storage is another, or has shortened a name of more than 255 bytes.
func openedFile(at place, name string) file {
	if at.directory == "" {
		return file{}
	}
	path := filepath.Join(at.directory, name)
	info, err := os.Stat(path)
	if err != nil {
		return file{}
	}
	return file{path: path, opened: info, compacts: at.compacts, every: checkEvery}
}

// check returns what look does, or has done a moment ago.
func (f *file) check() error {
	if now := time.Now(); f.path != "" && now.Sub(f.last) >= f.every {
		f.last, f.err = now, f.look()
	}
	return f.err
}

// look returns an error if the file is not at its path.
func (f *file) look() error {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the queue's file is gone: no event is taken until it is back or the collector is started again, "+
			"and what it contains is delivered only while this process runs: %w", err)
	case err == nil && !f.compacts && !os.SameFile(info, f.opened):
		return fmt.Errorf("the queue's file was replaced by another: no event is taken until it is back or the collector is started again, "+
			"and what it contains is delivered only while this process runs: %s", f.path)
	}
	return nil
}

// checked stores nothing in a file that was deleted or replaced.
type checked struct {
	storage.Client
	file file
}

// newChecked returns next, checked. It is a Walker where next is one.
func newChecked(next storage.Client, f file) storage.Client {
	c := &checked{next, f}
	if walker, ok := next.(storage.Walker); ok {
		return struct {
			*checked
			storage.Walker
		}{c, walker}
	}
	return c
}

func (c *checked) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

func (c *checked) Batch(ctx context.Context, ops ...*storage.Operation) error {
	for _, op := range ops {
		if op.Type == storage.Set && c.file.path != "" {
			if err := c.file.look(); err != nil {
				return err
			}
			break
		}
	}
	return c.Client.Batch(ctx, ops...)
}

// fileName returns the name of the file that file_storage, v0.158, makes for a
// client of an exporter. A queue's client is named by its signal.
func fileName(id component.ID, client string) string {
	var name strings.Builder
	for _, r := range "exporter_" + id.Type().String() + "_" + id.Name() + "_" + client {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			name.WriteRune(r)
		default:
			fmt.Fprintf(&name, "~%04X", r)
		}
	}
	return name.String()
}

var escaped = regexp.MustCompile("~[0-9A-F]{4}")

// unescape returns the text of a part of a file's name.
func unescape(name string) string {
	return escaped.ReplaceAllStringFunc(name, func(code string) string {
		r, _ := strconv.ParseUint(code[1:], 16, 32)
		return string(rune(r))
	})
}
