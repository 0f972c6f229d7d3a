package httpsend

import (
	"context"
	"fmt"
	"sync"
)

// maxAtOneHost is the number of requests that the streams of an exporter have on their
// way to one host at a time. It bounds the memory and the connections that a host
// costs which answers none of them.
const maxAtOneHost = 64

// hostLimit lets maxAtOneHost requests at a time go to each host. A nil hostLimit lets
// all go.
type hostLimit struct {
	hosts sync.Map // host → chan struct{}
}

// enter waits until a request may go to the host. The caller calls leave once it has
// the answer. The wait is not a part of the request's own timeout.
func (l *hostLimit) enter(ctx context.Context, host string) (leave func(), err error) {
	if l == nil {
		return func() {}, nil
	}
	slots, ok := l.hosts.Load(host)
	if !ok {
		slots, _ = l.hosts.LoadOrStore(host, make(chan struct{}, maxAtOneHost))
	}
	at := slots.(chan struct{})
	select {
	case at <- struct{}{}:
		return func() { <-at }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for one of %d requests to %s to end: %w", maxAtOneHost, host, ctx.Err())
	}
}
