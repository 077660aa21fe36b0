package tiledesk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// What is kept between calls: the customer's id at Tiledesk, the connection that introduced him, because a route's next
// desk may be another project, and the name under which agents read his words.
const (
	customerKey = "customer_id"
	ownerKey    = "customer_of"
	nameKey     = "customer_name"
)

// noName is what agents read where the customer gave no name: without one Tiledesk shows that of our user (observed).
const noName = "Customer"

// The senders of what others said. Any text is taken (observed); one of 12 characters or 24 hexadecimal digits would be
// looked up as a user of the desk (code: routes/message.js).
const (
	botSender   = "handoff-bot"
	agentSender = "handoff-agent"
)

// person is who a message is shown to be from.
type person struct{ id, name string }

// PrepareTicket makes the customer known to the project: under an id of ours if customer_jwt_secret is set, which is the
// same for each call, else anonymously, where each call makes another customer. It is told once, and kept.
func (c *Client) PrepareTicket(ctx context.Context, req connector.OpenRequest) (map[string]string, error) {
	id := c.knownIn(req)
	if id == "" {
		var err error
		if id, err = c.introduce(ctx, "PrepareTicket", req.Conversation, req.Customer); err != nil {
			return nil, err
		}
	}
	return c.remember(person{id, req.Customer.Name}), nil
}

// remember is what is kept of a customer.
func (c *Client) remember(p person) map[string]string {
	kept := map[string]string{customerKey: p.id, ownerKey: c.connection}
	if p.name != "" {
		kept[nameKey] = p.name
	}
	return kept
}

// customerIn gives the customer of this connection that is kept in vendor, or "".
func (c *Client) customerIn(vendor map[string]string) string {
	if vendor[ownerKey] != c.connection {
		return ""
	}
	return vendor[customerKey]
}

// knownIn gives the customer that a request to open names: agents of the mirror have read him, of the ticket before too.
func (c *Client) knownIn(req connector.OpenRequest) string {
	kept := []map[string]string{req.Vendor}
	if req.Mirrored != nil {
		kept = append([]map[string]string{req.Mirrored.Vendor}, kept...)
	}
	if req.Previous != nil {
		kept = append(kept, req.Previous.Vendor)
	}
	for _, vendor := range kept {
		if id := c.customerIn(vendor); id != "" {
			return id
		}
	}
	return ""
}

// introduce makes a customer known to the project, and gives his id.
func (c *Client) introduce(ctx context.Context, op, conversationID string, who conversation.Customer) (string, error) {
	first, last, _ := strings.Cut(who.Name, " ")
	if first == "" {
		first = noName
	}
	if c.config.CustomerJWTSecret != "" {
		id := "handoff-" + digest("customer", c.connection, conversationID)[:32]
		return id, c.introduceAs(ctx, op, id, first, last, who.Email)
	}
	body := map[string]string{"id_project": c.config.ProjectID, "firstname": first}
	for key, value := range map[string]string{"lastname": last, "email": who.Email} {
		if value != "" {
			body[key] = value
		}
	}
	got, err := c.identify(ctx, call{op: op, method: http.MethodPost, path: "/auth/signinAnonymously", body: body}, "")
	if err == nil && got.User.ID == "" {
		return "", connector.Errorf(Name, op, connector.UncertainOutcome, "the sign-in has no user")
	}
	return got.User.ID, err
}

// introduceAs signs a customer in under an id of ours. Repeating it is harmless (observed).
func (c *Client) introduceAs(ctx context.Context, op, id, first, last, email string) error {
	token, err := customerToken(c.config.CustomerJWTSecret, customerClaims{
		ID: id, Firstname: first, Lastname: last, Email: email,
		Subject: "userexternal", Audience: "https://tiledesk.com/projects/" + c.config.ProjectID,
	})
	if err != nil {
		return connector.Errorf(Name, op, connector.Invalid, "the customer cannot be written as a token: %w", err)
	}
	_, err = c.identify(ctx, call{op: op, method: http.MethodPost, path: "/auth/signinWithCustomToken"}, "JWT "+token)
	return err
}

// customerClaims are exactly those that the server reads: _id, sub and aud, whatever some samples say (observed).
type customerClaims struct {
	ID        string `json:"_id"`
	Firstname string `json:"firstname"`
	Lastname  string `json:"lastname,omitempty"`
	Email     string `json:"email,omitempty"`
	Subject   string `json:"sub"`
	Audience  string `json:"aud"`
}

// customerToken signs claims as a JSON Web Token, HS256.
func customerToken(secret connector.Secret, claims customerClaims) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}
