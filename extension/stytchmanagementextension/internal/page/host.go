package page

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// isOurs tells whether the request's Host is a loopback name or address, the address
// that the request arrived at, or one of Hosts. The port does not matter: a proxy may
// have another one.
func (p *Page) isOurs(r *http.Request) bool {
	name := hostName(r.Host)
	if strings.EqualFold(name, "localhost") {
		return true
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if addr.IsLoopback() || (local != nil && hostName(local.String()) == addr.String()) {
			return true
		}
	}
	for _, host := range p.Hosts {
		if addr, err := netip.ParseAddr(host); host == "" || (err == nil && addr.IsUnspecified()) {
			continue
		}
		if strings.EqualFold(name, host) {
			return true
		}
	}
	return false
}

// hostName cuts off the port and the brackets of an address of IPv6.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}
