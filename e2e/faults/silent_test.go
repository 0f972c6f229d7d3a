//go:build e2e

package faults

import (
	"crypto/tls"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// silentProxy passes connections on, until those that are open fall silent: their ends stay open, and
// nothing passes any more, as after a failover of what stands between.
type silentProxy struct {
	net.Listener
	opened, silent atomic.Int64 // connections, by their number
}

func newSilentProxy(t *testing.T, to string) *silentProxy {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	p := &silentProxy{Listener: listener}
	go func() {
		for {
			in, err := p.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			number := p.opened.Add(1)
			go p.pass(number, in, out)
			go p.pass(number, out, in)
		}
	}()
	return p
}

func (p *silentProxy) pass(number int64, to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if number > p.silent.Load() {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
}

// fallSilent silences what is open now.
func (p *silentProxy) fallSilent() { p.silent.Store(p.opened.Load()) }

// TestSilentConnection promises: where a connection over HTTP/2 falls silent without being closed, what
// was acknowledged is delivered on another one within about 15 s, with the settings as they are.
func TestSilentConnection(t *testing.T) {
	directory := t.TempDir()
	certificate, key, _ := harness.Certificate(t, directory)
	r := prepared(t, `
exporters:
  datadog_logs:
    endpoint: "${env:SILENT_URL}"
    tls: {ca_file: `+certificate+`}
`)
	intake := httptest.NewUnstartedServer(r.datadog)
	pair, err := tls.LoadX509KeyPair(certificate, key)
	require.NoError(t, err)
	intake.EnableHTTP2, intake.TLS = true, &tls.Config{Certificates: []tls.Certificate{pair}}
	intake.StartTLS()
	t.Cleanup(intake.Close)
	proxy := newSilentProxy(t, strings.TrimPrefix(intake.URL, "https://"))
	r.options.Env["SILENT_URL"] = "https://" + proxy.Addr().String()
	r.start()
	r.push(20)
	r.until("the first events have arrived", func() bool { return r.ledger.MissingAnywhere() == 0 })
	proxy.fallSilent()
	r.push(20)
	r.everythingArrives()
	require.Greater(t, proxy.opened.Load(), int64(1))
}
