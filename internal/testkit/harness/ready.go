package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// started is what the collector logs once every component has started, its receivers' servers too.
const started = "Everything is ready"

// Free returns an error if another program listens at the address, host:port.
func Free(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	ips, err := net.LookupHost(host)
	if err != nil {
		return err
	}
	for _, ip := range ips { // localhost can be two
		listener, err := net.Listen("tcp", net.JoinHostPort(ip, port))
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			return fmt.Errorf("another program listens on %s", address)
		case errors.Is(err, syscall.EADDRNOTAVAIL): // a machine without IPv6
		case err != nil:
			return err
		default:
			listener.Close()
		}
	}
	return nil
}

// ready polls the receiver's GET /ready until it answers anything but 503. An answer counts only if
// the process says that it has started: another program may have taken the address meanwhile.
func (c *Collector) ready(ctx context.Context, receiver string) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+receiver+"/ready", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			answer.Body.Close()
			switch {
			case answer.StatusCode == http.StatusServiceUnavailable:
				err = fmt.Errorf("GET /ready: %s", answer.Status)
			case strings.Contains(c.Output(), started):
				return nil
			default:
				err = fmt.Errorf("GET /ready: %s, but the collector has not logged %q", answer.Status, started)
			}
		}
		select {
		case <-c.done:
			return fmt.Errorf("it ended by itself: %s", c.command.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
