package certainly

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/loose"
	"github.com/handoff-engine/handoff/conversation"
)

// The hookpoints: /webhooks/<connection>/<webhook_secret>/claim and /webhooks/<connection>/<webhook_secret>/messages.
const (
	ClaimHookpoint    = "claim"
	MessagesHookpoint = "messages"
)

// Verify compares the secret in the address, and the bearer token of a claim if one is configured. The vendor signs
// nothing and dates nothing.
func (c *Client) Verify(d *connector.Delivery) error {
	secret, point, _ := strings.Cut(d.Hookpoint, "/")
	if !c.config.WebhookSecret.Match(secret) {
		return connector.Errorf(Name, "Verify", connector.Unauthenticated, "the secret in the address is missing or wrong")
	}
	if point != ClaimHookpoint || len(c.config.ClaimToken) == 0 {
		return nil
	}
	given := d.Header.Values("Authorization")
	if len(given) == 1 {
		if token, ok := strings.CutPrefix(given[0], "Bearer "); ok && c.config.ClaimToken.Match(token) {
			return nil
		}
	}
	return connector.Errorf(Name, "Verify", connector.Unauthenticated, "the claim's bearer token is missing or wrong")
}

// Decode reads claims and messages.
func (c *Client) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	_, point, _ := strings.Cut(d.Hookpoint, "/")
	switch point {
	case ClaimHookpoint:
		return c.decodeClaim(d)
	case MessagesHookpoint:
		return c.decodeMessage(d)
	}
	return nil, connector.Errorf(Name, "Decode", connector.Invalid, "no such hookpoint")
}

func (c *Client) decodeMessage(d *connector.Delivery) ([]connector.Inbound, error) {
	const op = "Decode"
	var body hookBody
	if err := json.Unmarshal(d.Body, &body); err != nil || body.Interlocutor == "" {
		return nil, connector.Errorf(Name, op, connector.Invalid, "the body is no message of a conversation")
	}
	var message loose.Object
	if body.Data.Message != nil {
		message = *body.Data.Message
	}
	user := firstUser(message.Text("user_id"), string(body.Data.UserID), string(body.UserID))
	switch {
	case body.Interlocutor == "user" && user == "":
		return nil, connector.Errorf(Name, op, connector.Invalid, "the user's message names no user")
	case body.Interlocutor == "user":
		return c.userSaid(d, user, message), nil
	case user == "":
		// The bot's messages name no user in the documented shape, and several users share the address.
		return nil, nil
	case body.Interlocutor == "bot":
		return c.botSaid(d, user, body.Data), nil
	}
	return c.echo(d, user, message, body.Data), nil
}

// userSaid gives the user's words, and the files after the first as messages of their own.
func (c *Client) userSaid(d *connector.Delivery, user string, m loose.Object) []connector.Inbound {
	text := words(m)
	files, _ := attachments(m)
	at := d.ReceivedAt
	// The time may be the clock of the user's browser: one that is far off orders nothing.
	if told := loose.Seconds(m.Text("timestamp")); !told.IsZero() && told.Sub(at).Abs() < maxSkew {
		at = told
	}
	// The vendor's ids are made by clients, of the time: they are told apart by the user.
	message := m.Text("id")
	id, weak := connector.MadeID(c.connection, "message", user, message), false
	if message == "" || len(message) > maxID {
		id, weak, message = c.userWeakID(d, user, m), true, ""
	}
	said := conversation.Event{
		Kind: conversation.CustomerSaid, ID: id, Weak: weak, At: at, Ref: user, Text: text, MessageID: message, Customer: person(m),
	}
	if text == "" && len(files) == 0 {
		return nil
	}
	events := []connector.Inbound{inbound(user, said)}
	for i := range files {
		if i == 0 {
			events[0].Event.Attachment = &files[0]
			continue
		}
		events = append(events, inbound(user, conversation.Event{
			Kind: conversation.CustomerSaid, ID: id + "+" + strconv.Itoa(i), Weak: weak, At: at, Ref: user, Attachment: &files[i],
		}))
	}
	return events
}

const (
	// maxSkew is how far the time that a message tells may be from its arrival.
	maxSkew = time.Hour
	// maxID is the longest id of the vendor's that we take over.
	maxID = 128
)

// userWeakID goes by what the message tells, its time included, so that a redelivery keeps it. The price: two equal texts
// within one second of the vendor's are one. Without a time, the second of arrival stands for it.
func (c *Client) userWeakID(d *connector.Delivery, user string, m loose.Object) string {
	at := cmp.Or(m.Text("timestamp"), second(d))
	return connector.MadeID(c.connection, "user", user, at, m.Text("message"), string(m["actions"]), string(m["attachments"]))
}

// botSaid gives what the bot said, for the transcript.
func (c *Client) botSaid(d *connector.Delivery, user string, data hookData) []connector.Inbound {
	text := data.words()
	if text == "" {
		return nil
	}
	return []connector.Inbound{inbound(user, conversation.Event{
		Kind: conversation.BotSaid, ID: connector.MadeID(c.connection, "bot", user, second(d), string(d.Body)), Weak: true, At: d.ReceivedAt,
		Ref: user, Text: text,
	})}
}

// echo reads a message of neither the user nor the bot. Whether the vendor tells of an agent's words is not documented;
// if it does, they prove that our send arrived, and are never passed on.
func (c *Client) echo(d *connector.Delivery, user string, m loose.Object, data hookData) []connector.Inbound {
	text := cmp.Or(words(m), string(data.Text))
	if text == "" {
		return nil
	}
	return []connector.Inbound{inbound(user, conversation.Event{
		Kind: conversation.SendProven, ID: connector.MadeID(c.connection, "echo", user, second(d), string(d.Body)), Weak: true, At: d.ReceivedAt,
		Ref: user, Text: text,
	})}
}

func inbound(user string, ev conversation.Event) connector.Inbound {
	return connector.Inbound{Ref: connector.Ref{Conversation: user}, Event: ev}
}

// firstUser gives the first of the texts that is a user id.
func firstUser(texts ...string) string {
	for _, t := range texts {
		if userID.MatchString(t) {
			return t
		}
	}
	return ""
}

// second is the second of arrival, which stands for the time that a webhook does not tell.
func second(d *connector.Delivery) string { return d.ReceivedAt.UTC().Format(time.DateTime) }
