package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// hour is the form of an hour on the command line, and in a key.
const hour = "2006-01-02T15"

// keyHour finds the hour of an upload in an object's key, such as
// project-live-…/2026/11/24/10/logs_….txt.gz.
var keyHour = regexp.MustCompile(`(?:^|/)(\d{4})/(\d{2})/(\d{2})/(\d{2})/[^/]+$`)

// window is from an hour to another one, which is not in it. Both are in UTC.
type window struct{ from, to time.Time }

func (w *window) parse(from, to string) (err error) {
	if w.from, err = time.Parse(hour, from); err != nil {
		return fmt.Errorf("-from: want an hour such as 2026-11-24T10, got %q", from)
	}
	if w.to, err = time.Parse(hour, to); err != nil {
		return fmt.Errorf("-to: want an hour such as 2026-11-24T12, got %q", to)
	}
	if !w.from.Before(w.to) {
		return fmt.Errorf("-to %s is not after -from %s", to, from)
	}
	return nil
}

// object is one of the archive, in a folder.
type object struct {
	key  string // relative to the archive, with slashes
	path string
	hour time.Time // of the upload
	size int64     // as it is stored
}

// objects are those of the window, sorted by hour and name, which begins with the time: where each project
// has a folder, the later hours of one project must not come before the earlier ones of the next.
func (w window) objects(archive string) (objects []object, err error) {
	err = filepath.WalkDir(archive, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		key, err := filepath.Rel(archive, file)
		if err != nil {
			return err
		}
		key = filepath.ToSlash(key)
		m := keyHour.FindStringSubmatch(key)
		if m == nil {
			return nil
		}
		at, err := time.Parse(hour, fmt.Sprintf("%s-%s-%sT%s", m[1], m[2], m[3], m[4]))
		if err != nil || at.Before(w.from) || !at.Before(w.to) {
			return nil //nolint:nilerr // a folder with numbers that are no hour is none of the archive's
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		objects = append(objects, object{key, file, at, info.Size()})
		return nil
	})
	if err == nil && len(objects) == 0 {
		err = fmt.Errorf("no object under %s has a key from %s to %s", archive, w.from.Format(hour), w.to.Format(hour))
	}
	slices.SortFunc(objects, func(a, b object) int {
		return cmp.Or(a.hour.Compare(b.hour), strings.Compare(path.Base(a.key), path.Base(b.key)), strings.Compare(a.key, b.key))
	})
	return objects, err
}

// events are those of an object, byte for byte, and where in its text something else stands.
func (o object) events(envelope bool) (events [][]byte, odd []int, err error) {
	content, err := os.ReadFile(o.path)
	if err != nil {
		return nil, nil, err
	}
	if strings.HasSuffix(o.key, ".gz") {
		unzipped, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, nil, err
		}
		if content, err = io.ReadAll(unzipped); err != nil {
			return nil, nil, err
		}
	}
	events, odd = values(content)
	if envelope {
		for i, event := range events {
			var line struct{ Record json.RawMessage }
			if err := json.Unmarshal(event, &line); err != nil || !isObject(line.Record) {
				return nil, nil, fmt.Errorf("line %d: no envelope: it has no object named record", i+1)
			}
			events[i] = line.Record
		}
	}
	return events, odd, nil
}

// values are the JSON objects of a text, one after the other, usually a line each. After anything
// else the text is read on from the next line.
func values(text []byte) (objects [][]byte, odd []int) {
	for start := 0; start < len(text); {
		decoder := json.NewDecoder(bytes.NewReader(text[start:]))
		var err error
		for err == nil {
			var value json.RawMessage
			if err = decoder.Decode(&value); err != nil {
				break
			}
			if isObject(value) {
				objects = append(objects, value)
			} else {
				odd = append(odd, start+int(decoder.InputOffset())-len(value))
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		at := start + int(decoder.InputOffset())
		at += len(text[at:]) - len(bytes.TrimLeft(text[at:], " \t\r\n"))
		odd = append(odd, at)
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 {
			break
		}
		start = at + end + 1
	}
	return objects, odd
}

// isObject tells whether a JSON value is an object that the receiver takes: it takes valid UTF-8 alone.
func isObject(value []byte) bool { return bytes.HasPrefix(value, []byte("{")) && utf8.Valid(value) }
