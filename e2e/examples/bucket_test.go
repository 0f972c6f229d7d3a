//go:build e2e

package examples

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"
)

const bucketName = "stytch-events"

// bucket is an S3 server with one bucket: a harness.Destination.
type bucket struct {
	server  *http.Server
	backend *s3mem.Backend
	down    atomic.Bool // answers 503

	mu   sync.Mutex
	tell func(event string)
	line func(line string) (event string) // what a line holds; nil: the event
}

func newBucket(t *testing.T) *bucket {
	t.Helper()
	b := &bucket{backend: s3mem.New()}
	require.NoError(t, b.backend.CreateBucket(bucketName))
	return b
}

func (b *bucket) String() string { return "S3" }

func (b *bucket) Start(address string) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	s3 := gofakes3.New(b.backend).Server()
	b.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b.down.Load() {
			http.Error(w, "<Error><Code>SlowDown</Code></Error>", http.StatusServiceUnavailable)
			return
		}
		recorder := &statusWriter{ResponseWriter: w}
		s3.ServeHTTP(recorder, r)
		if r.Method == http.MethodPut && recorder.status < 300 {
			b.stored(strings.TrimPrefix(r.URL.Path, "/"+bucketName+"/"))
		}
	})}
	go b.server.Serve(listener) //nolint:errcheck // it ends by Close
	return "http://" + listener.Addr().String(), nil
}

func (b *bucket) Close() error { return b.server.Close() }

func (b *bucket) Env(url string) map[string]string {
	return map[string]string{
		"S3_BUCKET": bucketName, "AWS_ENDPOINT_URL_S3": url,
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
	}
}

func (b *bucket) TellEvents(f func(event string)) { b.tell = f }

// stored tells the events of a new object.
func (b *bucket) stored(key string) {
	lines, err := b.lines(key)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.tell(key + ": " + err.Error())
		return
	}
	for _, line := range lines {
		if b.line != nil {
			line = b.line(line)
		}
		b.tell(line)
	}
}

// read returns an object as it was uploaded.
func (b *bucket) read(key string) ([]byte, error) {
	object, err := b.backend.GetObject(bucketName, key, nil)
	if err != nil {
		return nil, err
	}
	defer object.Contents.Close()
	return io.ReadAll(object.Contents)
}

// lines are those of an object, each of which must end.
func (b *bucket) lines(key string) ([]string, error) {
	zipped, err := b.read(key)
	if err != nil {
		return nil, err
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(unzipped)
	if err != nil {
		return nil, err
	}
	if !bytes.HasSuffix(content, []byte("\n")) {
		return nil, io.ErrUnexpectedEOF
	}
	return strings.Split(strings.TrimSuffix(string(content), "\n"), "\n"), nil
}

// keys are those of the bucket, sorted.
func (b *bucket) keys(t *testing.T) (keys []string) {
	t.Helper()
	list, err := b.backend.ListBucket(bucketName, nil, gofakes3.ListBucketPage{})
	require.NoError(t, err)
	for _, object := range list.Contents {
		keys = append(keys, object.Key)
	}
	slices.Sort(keys)
	return keys
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
