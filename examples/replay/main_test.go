package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

func TestValues(t *testing.T) {
	for _, c := range []struct {
		name, text string
		objects    []string
		odd        []int
	}{
		{"nothing", "", nil, nil},
		{"lines", "{\"a\":1.50}\n{ \"b\" : [ ] }\n", []string{`{"a":1.50}`, `{ "b" : [ ] }`}, nil},
		{"no line end at the end", "{}\n{}", []string{"{}", "{}"}, nil},
		{"line breaks within", "{\n  \"a\": 1\n}\n{}\n", []string{"{\n  \"a\": 1\n}", "{}"}, nil},
		{"no JSON", "{}\nplain text\n{}\n", []string{"{}", "{}"}, []int{3}},
		{"no object", "{}\n17\n\"x\"\n{}\n", []string{"{}", "{}"}, []int{3, 6}},
		{"cut off", "{}\n{\"a\":", []string{"{}"}, []int{3}},
		{"only odd", "x", nil, []int{0}},
		{"no UTF-8", "{}\n{\"a\":\"\xff\"}\n{}\n", []string{"{}", "{}"}, []int{3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			objects, odd := values([]byte(c.text))
			var got []string
			for _, object := range objects {
				got = append(got, string(object))
			}
			require.Equal(t, c.objects, got)
			require.Equal(t, c.odd, odd)
		})
	}
}

func TestWindow(t *testing.T) {
	for _, c := range []struct{ from, to, told string }{
		{"2026-11-24T10", "2026-11-24T12", ""},
		{"2026-11-24", "2026-11-24T12", "-from"},
		{"2026-11-24T10", "", "-to"},
		{"2026-11-24T10", "2026-11-24T10", "is not after"},
	} {
		var w window
		err := w.parse(c.from, c.to)
		if c.told == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.told)
		}
	}
}

func TestObjectsOfAWindow(t *testing.T) {
	archive := t.TempDir()
	for _, key := range []string{
		"2026/11/24/09/early", "2026/11/24/10/b", "2026/11/24/10/a", "2026/11/24/11/c", "2026/11/24/12/late",
		"project-live-1/2026/11/24/11/d", "2026/11/24/readme", "2026/11/24/77/none",
	} {
		put(t, archive, key, "{}\n")
	}
	w := window{}
	require.NoError(t, w.parse("2026-11-24T10", "2026-11-24T12"))
	objects, err := w.objects(archive)
	require.NoError(t, err)
	var keys []string
	for _, o := range objects {
		keys = append(keys, o.key)
	}
	require.Equal(t, []string{"2026/11/24/10/a", "2026/11/24/10/b", "2026/11/24/11/c", "project-live-1/2026/11/24/11/d"}, keys)

	for _, key := range []string{"b/2026/11/24/10/logs_1", "a/2026/11/24/11/logs_4", "a/2026/11/24/10/logs_2", "b/2026/11/24/11/logs_3"} {
		put(t, filepath.Join(archive, "by-project"), key, "{}\n")
	}
	objects, err = w.objects(filepath.Join(archive, "by-project"))
	require.NoError(t, err)
	keys = nil
	for _, o := range objects {
		keys = append(keys, o.key)
	}
	require.Equal(t, []string{"b/2026/11/24/10/logs_1", "a/2026/11/24/10/logs_2", "b/2026/11/24/11/logs_3", "a/2026/11/24/11/logs_4"}, keys, "as they were uploaded")

	require.NoError(t, w.parse("2020-01-01T00", "2020-01-01T01"))
	_, err = w.objects(archive)
	require.ErrorContains(t, err, "no object under "+archive)
}

// put writes an object; one whose key ends in .gz is gzipped.
func put(t *testing.T, archive, key, text string) {
	t.Helper()
	path := filepath.Join(archive, filepath.FromSlash(key))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	content := []byte(text)
	if strings.HasSuffix(key, ".gz") {
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		_, err := w.Write(content)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		content = zipped.Bytes()
	}
	require.NoError(t, os.WriteFile(path, content, 0o600))
}

// endpoint takes requests as the receiver does.
func endpoint(t *testing.T, answer func(n int) int) (url string, bodies *[]string) {
	t.Helper()
	bodies = &[]string{}
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		status := answer(n)
		if body, err := io.ReadAll(r.Body); err == nil && status == http.StatusAccepted {
			*bodies = append(*bodies, string(body))
		}
		http.Error(w, "in words", status)
	}))
	t.Cleanup(server.Close)
	return server.URL, bodies
}

func newReplay(t *testing.T, archive, url string) *replay {
	t.Helper()
	r := &replay{archive: archive, batch: 2, resume: filepath.Join(t.TempDir(), "replay.json"), sender: sender{url: url}}
	require.NoError(t, r.window.parse("2026-11-24T10", "2026-11-24T12"))
	return r
}

