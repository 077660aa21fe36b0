package omnidesk

import (
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
)

// The hookpoints, which the vendor appends to chatServer (guide): /webhooks/<connection>/<hook_secret>/<hookpoint>.
const (
	MessageHookpoint = "messageForCustomer"
	UploadHookpoint  = "uploadForCustomer"
	TypingHookpoint  = "typingIndicatorForCustomer"
	EndHookpoint     = "endSession"
)

// PlatformHookpoint is where platform webhooks arrive: /webhooks/<connection>/platform. They carry a signature instead of
// a secret in the address.
const PlatformHookpoint = "platform"

// someAgent is who speaks where the vendor gives no name.
const someAgent = "agent"

// Verify compares the secret in the address of a hookpoint, which is neither signed nor dated, or checks the signature of
// a platform webhook, as the Standard Webhooks document says.
func (c *Client) Verify(d *connector.Delivery) error {
	if d.Hookpoint == PlatformHookpoint {
		if problem := sign.Standard(c.config.WebhookSecret, d); problem != "" {
			return connector.Errorf(Name, "Verify", connector.Unauthenticated, "%s", problem)
		}
		return nil
	}
	secret, _, _ := strings.Cut(d.Hookpoint, "/")
	if !c.config.HookSecret.Match(secret) {
		return connector.Errorf(Name, "Verify", connector.Unauthenticated, "the secret in the address is missing or wrong")
	}
	return nil
}

// Decode reads what a hookpoint or a platform webhook tells. A session that is none of ours, and a hookpoint that is not
// documented, give no event.
func (c *Client) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	if d.Hookpoint == PlatformHookpoint {
		return c.decodePlatform(d)
	}
	f, err := readPosted(d)
	if err != nil {
		return nil, connector.Errorf(Name, "Decode", connector.Invalid, "%w", err)
	}
	session := f.text("sessionID")
	if session == "" {
		return nil, connector.Errorf(Name, "Decode", connector.Invalid, "the hookpoint's call names no session")
	}
	if !sessionPattern.MatchString(session) {
		return nil, nil
	}
	_, point, _ := strings.Cut(d.Hookpoint, "/")
	switch point {
	case MessageHookpoint:
		return c.agentSaid(d, session, f), nil
	case UploadHookpoint:
		return c.agentSent(d, session, f), nil
	case TypingHookpoint:
		return []connector.Inbound{{Ref: connector.Ref{Ticket: session}, Typing: &connector.Typing{
			On: isTrue(f.text("typing")), Author: conversation.Author{ID: someAgent},
		}}}, nil
	case EndHookpoint:
		return []connector.Inbound{c.closing(d.ReceivedAt, session)}, nil
	}
	return nil, nil
}

// agentSaid gives an agent's words. The vendor names agents and has no id for them here.
func (c *Client) agentSaid(d *connector.Delivery, session string, f posted) []connector.Inbound {
	words := strings.TrimSpace(f.text("message"))
	if words == "" {
		return nil
	}
	text := c.plain(words)
	if text == "" {
		// Such as a picture without an address: nothing that a human sends may vanish.
		text = "[unsupported: message]"
	}
	author := agent(f)
	return []connector.Inbound{inbound(session, conversation.Event{
		Kind: conversation.AgentSaid, ID: connector.MadeID(c.connection, MessageHookpoint, session, second(d), author.Name, words),
		Weak: true, At: d.ReceivedAt, Text: text, Author: author,
	})}
}

// agent is who speaks. The id is not empty, because words of nobody's are notices of our own.
func agent(f posted) conversation.Author {
	name := strings.Join(strings.Fields(f.text("name")), " ")
	if name == "" {
		return conversation.Author{ID: someAgent}
	}
	return conversation.Author{ID: name, Name: name}
}

// closing says that the session is over. It ends once, so its id needs no time: repeats, and the platform's webhook about
// the same, are one event.
func (c *Client) closing(at time.Time, session string) connector.Inbound {
	return inbound(session, conversation.Event{Kind: conversation.TicketClosed, ID: connector.MadeID(c.connection, EndHookpoint, session), At: at})
}

func inbound(session string, ev conversation.Event) connector.Inbound {
	ev.TicketID = session
	return connector.Inbound{Ref: connector.Ref{Ticket: session}, Event: ev}
}

// second is the second of arrival, which stands for the time and the number that the vendor does not give: equal words
// of one agent within one second are one, later ones are two.
func second(d *connector.Delivery) string { return d.ReceivedAt.UTC().Format(time.DateTime) }

// isTrue reads a truth value in any of the vendor's possible encodings.
func isTrue(text string) bool {
	switch strings.ToLower(text) {
	case "true", "1", "on", "yes":
		return true
	}
	return false
}
