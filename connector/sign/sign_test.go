package sign_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/sign"
)

func TestHexSHA256(t *testing.T) {
	// RFC 4231, test case 2.
	const key, message, mac = "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	empty := hmac.New(sha256.New, nil)
	empty.Write([]byte(message))
	for _, tt := range []struct {
		name      string
		secrets   connector.Secrets
		signature string
		want      bool
	}{
		{"right", connector.Secrets{key}, mac, true},
		{"in capitals", connector.Secrets{key}, strings.ToUpper(mac), true},
		{"the second secret", connector.Secrets{"other", key}, mac, true},
		{"another secret", connector.Secrets{"other"}, mac, false},
		{"one digit changed", connector.Secrets{key}, "6" + mac[1:], false},
		{"cut", connector.Secrets{key}, mac[:62], false},
		{"longer", connector.Secrets{key}, mac + "00", false},
		{"no hexadecimal", connector.Secrets{key}, "zz" + mac[2:], false},
		{"empty", connector.Secrets{key}, "", false},
		{"no secret", nil, mac, false},
		{"the empty secret", connector.Secrets{""}, hex.EncodeToString(empty.Sum(nil)), false},
	} {
		require.Equal(t, tt.want, sign.HexSHA256(tt.secrets, []byte(message), tt.signature), tt.name)
	}
}

func TestFresh(t *testing.T) {
	now := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		at   time.Duration
		want bool
	}{{0, true}, {-5 * time.Minute, true}, {5 * time.Minute, true}, {-5*time.Minute - 1, false}, {5*time.Minute + 1, false}} {
		require.Equal(t, tt.want, sign.Fresh(now.Add(tt.at), now, 5*time.Minute), "%s", tt.at)
	}
}

// The example of the Standard Webhooks document and its libraries.
const (
	exampleSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	exampleID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	exampleBody      = `{"test": 2432232314}`
	exampleTimestamp = "1614265330"
	exampleSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func example() *connector.Delivery {
	d := &connector.Delivery{Header: http.Header{}, Body: []byte(exampleBody), ReceivedAt: time.Unix(1614265330, 0)}
	d.Header.Set("webhook-id", exampleID)
	d.Header.Set("webhook-timestamp", exampleTimestamp)
	d.Header.Set("webhook-signature", exampleSignature)
	return d
}

func TestTheDocumentsOwnExamplePasses(t *testing.T) {
	require.Empty(t, sign.Standard(connector.Secrets{exampleSecret}, example()))
	timestamp, signature := sign.MakeStandard(exampleSecret, exampleID, time.Unix(1614265330, 0), []byte(exampleBody))
	require.Equal(t, exampleTimestamp, timestamp)
	require.Equal(t, exampleSignature, signature)
}

func TestStandardRefusesWhatIsNotSigned(t *testing.T) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(exampleSecret, "whsec_"))
	require.NoError(t, err)
	for _, tt := range []struct {
		name    string
		secrets connector.Secrets
		change  func(d *connector.Delivery)
		passes  bool
	}{
		{"several signatures, one of them right", connector.Secrets{exampleSecret}, func(d *connector.Delivery) {
			d.Header.Set("webhook-signature", "v1,AAAA v2,"+exampleSignature[3:]+" "+exampleSignature)
		}, true},
		{"the old secret", connector.Secrets{"whsec_AAAA", exampleSecret}, func(*connector.Delivery) {}, true},
		{"a secret that is the key itself", connector.Secrets{connector.Secret(key)}, func(*connector.Delivery) {}, true},
		{"just fresh enough", connector.Secrets{exampleSecret}, func(d *connector.Delivery) { d.ReceivedAt = d.ReceivedAt.Add(5 * time.Minute) }, true},
		{"too old", connector.Secrets{exampleSecret}, func(d *connector.Delivery) { d.ReceivedAt = d.ReceivedAt.Add(301 * time.Second) }, false},
		{"from the future", connector.Secrets{exampleSecret}, func(d *connector.Delivery) { d.ReceivedAt = d.ReceivedAt.Add(-301 * time.Second) }, false},
		{"another version", connector.Secrets{exampleSecret}, func(d *connector.Delivery) {
			d.Header.Set("webhook-signature", "v2,"+exampleSignature[3:])
		}, false},
		{"another body", connector.Secrets{exampleSecret}, func(d *connector.Delivery) { d.Body[0] = '[' }, false},
		{"another id", connector.Secrets{exampleSecret}, func(d *connector.Delivery) { d.Header.Set("webhook-id", "msg_2") }, false},
		{"another time", connector.Secrets{exampleSecret}, func(d *connector.Delivery) { d.Header.Set("webhook-timestamp", "1614265331") }, false},
		{"a time that is written otherwise", connector.Secrets{exampleSecret}, func(d *connector.Delivery) { d.Header.Set("webhook-timestamp", "+1614265330") }, false},
		{"no id", connector.Secrets{exampleSecret}, func(d *connector.Delivery) { d.Header.Del("webhook-id") }, false},
		{"no signature", connector.Secrets{exampleSecret}, func(d *connector.Delivery) { d.Header.Del("webhook-signature") }, false},
		{"a secret that is no base64", connector.Secrets{"whsec_!"}, func(*connector.Delivery) {}, false},
		{"no secret", nil, func(*connector.Delivery) {}, false},
	} {
		d := example()
		tt.change(d)
		problem := sign.Standard(tt.secrets, d)
		require.Equal(t, tt.passes, problem == "", "%s: %s", tt.name, problem)
		require.NotContains(t, problem, exampleSignature[3:])
	}
}

func TestAnEmptyKeyNeverPasses(t *testing.T) {
	for _, secret := range []connector.Secret{"", "whsec_"} {
		d := example()
		_, signature := sign.MakeStandard(secret, exampleID, time.Unix(1614265330, 0), d.Body)
		d.Header.Set("webhook-signature", signature)
		require.NotEmpty(t, sign.Standard(connector.Secrets{secret}, d), strconv.Quote(secret.Reveal()))
	}
}
