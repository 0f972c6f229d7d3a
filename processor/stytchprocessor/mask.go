package stytchprocessor

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// hidden stands for what is not shown.
const hidden = "***"

// mask shows a part of a value by which people can be told apart, but hardly named.
func mask(value string) string {
	if ip, err := netip.ParseAddr(value); err == nil {
		return maskIP(ip.Unmap())
	}
	if masked, ok := maskEmail(value); ok {
		return masked
	}
	if isPhone(value) {
		return hidden + value[len(value)-2:]
	}
	return hidden
}

// maskIP keeps the first 24 bits of an IPv4 address and the first 48 of an IPv6 address,
// as web analytics do.
func maskIP(ip netip.Addr) string {
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	network, _ := ip.WithZone("").Prefix(bits) // bits are in range
	return network.Addr().String()
}

// maskEmail keeps the first character of the name before the @ if there are more, and
// the domain.
func maskEmail(value string) (string, bool) {
	name, domain, found := strings.Cut(value, "@")
	if !found || name == "" || domain == "" || strings.ContainsAny(value, "\"\\()[]{}<>,:; \t\r\n") || strings.Contains(domain, "@") {
		return "", false
	}
	first, n := utf8.DecodeRuneInString(name)
	if n == len(name) {
		return hidden + "@" + domain, true
	}
	return string(first) + hidden + "@" + domain, true
}

// isPhone tells whether a value is a phone number in the international form, with a + and
// 7 to 15 digits, the last two of them next to each other.
func isPhone(value string) bool {
	if !strings.HasPrefix(value, "+") || len(value) < 3 {
		return false
	}
	digits := 0
	for _, c := range []byte(value[1:]) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case !strings.ContainsRune(" -.()", rune(c)):
			return false
		}
	}
	isDigit := func(c byte) bool { return c >= '0' && c <= '9' }
	return digits >= 7 && digits <= 15 && isDigit(value[len(value)-1]) && isDigit(value[len(value)-2])
}
