package fake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// standardTolerance is how far a webhook's time may be from its arrival.
const standardTolerance = 5 * time.Minute

// Standard signs and checks webhooks as the Standard Webhooks document says. It is written anew, not taken from package
// sign, so that the two prove each other.
type Standard struct {
	// Secret is the key, as it is or as whsec_ and base64.
	Secret string
	Now    func() time.Time
}

// Signed reports whether a webhook is signed with the secret, a moment ago.
func (s Standard) Signed(h http.Header, body []byte) bool {
	id, at := h.Get("Webhook-Id"), h.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || id == "" || s.Now().Sub(time.Unix(seconds, 0)).Abs() > standardTolerance {
		return false
	}
	return slices.Contains(strings.Fields(h.Get("Webhook-Signature")), s.signature(id, at, body))
}

// Sign gives the headers of one try of a webhook: each is signed anew.
func (s Standard) Sign(id string, body []byte) http.Header {
	at := strconv.FormatInt(s.Now().Unix(), 10)
	return http.Header{
		"Content-Type": {"application/json"}, "Webhook-Id": {id}, "Webhook-Timestamp": {at},
		"Webhook-Signature": {s.signature(id, at, body)},
	}
}

func (s Standard) signature(id, at string, body []byte) string {
	key := []byte(s.Secret)
	if encoded, ok := strings.CutPrefix(s.Secret, "whsec_"); ok {
		key, _ = base64.StdEncoding.DecodeString(encoded)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
