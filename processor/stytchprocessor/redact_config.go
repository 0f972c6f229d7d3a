package stytchprocessor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// RedactConfig hides one field of the event.
type RedactConfig struct {
	// Field is the name of a root member of the event.
	Field string `mapstructure:"field"`
	// With is what becomes of its value: hash, mask or drop.
	With Redaction `mapstructure:"with"`
}

// Redaction is a way to hide a value.
type Redaction string

const (
	// RedactHash is the HMAC-SHA-256 of the value with hash_salt, in hexadecimal.
	RedactHash Redaction = "hash"
	// RedactMask keeps the network of an IP address, the first character and the domain of
	// an email address, and the last two digits of a phone number; all else is ***.
	RedactMask Redaction = "mask"
	// RedactDrop takes the whole member out.
	RedactDrop Redaction = "drop"
)

// described are the fields that say what an event is. Records are filed, timed and told
// apart by them, and they are about no person.
var described = []string{
	"event_id", "project_id", "action", "status", "http_status_code", "source", "object_type", "_timestamp", "timestamp", "time",
}

// leastSalt is how long hash_salt is at least, in bytes. Whoever has a hash and can guess
// the salt can guess the value: there are few phone numbers and IP addresses.
const leastSalt = 16

func (cfg *Config) validateRedact() error {
	var errs []error
	seen, hashes := map[string]int{}, false
	for i, r := range cfg.Redact {
		reject := func(format string, values ...any) {
			errs = append(errs, fmt.Errorf("redact::%d::"+format, append([]any{i}, values...)...))
		}
		switch first, known := seen[r.Field]; {
		case r.Field == "":
			reject("field: must name a root field of the event")
		case slices.Contains(described, r.Field):
			reject("field: %q says what the event is, and cannot be redacted", r.Field)
		case known:
			reject("field: redact::%d has %q already", first, r.Field)
		}
		seen[r.Field] = i
		switch r.With {
		case RedactHash:
			hashes = true
		case RedactMask, RedactDrop:
		default:
			reject("with: must be hash, mask or drop, got %q", r.With)
		}
	}
	if n := len(cfg.salt()); hashes && n < leastSalt {
		errs = append(errs, fmt.Errorf("hash_salt: must have at least %d bytes for `with: hash`, got %d", leastSalt, n))
	}
	return errors.Join(errs...)
}

// salt is hash_salt without the line end that ${file:…} leaves at its end.
func (cfg *Config) salt() string {
	return strings.TrimSuffix(strings.TrimSuffix(string(cfg.HashSalt), "\n"), "\r")
}
