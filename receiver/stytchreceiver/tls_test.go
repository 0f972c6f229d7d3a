package stytchreceiver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
)

// TestMutualTLS lets only a sender with a certificate in, by any protocol.
func TestMutualTLS(t *testing.T) {
	certificate, key := selfSigned(t)
	r := start(t, nil, func(cfg *Config) {
		server := configtls.NewDefaultServerConfig()
		server.CertPem, server.KeyPem = configopaque.String(certificate), configopaque.String(key)
		server.ClientCAFile = filepath.Join(t.TempDir(), "ca.pem")
		require.NoError(t, os.WriteFile(server.ClientCAFile, []byte(certificate), 0o600))
		cfg.HTTP.TLS = configoptional.Some(server)
	})
	url := strings.Replace(r.url, "http://", "https://", 1) + "/v1/events"
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(certificate)))
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	require.NoError(t, err)
	post := func(own ...tls.Certificate) (*http.Response, error) {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: own}}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Post(url, "", strings.NewReader("{}"))
		if err == nil {
			resp.Body.Close()
		}
		return resp, err
	}
	_, err = post()
	require.ErrorContains(t, err, "certificate required")
	resp, err := post(pair)
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, resp.StatusCode)
	require.Equal(t, 1, r.sink.LogRecordCount())
}

// selfSigned returns a certificate for localhost that is its own authority.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}
