package stytchprocessor

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMask(t *testing.T) {
	for value, want := range map[string]string{
		"203.0.113.77":               "203.0.113.0",
		"::ffff:203.0.113.77":        "203.0.113.0",
		"2001:db8:1:2:3:4:5:6":       "2001:db8:1::",
		"2001:0DB8:0001::6":          "2001:db8:1::",
		"fe80::1%eth0":               "fe80::",
		"203.0.113.77:80":            "***",
		"203.0.113.0/24":             "***",
		"jane@example.com":           "j***@example.com",
		"Jane.Doe+tag@mail.test":     "J***@mail.test",
		"ж.ж@пример.test":            "ж***@пример.test",
		"j@example.com":              "***@example.com",
		"@example.com":               "***",
		"jane@":                      "***",
		"a@b@c":                      "***",
		"Jane <jane@example.com>":    "***",
		`["jane@example.com"]`:       "***",
		"+12025550123":               "***23",
		"+44 (20) 7946-0958":         "***58",
		"+44 (20) 7946-095 8":        "***",
		"+123456":                    "***",
		"+1234567890123456":          "***",
		"12025550123":                "***",
		"Jane Doe":                   "***",
		"+":                          "***",
		"x":                          "***",
		"\xff":                       "***",
		"\xff\xfe@example.com":       "\uFFFD***@example.com",
		strings.Repeat("a", 300_000): "***",
	} {
		require.Equal(t, want, mask(value), value)
	}
}
