package connector

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// MadeID makes an event's id from what the event is, where the vendor gives none (Event.Weak). The connection's name comes
// first; parts that are the same for two events make them one.
func MadeID(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
