package memory

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
)

// Reasons of the vendor that mean something to a handoff.
const (
	reasonCustomerButton = "customer_button"
	reasonCustomerAsked  = "customer_asked"
	reasonCustomerLeft   = "customer_left"
)

// maxPages bounds how many pages of one list are read.
const maxPages = 50

// Verify checks the signature. Each attempt is signed anew, so an old one is a recording.
func (c *Client) Verify(d *connector.Delivery) error {
	if problem := sign.Standard(c.config.Secret, d); problem != "" {
		return connector.Errorf(Name, "Verify", connector.Unauthenticated, "%s", problem)
	}
	return nil
}

// Decode reads one envelope. Types that it does not know give no event.
func (c *Client) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	var e Envelope
	if err := json.Unmarshal(d.Body, &e); err != nil {
		return nil, invalid("the body is no envelope")
	}
	if e.ID == "" || e.Type == "" || e.At.IsZero() {
		return nil, invalid("the envelope has no id, type or time")
	}
	switch e.Type {
	case TypeCustomerMessage, TypeCustomerEdited, TypeCustomerDeleted, TypeCustomerTyping, TypeCustomerRead, TypeCustomerRated,
		TypeCustomerLeft, TypeBotMessage, TypeHandoffRequested:
		if e.Conversation == "" {
			return nil, invalid("the envelope names no conversation")
		}
		return e.fromChannel()
	case TypeAgentAssigned, TypeAgentUnassigned, TypeAgentMessage, TypeAgentEdited, TypeAgentDeleted, TypeAgentNote, TypeAgentTyping,
		TypeAgentRead, TypeTicketClosed, TypeTicketBackToBot:
		if e.Ticket == "" {
			return nil, invalid("the envelope names no ticket")
		}
		return e.fromDesk()
	}
	return nil, nil
}

func invalid(what string) error {
	return connector.Errorf(Name, "Decode", connector.Invalid, "%s", what)
}

// fromChannel reads what the customer's side tells.
func (e Envelope) fromChannel() ([]connector.Inbound, error) {
	ev := conversation.Event{ID: e.ID, At: e.At, Seq: e.Seq, Ref: e.Conversation}
	if e.Customer != nil {
		ev.Customer.Name = e.Customer.Name
	}
	ref := connector.Ref{Conversation: e.Conversation}
	switch e.Type {
	case TypeCustomerMessage:
		ev.Kind = conversation.CustomerSaid
		return said(ref, ev, e.Message)
	case TypeBotMessage:
		ev.Kind = conversation.BotSaid
		return said(ref, ev, e.Message)
	case TypeCustomerEdited:
		return changed(ref, ev, conversation.CustomerEdited, e.Message)
	case TypeCustomerDeleted:
		return changed(ref, ev, conversation.CustomerDeleted, e.Message)
	case TypeCustomerTyping:
		return typing(ref, e.Typing, e.Customer), nil
	case TypeCustomerRead:
		return read(ref, e.At, e.Customer), nil
	case TypeCustomerRated:
		ev.Kind, ev.Rating, ev.Text = conversation.CustomerRated, e.Rating, e.Comment
		if e.Rating < 1 || e.Rating > 5 {
			return nil, invalid("the rating is no number from 1 to 5")
		}
	case TypeHandoffRequested:
		ev.Kind, ev.Reason = conversation.HandoffRequested, conversation.ByBot
		if e.Reason == reasonCustomerButton || e.Reason == reasonCustomerAsked {
			ev.Reason = conversation.ByCustomer
		}
	default:
		ev.Kind = conversation.CustomerLeft
	}
	return []connector.Inbound{{Ref: ref, Event: ev}}, nil
}

