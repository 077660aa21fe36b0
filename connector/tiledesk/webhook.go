package tiledesk

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// Verify compares the secret in the address: Tiledesk signs nothing. Its own header x-hook-secret is one for all
// subscriptions of all projects that a server process has made (code: models/subscription.js), is shown only when a
// subscription is made, and proves no more than the address does. Bodies hold a token that opens the API: they must
// never be logged.
func (c *Client) Verify(d *connector.Delivery) error {
	if !c.config.WebhookSecret.Match(d.Hookpoint) {
		return connector.Errorf(Name, "Verify", connector.Unauthenticated, "the secret in the address is missing or wrong")
	}
	var h struct {
		Payload struct {
			Project entity `json:"id_project"`
		} `json:"payload"`
	}
	if json.Unmarshal(d.Body, &h) == nil && h.Payload.Project.ID != "" && h.Payload.Project.ID != c.config.ProjectID {
		return connector.Errorf(Name, "Verify", connector.Forbidden, "webhook of another project")
	}
	return nil
}

// Decode says what happened in a ticket of ours. Which event it is shows in the payload alone: a repeat may carry the
// "hook" of another subscription (observed).
func (c *Client) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	var h struct {
		Payload json.RawMessage `json:"payload"`
	}
	if json.Unmarshal(d.Body, &h) != nil || len(h.Payload) == 0 || h.Payload[0] != '{' {
		return nil, invalid("body is not a webhook's JSON")
	}
	var is struct {
		RequestID json.RawMessage `json:"request_id"`
		Recipient json.RawMessage `json:"recipient"`
		Name      json.RawMessage `json:"name"`
	}
	_ = json.Unmarshal(h.Payload, &is)
	switch {
	case is.Recipient != nil:
		return c.decodeMessage(h.Payload, d.ReceivedAt)
	case is.RequestID != nil:
		return c.decodeRequest(h.Payload, d.ReceivedAt)
	case string(is.Name) == `"typing.start"`:
		return c.decodeTyping(h.Payload), nil
	}
	return nil, nil
}

func invalid(why string) error { return connector.Errorf(Name, "Decode", connector.Invalid, "%s", why) }

// decodeMessage reads message.create.
func (c *Client) decodeMessage(payload []byte, at time.Time) ([]connector.Inbound, error) {
	var m message
	if json.Unmarshal(payload, &m) != nil || m.ID == "" || m.Recipient == "" {
		return nil, invalid("payload is no message")
	}
	var now request
	if m.Request != nil {
		now = *m.Request
	}
	if !c.isOurs(m.Recipient) {
		return nil, nil
	}
	ev, ok := c.said(m, now)
	if !ok {
		return nil, nil
	}
	return []connector.Inbound{{Ref: refOf(m.Recipient, now), Event: stamped(ev, at)}}, nil
}

// decodeRequest reads request.create, request.update and request.close.
func (c *Client) decodeRequest(payload []byte, at time.Time) ([]connector.Inbound, error) {
	var now request
	if json.Unmarshal(payload, &now) != nil || now.RequestID == "" || now.Status == 0 {
		return nil, invalid("payload is no conversation")
	}
	if !c.isOurs(now.RequestID) {
		return nil, nil
	}
	ev, ok := c.standing(now)
	if !ok {
		return nil, nil
	}
	return []connector.Inbound{{Ref: refOf(now.RequestID, now), Event: stamped(ev, at)}}, nil
}

// decodeTyping reads event.emit.typing.start, if it is an agent who types.
func (c *Client) decodeTyping(payload []byte) []connector.Inbound {
	var p struct {
		Attributes attributes `json:"attributes"`
	}
	_ = json.Unmarshal(payload, &p)
	ticket, writer := p.Attributes.text("recipient_id"), p.Attributes.text("writer_id")
	if !c.isOurs(ticket) || !isStaff(writer) {
		return nil
	}
	return []connector.Inbound{{
		Ref:    connector.Ref{Ticket: ticket},
		Typing: &connector.Typing{On: true, Author: c.author(writer, "")},
	}}
}

// stamped gives an event without a time that of its arrival.
func stamped(ev conversation.Event, at time.Time) conversation.Event {
	if ev.At.IsZero() {
		ev.At = at
	}
	return ev
}

