package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
)

// The headers of the Standard Webhooks document.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// StandardTolerance is how far the time of an attempt may be from its arrival.
const StandardTolerance = 5 * time.Minute

// symmetric marks secrets whose rest is the key in base64, as the Standard Webhooks document writes them. Any other
// secret is the key as it is.
const symmetric = "whsec_"

// Standard checks a webhook that is signed as the Standard Webhooks document says, with one of the secrets. It gives
// what is wrong, without quoting anything, or "".
func Standard(secrets connector.Secrets, d *connector.Delivery) (problem string) {
	id, at, signature := d.Header.Get(HeaderID), d.Header.Get(HeaderTimestamp), d.Header.Get(HeaderSignature)
	seconds, err := strconv.ParseInt(at, 10, 64)
	switch {
	case id == "" || at == "" || signature == "":
		return "the webhook is not signed"
	case err != nil || strconv.FormatInt(seconds, 10) != at:
		return "the webhook's timestamp is no number of seconds"
	case !Fresh(time.Unix(seconds, 0), d.ReceivedAt, StandardTolerance):
		return "the webhook is too old, or from the future"
	}
	match := false
	for _, secret := range secrets {
		key, ok := standardKey(secret)
		want := standardMAC(key, id, at, d.Body)
		for given := range strings.FieldsSeq(signature) {
			encoded, isV1 := strings.CutPrefix(given, "v1,")
			mac, err := base64.StdEncoding.DecodeString(encoded)
			if hmac.Equal(mac, want) && err == nil && isV1 && ok {
				match = true
			}
		}
	}
	if !match {
		return "the webhook's signature does not match"
	}
	return ""
}

// MakeStandard gives the timestamp and the signature for a webhook of ours.
func MakeStandard(secret connector.Secret, id string, at time.Time, body []byte) (timestamp, signature string) {
	timestamp = strconv.FormatInt(at.Unix(), 10)
	key, _ := standardKey(secret)
	return timestamp, "v1," + base64.StdEncoding.EncodeToString(standardMAC(key, id, timestamp, body))
}

// StandardHeader gives the headers of a webhook of ours, signed with each of the secrets, so that the other side can change
// from one to the next at any moment.
func StandardHeader(secrets connector.Secrets, id string, at time.Time, body []byte) http.Header {
	var timestamp string
	var signatures []string
	for _, secret := range secrets {
		var signature string
		timestamp, signature = MakeStandard(secret, id, at, body)
		signatures = append(signatures, signature)
	}
	return http.Header{
		HeaderID: {id}, HeaderTimestamp: {timestamp}, HeaderSignature: {strings.Join(signatures, " ")},
	}
}

// standardKey gives the key of a secret, and false for one that must not pass.
func standardKey(secret connector.Secret) (key []byte, ok bool) {
	if encoded, is := strings.CutPrefix(secret.Reveal(), symmetric); is {
		key, err := base64.StdEncoding.DecodeString(encoded)
		return key, err == nil && len(key) > 0
	}
	return []byte(secret.Reveal()), secret != ""
}

func standardMAC(key []byte, id, at string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return mac.Sum(nil)
}
