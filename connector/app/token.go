package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
)

// tokenPrefix marks customer tokens. A token is the prefix, its end in seconds since 1970, a dot, and a code that binds
// both to the connection and the conversation.
const tokenPrefix = "hct1."

// The two who may call.
const (
	nobody caller = iota
	team
	customer
)

type caller int

// MintToken makes a customer token for the team's backend.
func (c *Client) MintToken(d *connector.Delivery, key string) (connector.CustomerToken, error) {
	if who, _ := c.caller(d, key); who != team {
		return connector.CustomerToken{}, unauthenticated("MintToken")
	}
	end := d.ReceivedAt.Add(time.Duration(c.config.AccessLifetime)).Truncate(time.Second)
	seconds := strconv.FormatInt(end.Unix(), 10)
	code := base64.RawURLEncoding.EncodeToString(c.code(c.config.APIToken.First(), key, seconds))
	return connector.CustomerToken{Token: connector.Secret(tokenPrefix + seconds + "." + code), ExpiresAt: end}, nil
}

// AllowRead lets in the team's backend without an end, and a customer until the token's end.
func (c *Client) AllowRead(d *connector.Delivery, key string) (time.Time, error) {
	who, until := c.caller(d, key)
	if who == nobody {
		return time.Time{}, unauthenticated("AllowRead")
	}
	return until, nil
}

// Verify wants the api_token, or a customer token for the very conversation.
func (c *Client) Verify(d *connector.Delivery) error {
	key, _ := keyOf(d)
	if who, _ := c.caller(d, key); who == nobody {
		return unauthenticated("Verify")
	}
	return nil
}

func unauthenticated(op string) error {
	return connector.Errorf(Name, op, connector.Unauthenticated, "the bearer token is missing, wrong, over, or for another conversation")
}

// caller says who calls about conversation key, and until when a customer's token is valid.
func (c *Client) caller(d *connector.Delivery, key string) (caller, time.Time) {
	token, ok := strings.CutPrefix(d.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nobody, time.Time{}
	}
	if c.config.APIToken.Match(token) {
		return team, time.Time{}
	}
	seconds, encoded, _ := strings.Cut(strings.TrimPrefix(token, tokenPrefix), ".")
	given, err := base64.RawURLEncoding.DecodeString(encoded)
	match := false
	for _, secret := range c.config.APIToken {
		if hmac.Equal(c.code(secret, key, seconds), given) && secret != "" {
			match = true
		}
	}
	number, numberErr := strconv.ParseInt(seconds, 10, 64)
	until := time.Unix(number, 0)
	if !match || err != nil || numberErr != nil || key == "" || !strings.HasPrefix(token, tokenPrefix) || !d.ReceivedAt.Before(until) {
		return nobody, time.Time{}
	}
	return customer, until
}

// code binds a token to the connection, the conversation and the token's end.
func (c *Client) code(secret connector.Secret, key, seconds string) []byte {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte("customer token\n" + c.connection + "\n" + key + "\n" + seconds))
	return mac.Sum(nil)
}