// fromDesk reads what the agents' side tells. It carries our own conversation id back, so that nothing is looked up.
func (e Envelope) fromDesk() ([]connector.Inbound, error) {
	ref := connector.Ref{ID: e.Conversation}
	if e.Conversation == "" {
		ref = connector.Ref{Ticket: e.Ticket}
	}
	ev := conversation.Event{ID: e.ID, At: e.At, Seq: e.Seq, TicketID: e.Ticket}
	if e.Agent != nil {
		ev.Author, ev.Agent = person(e.Agent), e.Agent.ID
	}
	switch e.Type {
	case TypeAgentAssigned:
		ev.Kind = conversation.AgentAssigned
		if ev.Agent == "" {
			return nil, invalid("the envelope names no agent")
		}
	case TypeAgentUnassigned:
		ev.Kind = conversation.AgentUnassigned
	case TypeAgentMessage:
		ev.Kind = conversation.AgentSaid
		return said(ref, ev, e.Message)
	case TypeAgentEdited:
		return changed(ref, ev, conversation.AgentEdited, e.Message)
	case TypeAgentDeleted:
		return changed(ref, ev, conversation.AgentDeleted, e.Message)
	case TypeAgentTyping:
		return typing(ref, e.Typing, e.Agent), nil
	case TypeAgentRead:
		return read(ref, e.At, e.Agent), nil
	case TypeAgentNote:
		ev.Kind = conversation.AgentNoted
	case TypeTicketBackToBot:
		ev.Kind, ev.Node = conversation.HandedBack, e.Node
	default:
		ev.Kind = conversation.TicketClosed
	}
	return []connector.Inbound{{Ref: ref, Event: ev}}, nil
}

// typing passes by: it is no event.
func typing(ref connector.Ref, on bool, who *Author) []connector.Inbound {
	return []connector.Inbound{{Ref: ref, Typing: &connector.Typing{On: on, Author: person(who)}}}
}

// read passes by too.
func read(ref connector.Ref, at time.Time, who *Author) []connector.Inbound {
	return []connector.Inbound{{Ref: ref, Read: &connector.Read{At: at, Author: person(who)}}}
}

func person(a *Author) conversation.Author {
	if a == nil {
		return conversation.Author{}
	}
	return conversation.Author{ID: a.ID, Name: a.Name}
}

// changed makes the event of a message that reads differently now, or is gone. Like the words of a note, those that a note
// got are for agents only; our own are changed by nobody else.
func changed(ref connector.Ref, ev conversation.Event, kind conversation.Kind, m *Message) ([]connector.Inbound, error) {
	switch {
	case m == nil || m.ID == "":
		return nil, invalid("the envelope names no message")
	case m.Key != "":
		return nil, nil
	case m.Note:
		ev.Kind = conversation.AgentNoted
		return []connector.Inbound{{Ref: ref, Event: ev}}, nil
	}
	ev.Kind, ev.Target = kind, m.ID
	if kind == conversation.AgentEdited || kind == conversation.CustomerEdited {
		if ev.Text = m.Text; strings.TrimSpace(m.Text) == "" {
			return nil, invalid("the message has no new text")
		}
	}
	return []connector.Inbound{{Ref: ref, Event: ev}}, nil
}

// said makes the events of one message: a text with its first file, and one more for each further file. A message that
// carries a key is our own; it proves nothing, because it may be one part of several.
func said(ref connector.Ref, ev conversation.Event, m *Message) ([]connector.Inbound, error) {
	if m == nil || m.Text == "" && len(m.Attachments) == 0 {
		return nil, invalid("the message is empty")
	}
	if m.Key != "" {
		return nil, nil
	}
	if m.Note {
		// Whatever the type says: a note must not reach a customer.
		ev.Kind = conversation.AgentNoted
		return []connector.Inbound{{Ref: ref, Event: ev}}, nil
	}
	if ev.Author == (conversation.Author{}) && ev.Kind != conversation.CustomerSaid {
		ev.Author = conversation.Author{ID: m.Author.ID, Name: m.Author.Name}
	}
	var events []connector.Inbound
	for i, part := range spread(m.Text, m.Attachments) {
		one := ev
		one.Text, one.Attachment, one.MessageID = part.text, part.file, m.ID
		if i > 0 {
			one.ID += "+" + strconv.Itoa(i)
		}
		events = append(events, connector.Inbound{Ref: ref, Event: one})
	}
	return events, nil
}

