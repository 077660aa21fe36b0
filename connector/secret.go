package connector

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
)

// Secret is a value that must not be seen: it prints as *** in text, logs and JSON. Reveal it only where it goes on
// the wire.
type Secret string

const redacted = "***"

// Reveal gives the value.
func (s Secret) Reveal() string { return string(s) }

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString hides the value.
func (s Secret) GoString() string { return `connector.Secret("` + s.String() + `")` }

// LogValue hides the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the value, so JSON and YAML do too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Secrets are the values that are valid at the same time, for rotation; the first is the one that we use ourselves.
// In the configuration it is one value or a list.
type Secrets []Secret

// First gives the secret that we use ourselves, or "" if there is none.
func (s Secrets) First() Secret {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// Match reports whether given is one of the secrets, in a time that depends on neither. An empty secret matches nothing.
func (s Secrets) Match(given string) bool {
	have := sha256.Sum256([]byte(given))
	match := 0
	for _, secret := range s {
		want := sha256.Sum256([]byte(secret))
		if secret == "" {
			continue
		}
		match |= subtle.ConstantTimeCompare(have[:], want[:])
	}
	return match == 1 && given != ""
}
