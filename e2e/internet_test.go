//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// internet stands in for all hosts that a program speaks HTTPS to: a proxy that takes every
// connection as if it were the host, and answers with the handler. The returned environment leads a
// program there. Nothing leaves the machine.
func internet(t *testing.T, handler http.Handler) map[string]string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	root, err := x509.CreateCertificate(rand.Reader, authority, authority, &key.PublicKey, key)
	require.NoError(t, err)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	require.NoError(t, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root}), 0o600))

	tunnelled := tunnels{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	go server.Serve(tls.NewListener(tunnelled, &tls.Config{ //nolint:errcheck // it ends by Close
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			host := *authority
			host.SerialNumber, host.IsCA, host.DNSNames = big.NewInt(2), false, []string{hello.ServerName}
			der, err := x509.CreateCertificate(rand.Reader, &host, authority, &key.PublicKey, key)
			return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
		},
	}))
	t.Cleanup(func() { server.Close() })

	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "HTTPS only", http.StatusNotImplemented)
			return
		}
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("taking over a connection: %v", err)
			return
		}
		if _, err := connection.Write([]byte("HTTP/1.1 200 OK\r\n\r\n")); err == nil {
			select {
			case tunnelled.connections <- connection:
			case <-tunnelled.closed:
			}
		}
	}))
	t.Cleanup(proxy.Close)
	return map[string]string{"HTTP_PROXY": proxy.URL, "HTTPS_PROXY": proxy.URL, "NO_PROXY": "localhost,127.0.0.1", "SSL_CERT_FILE": roots}
}

// tunnels is a listener of the connections that a proxy has taken.
type tunnels struct {
	connections chan net.Conn
	closed      chan struct{}
}

func (c tunnels) Accept() (net.Conn, error) {
	select {
	case connection := <-c.connections:
		return connection, nil
	case <-c.closed:
		return nil, net.ErrClosed
	}
}

func (c tunnels) Close() error {
	close(c.closed)
	return nil
}

func (c tunnels) Addr() net.Addr { return &net.TCPAddr{} }
