// Package httpserve holds what the project's HTTP servers have in common.
package httpserve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"
	"golang.org/x/net/http/httpguts"
)

// compressionAlgorithms are those that http::compression_algorithms may name.
var compressionAlgorithms = []string{"", "gzip", "deflate", "snappy", "zstd"}

// Validate rejects values that confighttp and net/http accept but fail over later or
// misread: without an endpoint they listen on any port of any address, and a time without
// a unit is in nanoseconds. Its errors name the keys of a server under `http`.
func Validate(cfg *confighttp.ServerConfig) error {
	var errs []error
	reject := func(key, format string, values ...any) {
		errs = append(errs, fmt.Errorf("http::"+key+": "+format, values...))
	}
	if at := cfg.NetAddr; strings.HasPrefix(string(at.Transport), "tcp") && !isAddress(at.Endpoint) {
		reject("endpoint", "must be a host and a port such as localhost:8321, got %q", at.Endpoint)
	}
	if cfg.MaxRequestBodySize < 0 {
		reject("max_request_body_size", "must not be negative, got %d", cfg.MaxRequestBodySize)
	}
	for i, name := range cfg.CompressionAlgorithms {
		if !slices.Contains(compressionAlgorithms, name) {
			reject(fmt.Sprintf("compression_algorithms::%d", i), `must be "", gzip, deflate, snappy or zstd, got %q`, name)
		}
	}
	for _, limit := range []struct {
		key  string
		time time.Duration
	}{
		{"read_timeout", cfg.ReadTimeout},
		{"read_header_timeout", cfg.ReadHeaderTimeout},
		{"write_timeout", cfg.WriteTimeout},
		{"idle_timeout", cfg.IdleTimeout},
	} {
		if limit.time != 0 && limit.time < time.Millisecond {
			reject(limit.key, "must be at least 1ms, or 0 for none, got %s: write it with a unit, such as 30s", limit.time)
		}
	}
	for name, value := range cfg.ResponseHeaders.Iter {
		if !httpguts.ValidHeaderFieldName(name) {
			reject("response_headers", "%q is no name of a header", name)
		} else if !httpguts.ValidHeaderFieldValue(string(value)) {
			reject("response_headers::"+name, "holds a control character")
		}
	}
	return errors.Join(errs...)
}

// isAddress tells whether endpoint has a host, which may be empty, and a port.
func isAddress(endpoint string) bool {
	_, port, err := net.SplitHostPort(endpoint)
	if err != nil || port == "" {
		return false
	}
	_, err = net.DefaultResolver.LookupPort(context.Background(), "tcp", port) // by number, or by name in the machine's list
	return err == nil
}

// Loopback tells whether only this machine reaches addr.
func Loopback(addr net.Addr) bool {
	at, err := netip.ParseAddrPort(addr.String())
	return err != nil || at.Addr().IsLoopback() // an address without a port is a Unix socket
}
