package httpdesk

import (
	"bytes"
	"cmp"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
)

// Verify checks the signature. Each attempt is signed anew, so an old one is a recording.
func (c *Client) Verify(d *connector.Delivery) error {
	if problem := sign.Standard(c.config.Secret, d); problem != "" {
		return connector.Errorf(Name, "Verify", connector.Unauthenticated, "%s", problem)
	}
	return nil
}

// ourID is how the ids of our own webhooks begin: both sides sign with one secret, so a desk may send them back.
var ourID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}:[A-Za-z0-9_.:-]{1,128}/`)

// Decode reads one event of the desk's. A type that it does not know is refused: it is a mistake that the desk's makers
// want to hear of, not an agent's words to be lost.
func (c *Client) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	var peek struct{ Type string }
	if !bytes.HasPrefix(bytes.TrimSpace(d.Body), []byte("{")) || json.Unmarshal(d.Body, &peek) != nil {
		return nil, invalid("the body is no JSON object with type and data")
	}
	id := d.Header.Get(sign.HeaderID)
	if isOurs(id, peek.Type) {
		return nil, nil
	}
	e, err := read(d.Body)
	if err != nil {
		return nil, err
	}
	switch {
	case id == "" || len(id) > maxID:
		return nil, invalid("webhook-id is missing or longer than 200 bytes")
	case conversationOf(e.Data.Ticket) == "":
		return nil, invalid("data.ticket is no ticket that ticket.opened named")
	}
	if e.Timestamp.IsZero() || e.Timestamp.After(d.ReceivedAt) {
		e.Timestamp = d.ReceivedAt
	}
	in, err := e.inbound(id)
	if err != nil {
		return nil, err
	}
	return []connector.Inbound{in}, nil
}

// isOurs reports whether the desk sends back what it got from us.
func isOurs(id, kind string) bool {
	switch kind {
	case TypePing, TypeTicketMirrored, TypeTicketOpened, TypeTicketAssigned, TypeTicketUpdated, TypeMessageCreated, TypeMessageUpdated,
		TypeMessageDeleted, TypeAttachmentCreated, TypeNoteCreated, TypeCustomerTyping, TypeCustomerRead, TypeCustomerRated:
		return true
	}
	return ourID.MatchString(id)
}

// read reads an event strictly: a misspelt key is told.
func read(body []byte) (Event, error) {
	var e Event
	if err := connector.DecodeStrictly(Name, body, &e); err != nil {
		return e, err
	}
	switch {
	case e.Data.Attachment != nil && !e.Data.Attachment.reachable():
		return e, invalid("data.attachment has neither an http address nor a place")
	case len(e.Data.ID) > maxID:
		return e, invalid("data.id is longer than 200 bytes")
	}
	return e, nil
}

func invalid(what string) error {
	return connector.Errorf(Name, "Decode", connector.Invalid, "%s", what)
}

// reachable reports whether there is something to pass on.
func (a *Attachment) reachable() bool {
	return connector.IsWebAddress(a.URL) || a.URL == "" && (a.Latitude != 0 || a.Longitude != 0)
}

// inbound turns an event into the model's. Our own conversation is part of the ticket's name, so nothing is looked up.
func (e *Event) inbound(id string) (connector.Inbound, error) {
	in := connector.Inbound{Ref: connector.Ref{ID: conversationOf(e.Data.Ticket)}}
	var agent conversation.Author
	if e.Data.Agent != nil {
		agent = conversation.Author{ID: e.Data.Agent.ID, Name: e.Data.Agent.Name}
	}
	switch e.Type {
	case TypeAgentTyping:
		in.Typing = &connector.Typing{On: e.Data.Typing == nil || *e.Data.Typing, Text: e.Data.Text, Author: agent}
		return in, nil
	case TypeAgentRead:
		in.Read = &connector.Read{At: e.Timestamp, Author: agent}
		return in, nil
	}
	in.Event = conversation.Event{ID: id, At: e.Timestamp, TicketID: e.Data.Ticket, Author: agent, Agent: agent.ID}
	return in, e.tell(&in.Event)
}

// tell fills in what the event's type adds.
func (e *Event) tell(ev *conversation.Event) error {
	switch e.Type {
	case TypeAgentJoined:
		ev.Kind = conversation.AgentAssigned
		return e.needsAgent()
	case TypeAgentLeft:
		ev.Kind = conversation.AgentUnassigned
	case TypeAgentOffline:
		ev.Kind = conversation.AgentOffline
		return e.needsAgent()
	case TypeTicketTransferred:
		ev.Kind, ev.Group = conversation.AgentAssigned, e.Data.Group
		if ev.Agent == "" {
			// Whom the desk asks next is its own affair: until somebody joins, nobody has the ticket.
			ev.Kind = conversation.AgentUnassigned
		}
		if ev.Agent == "" && ev.Group == "" {
			return invalid("ticket.transferred needs data.agent with an id, or data.group")
		}
	case TypeAgentMessage:
		ev.Kind, ev.Text, ev.Attachment = conversation.AgentSaid, e.Data.Text, e.Data.Attachment.inward()
		ev.MessageID = cmp.Or(e.Data.ID, ev.ID)
		if strings.TrimSpace(e.Data.Text) == "" && e.Data.Attachment == nil {
			return invalid("agent.message has neither data.text nor data.attachment")
		}
		if len(e.Data.Buttons) > maxButtons {
			return invalid("agent.message has more than 20 data.buttons")
		}
		for _, b := range e.Data.Buttons {
			if b.Label == "" {
				return invalid("data.buttons has one without a label")
			}
			ev.Buttons = append(ev.Buttons, conversation.Button{Label: b.Label, URL: b.URL})
		}
		return e.needsAgent()
	case TypeAgentEdited:
		ev.Kind, ev.Target, ev.Text = conversation.AgentEdited, e.Data.Target, e.Data.Text
		if e.Data.Target == "" || strings.TrimSpace(e.Data.Text) == "" {
			return invalid("agent.edited needs data.target and data.text")
		}
	case TypeAgentDeleted:
		ev.Kind, ev.Target = conversation.AgentDeleted, e.Data.Target
		if e.Data.Target == "" {
			return invalid("agent.deleted needs data.target")
		}
	case TypeAgentNote:
		// A note's words stay at the desk.
		ev.Kind = conversation.AgentNoted
	case TypeTicketClosed:
		ev.Kind = conversation.TicketClosed
	case TypeTicketBackToBot:
		ev.Kind, ev.Node = conversation.HandedBack, e.Data.Node
	default:
		return invalid("type is none that a desk sends: see connector/httpdesk/README.md")
	}
	return nil
}

// needsAgent refuses what an agent does without saying which.
func (e *Event) needsAgent() error {
	if e.Data.Agent == nil || e.Data.Agent.ID == "" {
		return invalid(e.Type + " needs data.agent with an id")
	}
	return nil
}
