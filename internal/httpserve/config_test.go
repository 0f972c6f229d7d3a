package httpserve

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/confighttp"
)

func TestValidate(t *testing.T) {
	cfg := confighttp.NewDefaultServerConfig()
	cfg.NetAddr.Endpoint = "localhost:0"
	require.NoError(t, Validate(&cfg))
	cfg.NetAddr.Endpoint, cfg.NetAddr.Transport = "/run/stytch.sock", "unix"
	require.NoError(t, Validate(&cfg))
	cfg.NetAddr.Transport, cfg.MaxRequestBodySize, cfg.IdleTimeout = "tcp", -1, 60
	require.EqualError(t, Validate(&cfg), `http::endpoint: must be a host and a port such as localhost:8321, got "/run/stytch.sock"
http::max_request_body_size: must not be negative, got -1
http::idle_timeout: must be at least 1ms, or 0 for none, got 60ns: write it with a unit, such as 30s`)
}

func TestLoopback(t *testing.T) {
	for address, want := range map[net.Addr]bool{
		&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}:    true,
		&net.TCPAddr{IP: net.IPv6loopback, Port: 1}:          true,
		&net.TCPAddr{IP: net.IPv6zero, Port: 1}:              false,
		&net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1}:     false,
		&net.UnixAddr{Name: "/run/stytch.sock", Net: "unix"}: true,
	} {
		require.Equal(t, want, Loopback(address), address)
	}
}
