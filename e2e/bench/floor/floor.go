// Package floor is the cheapest thing that could do the collector's job: it decompresses a request,
// compresses the same bytes again and posts them, and acknowledges once the destination has. It
// checks no credentials, reads no event, adds no label, keeps nothing, batches nothing and counts
// nothing. What a collector takes beyond it is the price of what the floor does not do.
package floor

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// Handler forwards requests to a URL.
func Handler(url string) http.Handler {
	return &proxy{url: url, client: &http.Client{Transport: &http.Transport{
		MaxIdleConns: 100, MaxIdleConnsPerHost: 100, DisableCompression: true,
	}}}
}

type proxy struct {
	url    string
	client *http.Client
	jobs   sync.Pool
}

// job is the memory of one request, to be used again.
type job struct {
	reader        gzip.Reader
	writer        *gzip.Writer
	plain, packed bytes.Buffer
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	j, ok := p.jobs.Get().(*job)
	if !ok {
		j = &job{}
		j.writer, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	}
	defer p.jobs.Put(j)
	if err := j.forward(p, r); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (j *job) forward(p *proxy, r *http.Request) error {
	j.plain.Reset()
	j.packed.Reset()
	if err := j.reader.Reset(r.Body); err != nil {
		return err
	}
	if _, err := j.plain.ReadFrom(&j.reader); err != nil {
		return err
	}
	j.writer.Reset(&j.packed)
	if _, err := j.writer.Write(j.plain.Bytes()); err != nil {
		return err
	}
	if err := j.writer.Close(); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, p.url, bytes.NewReader(j.packed.Bytes()))
	if err != nil {
		return err
	}
	request.Header = http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
	answer, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the destination answered %s", answer.Status)
	}
	return nil
}