// A run that ends by an error goes on where it was, to the event.
func TestResume(t *testing.T) {
	archive := t.TempDir()
	put(t, archive, "2026/11/24/10/a.txt.gz", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n")
	put(t, archive, "2026/11/24/11/b.txt.gz", "{\"n\":4}\n{\"n\":5}\n{\"n\":6}\n")
	url, bodies := endpoint(t, func(n int) int {
		switch n {
		case 2:
			return http.StatusServiceUnavailable
		case 5:
			return http.StatusUnauthorized
		default:
			return http.StatusAccepted
		}
	})
	r := newReplay(t, archive, url)
	require.ErrorContains(t, r.run(t.Context()), "2026/11/24/11/b.txt.gz: events 3 to 3: 401 Unauthorized: in words")
	require.NoError(t, r.run(t.Context()))
	require.Equal(t, []string{"{\"n\":1}\n{\"n\":2}\n", "{\"n\":3}\n", "{\"n\":4}\n{\"n\":5}\n", "{\"n\":6}\n"}, *bodies)
	require.NoError(t, r.run(t.Context()), "nothing is left")
	require.Len(t, *bodies, 4)

	put(t, archive, "2026/11/24/10/0.txt.gz", "{}\n")
	require.ErrorContains(t, r.run(t.Context()), "the archive has changed")
	require.NoError(t, r.window.parse("2026-11-24T11", "2026-11-24T12"))
	require.ErrorContains(t, r.run(t.Context()), "is of the window from 2026-11-24T10 to 2026-11-24T12")
}

// A page behind a redirect takes no events, though it answers 200.
func TestRedirect(t *testing.T) {
	archive := t.TempDir()
	put(t, archive, "2026/11/24/10/a.txt", "{}\n")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.Redirect(w, r, "/login", http.StatusFound)
		}
	}))
	t.Cleanup(server.Close)
	r := newReplay(t, archive, server.URL)
	require.ErrorContains(t, r.run(t.Context()), "302 Found")
	require.NoFileExists(t, r.resume, "nothing was sent")
}

// Whatever is no event is left out, told and not forgotten.
func TestOddTexts(t *testing.T) {
	archive := t.TempDir()
	put(t, archive, "2026/11/24/10/a.txt", "{\"n\":1}\nno JSON\n{\"n\":2}\n")
	url, bodies := endpoint(t, func(int) int { return http.StatusAccepted })
	require.ErrorContains(t, newReplay(t, archive, url).run(t.Context()), "1 texts are no JSON object")
	require.Equal(t, []string{"{\"n\":1}\n{\"n\":2}\n"}, *bodies)
}

// Every fixture comes out of an envelope byte for byte.
func TestEnvelope(t *testing.T) {
	archive := t.TempDir()
	var lines, want strings.Builder
	for _, event := range testdata.Events() {
		lines.WriteString(`{"timestamp":"2026-11-24T10:00:00.000Z","record":` + event.JSON + `,"stream":{},"metadata":{}}` + "\n")
		want.WriteString(event.JSON + "\n")
	}
	put(t, archive, "2026/11/24/10/a.txt.gz", lines.String())
	url, bodies := endpoint(t, func(int) int { return http.StatusAccepted })
	r := newReplay(t, archive, url)
	r.envelope = true
	require.NoError(t, r.run(t.Context()))
	require.Equal(t, want.String(), strings.Join(*bodies, ""))

	put(t, archive, "2026/11/24/10/b.txt.gz", "{}\n")
	r.resume = filepath.Join(t.TempDir(), "other.json")
	require.ErrorContains(t, r.run(t.Context()), "b.txt.gz: line 1: no envelope")
}

func TestRate(t *testing.T) {
	archive := t.TempDir()
	put(t, archive, "2026/11/24/10/a.txt", strings.Repeat("{}\n", 20))
	url, _ := endpoint(t, func(int) int { return http.StatusAccepted })
	r := newReplay(t, archive, url)
	r.rate = 50
	began := time.Now()
	require.NoError(t, r.run(t.Context()))
	require.GreaterOrEqual(t, time.Since(began), 18*time.Second/50, "the last two of 20 events, at 50 a second")
}

func TestStop(t *testing.T) {
	archive := t.TempDir()
	put(t, archive, "2026/11/24/10/a.txt", "{}\n")
	url, _ := endpoint(t, func(int) int { return http.StatusServiceUnavailable })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	r := newReplay(t, archive, url)
	require.ErrorIs(t, r.run(ctx), context.DeadlineExceeded)
	require.NoFileExists(t, r.resume, "nothing was sent")
}