// refOf names the conversation: by our reference, where the webhook shows it, else by the ticket.
func refOf(ticket string, now request) connector.Ref {
	if id := now.Attributes.text(conversationAttribute); id != "" {
		return connector.Ref{ID: id}
	}
	return connector.Ref{Ticket: ticket}
}

// said gives what a message means: an agent's words, an internal line of his, or the echo of our own send. Webhooks and
// lists share it, so that both name it alike. All that is not surely an agent's public word is nothing.
func (c *Client) said(m message, now request) (conversation.Event, bool) {
	ev := conversation.Event{ID: m.ID, At: m.CreatedAt, TicketID: m.Recipient, MessageID: m.ID}
	switch {
	case m.ID == "":
		return ev, false
	case m.Attributes.has(markAttribute) && !isStaff(m.Sender):
		key, ok := proves(m.Attributes.text(markAttribute))
		ev.Kind, ev.Key = conversation.SendProven, key
		return ev, ok
	case m.Channel.Name == channelName, !isStaff(m.Sender), m.Sender == now.Lead.LeadID:
		// Ours, the system, a bot, or a customer.
		return ev, false
	case m.Attributes.text(subtypeAttribute) == "private":
		ev.Kind, ev.Author, ev.MessageID = conversation.AgentNoted, c.author(m.Sender, m.SenderFullname), ""
		return ev, true
	case m.Attributes.has(subtypeAttribute):
		return ev, false
	}
	ev.Kind, ev.Author = conversation.AgentSaid, c.author(m.Sender, m.SenderFullname)
	ev.Text, ev.Attachment = content(m)
	return ev, ev.Text != "" || ev.Attachment != nil
}

// content gives a message's words and file. What a person sends in a type that we do not know is named, never dropped.
func content(m message) (string, *conversation.Attachment) {
	text := obeyed(m.Text)
	if m.Metadata.Src == "" {
		if strings.TrimSpace(text) == "" && m.Text == "" && m.Type != "" && m.Type != "text" {
			text = "[unsupported: " + m.Type + "]"
		}
		return text, nil
	}
	file := &conversation.Attachment{URL: m.Metadata.Src, Name: m.Metadata.Name, ContentType: m.Metadata.Type, Size: max(m.Metadata.Size, 0)}
	if file.Name == "" {
		file.Name = connector.FileNameIn(m.Metadata.Src)
	}
	// A file's text begins with a link to it, which says nothing more.
	if link := "](" + m.Metadata.Src + ")"; strings.HasPrefix(text, "[") {
		if at := strings.Index(text, link); at >= 0 {
			text = text[at+len(link):]
		}
	}
	if text = strings.TrimSpace(text); text == m.Metadata.Src {
		text = ""
	}
	return text, file
}

// standing gives how things stand in a conversation: who has it, that nobody has, or that it is closed. Tiledesk gives
// these events no id. Theirs is made of the time of the change, which each repeat shows alike; request.update with status
// 1000 and request.close are one end.
func (c *Client) standing(now request) (conversation.Event, bool) {
	ev := conversation.Event{TicketID: now.RequestID, At: now.UpdatedAt}
	people := now.people()
	switch {
	case now.Status == statusClosed:
		ev.ID, ev.Kind = "closed:"+now.RequestID, conversation.TicketClosed
		if !now.ClosedAt.IsZero() {
			ev.At = now.ClosedAt
		}
		if isStaff(now.ClosedBy) {
			ev.Author = c.author(now.ClosedBy, now.nameOf(now.ClosedBy))
		}
		return ev, true
	case now.Status < statusUnassigned:
		return ev, false
	case len(people) > 0 && now.Attributes.text(assignFromAttribute) == now.holders():
		// It is being taken from them.
		return ev, false
	case len(people) > 0:
		ev.Kind, ev.Agent, ev.Author = conversation.AgentAssigned, people[0], c.author(people[0], now.nameOf(people[0]))
	default:
		ev.Kind = conversation.AgentUnassigned
	}
	ev.ID = "request:" + connector.MadeID(c.connection, now.RequestID, string(ev.Kind), ev.Agent, now.UpdatedAt.UTC().Format(time.RFC3339Nano))
	return ev, true
}

// author is an agent as customers see him: under the configured name, else the one that Tiledesk tells.
func (c *Client) author(id, told string) conversation.Author {
	if configured := c.config.AgentNames[id]; configured != "" {
		told = configured
	}
	return conversation.Author{ID: id, Name: told}
}
