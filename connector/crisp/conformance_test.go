package crisp_test

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/crisp"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/crisp"
)

// tokenHeader is how the token goes on the wire.
var tokenHeader = base64.StdEncoding.EncodeToString([]byte(vendor.DefaultIdentifier + ":" + vendor.DefaultKey))

func subject() connectortest.Subject {
	return connectortest.Subject{
		Vendor: func(t connectortest.T) *connectortest.Vendor { return newDesk(t).vendor() },
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			c := config(o.URL)
			c.HookSecret = nil
			for _, s := range o.WebhookSecrets {
				c.HookSecret = append(c.HookSecret, connector.Secret(s))
			}
			return crisp.New(c, o.Deps)
		},
		Auth: connectortest.Auth{
			Secret: vendor.DefaultSigningSecret,
			Sign: func(_ string, d *connector.Delivery, secret string) {
				at := strconv.FormatInt(d.ReceivedAt.UnixMilli(), 10)
				d.Header.Set("X-Crisp-Request-Timestamp", at)
				d.Header.Set("X-Crisp-Signature", vendor.Sign(secret, at, d.Body))
			},
			Headers: []string{"X-Crisp-Request-Timestamp", "X-Crisp-Signature"}, Body: true, Tolerance: time.Hour,
		},
		Secrets: []string{vendor.DefaultSigningSecret, vendor.DefaultKey, tokenHeader},
		Kind: func(method string, status int) (connector.Kind, bool) {
			switch {
			case status == 420:
				// The vendor's other word for 429.
				return connector.RateLimited, true
			case method == "SendAttachment" && connector.KindOfStatus(status) == connector.Invalid:
				// Crisp takes no such file: it goes out as a link.
				return connector.Unsupported, true
			case method == "FindSent" && (status == http.StatusNotFound || status == http.StatusGone):
				// The message is not there: an answer, not an error.
				return "", true
			}
			return "", false
		},
	}
}

func TestConformance(t *testing.T) { connectortest.Run(t, subject()) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subject()) }
