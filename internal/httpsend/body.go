package httpsend

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// body is the bytes of one request on the wire, whose memory is used again.
// net/http may go on reading a request's body after its answer is there, so
// the memory is free only once every reader is closed.
type body struct {
	bytes.Buffer
	users atomic.Int32
}

var bodies = make(kept[body], maxKept)

// newBody returns an empty body that the caller frees with release.
func newBody() *body {
	b := bodies.get()
	b.Reset()
	b.users.Store(1)
	return b
}

func (b *body) release() {
	if b.users.Add(-1) == 0 {
		bodies.put(b)
	}
}

// attach makes b the body of req, which net/http can also send again on a
// fresh connection where a kept one turns out to be closed.
func (b *body) attach(req *http.Request) {
	req.ContentLength = int64(b.Len())
	req.Body = b.reader()
	req.GetBody = func() (io.ReadCloser, error) { return b.reader(), nil }
}

func (b *body) reader() io.ReadCloser {
	b.users.Add(1)
	r := &bodyReader{body: b}
	r.Reset(b.Bytes())
	return r
}

type bodyReader struct {
	bytes.Reader
	body *body
	once sync.Once
}

func (r *bodyReader) Close() error {
	r.once.Do(r.body.release)
	return nil
}
