package teams

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/handoff-engine/handoff/connector"
)

const (
	// channelTeams is how the Bot Framework calls Teams.
	channelTeams = "msteams"
	// leeway is how far the vendor's clock may be from ours.
	leeway = 5 * time.Minute
)

// Verify checks the token of an activity as Microsoft documents it (learn: rest-api-connector-authentication): signed by
// one of the Bot Framework's keys, one that is endorsed for Teams, issued by it, for the address that the activity says
// to answer to, now. Another app or tenant is Forbidden. A key that we do not know yet is Unavailable, for a second: the
// keys are being loaded.
func (c *Client) Verify(d *connector.Delivery) error {
	raw, ok := strings.CutPrefix(d.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return refuse("there is no token")
	}
	var key signingKey
	known := haveNone
	var told claims
	_, err := jwt.ParseWithClaims(raw, &told, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		if id == "" {
			return nil, errors.New("the token names no key")
		}
		if key, known = c.keys.find(id, d.ReceivedAt); known != haveKey {
			return nil, errors.New("the token's key is not known")
		}
		return key.public, nil
	},
		jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithIssuer(c.config.Issuer),
		jwt.WithExpirationRequired(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(func() time.Time { return d.ReceivedAt }),
	)
	switch {
	case known == haveToWait:
		return &connector.Error{Connector: Name, Op: "Verify", Kind: connector.Unavailable, RetryAfter: time.Second, Err: errors.New("the keys are being loaded")}
	case err != nil:
		return refuse("the token is not valid")
	case !slices.Contains(told.Audience, c.config.AppID):
		return connector.Errorf(Name, "Verify", connector.Forbidden, "activity for another app")
	}
	var e envelope
	if json.Unmarshal(d.Body, &e) != nil || told.ServiceURL == "" || !sameAddress(told.ServiceURL, e.ServiceURL) {
		return refuse("the token is not for this activity's service address")
	}
	if !key.endorses(channelTeams) {
		return refuse("the token's key is not endorsed for Teams")
	}
	if e.ChannelID != channelTeams || e.tenant() != c.config.TenantID {
		return connector.Errorf(Name, "Verify", connector.Forbidden, "activity of another tenant or channel")
	}
	return nil
}

func refuse(why string) error {
	return connector.Errorf(Name, "Verify", connector.Unauthenticated, "%s", why)
}

// sameAddress compares service addresses as the vendor's SDKs do: with or without a slash at the end, in any case.
func sameAddress(a, b string) bool {
	return strings.EqualFold(strings.TrimRight(a, "/"), strings.TrimRight(b, "/"))
}
