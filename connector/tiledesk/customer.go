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
	if c.config.CustomerJWTSecret != "" {
		id := "handoff-" + digest("customer", c.connection, conversationID)[:32]
		token, err := c.tokenOf(op, id, who)
		if err == nil {
			// Repeating it is harmless (observed).
			_, err = c.identify(ctx, call{op: op, method: http.MethodPost, path: "/auth/signinWithCustomToken"}, token)
		}
		return id, err
	}
	first, last := nameIn(who)
	body := map[string]string{"id_project": c.config.ProjectID, "firstname": first}
	for key, value := range map[string]string{"lastname": last, "email": who.Email} {
		if value != "" {
			body[key] = value
		}
	}
	got, err := c.identify(ctx, call{op: op, method: http.MethodPost, path: "/auth/signinAnonymously", body: body}, "")
	switch {
	case err != nil:
		return "", err
	case got.User.ID == "":
		return "", connector.Errorf(Name, op, connector.UncertainOutcome, "the sign-in has no user")
	}
	return got.User.ID, c.addLead(ctx, op, got.User.ID, who)
}

// addLead writes a customer down before he says anything. What the server is not told of somebody whom it does not know it
// takes from who makes the call: our own user's e-mail and phone would be the customer's (code: routes/message.js;
// observed).
func (c *Client) addLead(ctx context.Context, op, id string, who conversation.Customer) error {
	name := who.Name
	if name == "" {
		name = noName
	}
	lead := map[string]string{"lead_id": id, "fullname": name}
	if who.Email != "" {
		lead["email"] = who.Email
	}
	return c.call(ctx, call{op: op, method: http.MethodPost, path: "/leads", body: lead}, nil)
}

// nameIn gives a customer's first name and the rest of it.
func nameIn(who conversation.Customer) (first, last string) {
	first, last, _ = strings.Cut(who.Name, " ")
	if first == "" {
		first = noName
	}
	return first, last
}

// tokenOf is what a customer with an id of ours is signed in with.
func (c *Client) tokenOf(op, id string, who conversation.Customer) (string, error) {
	first, last := nameIn(who)
	token, err := customerToken(c.config.CustomerJWTSecret, customerClaims{
		ID: id, Firstname: first, Lastname: last, Email: who.Email,
		Subject: "userexternal", Audience: "https://tiledesk.com/projects/" + c.config.ProjectID,
	})
	if err != nil {
		return "", connector.Errorf(Name, op, connector.Invalid, "the customer cannot be written as a token: %w", err)
	}
	return "JWT " + token, nil
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
