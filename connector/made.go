package connector

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strconv"
	"strings"
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

// IsWebAddress reports whether a vendor's text is the address of something on the web.
func IsWebAddress(text string) bool {
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
}

// FileNameIn gives the name of the file that an address ends with; "" if it ends with none.
func FileNameIn(address string) string {
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	if name := path.Base(address); strings.Contains(name, ".") && name != "." && !strings.HasSuffix(address, "/") {
		return name
	}
	return ""
}