// part is a text, a file, or a text with a file.
type part struct {
	text string
	file *conversation.Attachment
}

// spread gives a message of the vendor, which may have several files, as parts with one file each.
func spread(text string, files []Attachment) []part {
	parts := []part{{text: text}}
	for i, f := range files {
		file := &conversation.Attachment{URL: f.URL, Name: f.Name, ContentType: f.ContentType, Size: f.Size}
		if i == 0 {
			parts[0].file = file
			continue
		}
		parts = append(parts, part{file: file})
	}
	return parts
}

// ListMessages gives what the other side said, as the webhooks would have told it, and how the ticket stands.
func (c *Client) ListMessages(ctx context.Context, req connector.ListRequest) ([]connector.Inbound, error) {
	path := eitherPath(req.To, req.Ticket) + "/messages"
	var events []connector.Inbound
	var status *TicketStatus
	after := int64(0)
	for range maxPages {
		var page MessagePage
		err := c.call(ctx, "ListMessages", http.MethodGet, path+"?after="+strconv.FormatInt(after, 10), nil, &page)
		if err != nil {
			return nil, err
		}
		for i := range page.Messages {
			after = max(after, page.Messages[i].Seq)
			listed, err := page.Messages[i].listed(req)
			if err != nil {
				return nil, err
			}
			events = append(events, listed...)
		}
		status = page.Ticket
		if !page.More || len(page.Messages) == 0 {
			break
		}
	}
	// A change of an early message may have come after all others.
	slices.SortStableFunc(events, func(a, b connector.Inbound) int { return a.Event.At.Compare(b.Event.At) })
	return append(events, status.listed(req.Ticket)...), nil
}

// listed gives the events of a listed message, none for what we said ourselves. The words of one that is gone are gone.
func (m *Message) listed(req connector.ListRequest) ([]connector.Inbound, error) {
	if m.EventID == "" {
		return nil, nil
	}
	types := m.types(req.Ticket)
	var envelopes []Envelope
	if !m.Deleted {
		envelopes = append(envelopes, Envelope{ID: m.EventID, At: m.At, Type: types.said, Message: m})
	}
	change := types.edited
	if m.Deleted {
		change = types.deleted
	}
	if m.EditEventID != "" && change != "" {
		envelopes = append(envelopes, Envelope{ID: m.EditEventID, At: m.EditedAt, Type: change, Message: m})
	}
	var events []connector.Inbound
	for _, e := range envelopes {
		e.Conversation = req.To
		tell := e.fromChannel
		if req.Ticket.ID != "" {
			e.Conversation, e.Ticket, e.Agent = "", req.Ticket.ID, &m.Author
			tell = e.fromDesk
		}
		told, err := tell()
		if err != nil {
			return nil, err
		}
		events = append(events, told...)
	}
	return events, nil
}

// messageTypes are the types of the webhooks that tell of a message; a bot changes none.
type messageTypes struct{ said, edited, deleted string }

func (m *Message) types(ticket conversation.Ticket) messageTypes {
	switch {
	case ticket.ID != "":
		return messageTypes{TypeAgentMessage, TypeAgentEdited, TypeAgentDeleted}
	case m.Author.Role == RoleBot:
		return messageTypes{said: TypeBotMessage}
	}
	return messageTypes{TypeCustomerMessage, TypeCustomerEdited, TypeCustomerDeleted}
}

// listed gives the event that made the ticket stand as it does, unless we brought it about.
func (s *TicketStatus) listed(ticket conversation.Ticket) []connector.Inbound {
	if s == nil || s.EventID == "" {
		return nil
	}
	e := Envelope{ID: s.EventID, Type: s.Event, At: s.At, Ticket: ticket.ID, Agent: s.Agent}
	if e.Type == "" {
		switch {
		case s.Closed:
			e.Type = TypeTicketClosed
		case s.Agent != nil:
			e.Type = TypeAgentAssigned
		default:
			e.Type = TypeAgentUnassigned
		}
	}
	events, err := e.fromDesk()
	if err != nil {
		return nil
	}
	return events
}
