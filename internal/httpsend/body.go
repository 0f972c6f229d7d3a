package httpsend

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// body is the bytes of one request on the wire. Its memory is used again. net/http
// can read a request's body after the answer has come, so the memory is free only
// when every reader is closed.
type body struct {
	bytes.Buffer
	users atomic.Int32
}

var bodies = make(freeList[body], maxFree)

// newBody returns an empty body that the caller frees with release.
func newBody() *body {
	b := bodies.get()
	b.Reset()
	b.users.Store(1)
	return b
}

func (b *body) release() {
	if b.users.Add(-1) == 0 {
		bodies.put(b, b.Cap())
	}
}

// attach makes b the body of req. net/http can send it again on a new connection
// where an idle one turns out to be closed.
func (b *body) attach(req *http.Request) {
	req.ContentLength = int64(b.Len())
	req.Body = b.reader()
	req.GetBody = func() (io.ReadCloser, error) { return b.reader(), nil }
}

func (b *body) reader() io.ReadCloser {
	b.users.Add(1)
	return &requestBody{body: b, rest: b.Bytes()}
}

// requestBody reads a body. HTTP/2 can close it during a Read, where the answer comes
// before the end of the request: once closed it does not touch the memory.
type requestBody struct {
	mu   sync.Mutex
	body *body // nil: closed
	rest []byte
}

func (r *requestBody) Read(p []byte) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.body == nil:
		return 0, http.ErrBodyReadAfterClose
	case len(r.rest) == 0:
		return 0, io.EOF
	}
	n = copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *requestBody) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.body != nil {
		r.body.release()
		r.body, r.rest = nil, nil
	}
	return nil
}
