package httpx

import (
	"bytes"
	"net/http"

	"github.com/handoff-engine/handoff/connector"
)

// NoPage is a Classify for the contracts that are our own. It refuses a page as an answer, which a proxy gives where the
// program behind it is not, and a redirect, which is not followed.
func NoPage(status int, _ http.Header, body []byte) (connector.Kind, string) {
	switch {
	case status >= 300 && status <= 399:
		return connector.Invalid, "redirect"
	case status >= 200 && status <= 299 && bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")):
		return connector.UncertainOutcome, "page"
	}
	return "", ""
}
