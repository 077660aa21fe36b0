// Package sign checks HMAC signatures of webhooks the way all connectors must: over the raw bytes, in constant time,
// with several secrets for rotation, and with the clock passed in.
package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/handoff-engine/handoff/connector"
)

// HexSHA256 reports whether signature is the hexadecimal HMAC-SHA256 of message under one of the secrets. An empty
// secret or signature never passes.
func HexSHA256(secrets connector.Secrets, message []byte, signature string) bool {
	given, err := hex.DecodeString(signature)
	if err != nil || len(given) != sha256.Size {
		given = make([]byte, sha256.Size)
	}
	match := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret.Reveal()))
		mac.Write(message)
		if hmac.Equal(mac.Sum(nil), given) && secret != "" {
			match = true
		}
	}
	return match && err == nil && signature != ""
}

// Fresh reports whether at is within tolerance of now, before or after.
func Fresh(at, now time.Time, tolerance time.Duration) bool {
	d := now.Sub(at)
	return d <= tolerance && d >= -tolerance
}
