package connector

import (
	"net/url"
	"path"
	"strings"
)

// ParseAddress reads the address of something on the web that a configuration names; ok is false for anything else.
func ParseAddress(text string) (address *url.URL, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, false
	}
	return u, true
}

// IsAddress reports whether a configured text is the address of something on the web.
func IsAddress(text string) bool {
	_, ok := ParseAddress(text)
	return ok
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
