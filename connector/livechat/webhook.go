package livechat

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// Verify compares the secret_key that LiveChat puts into the body: it signs nothing. The secret is in clear text, so
// bodies must never be logged.
func (c *Client) Verify(d *connector.Delivery) error {
	var h struct {
		SecretKey      string `json:"secret_key"`
		OrganizationID string `json:"organization_id"`
	}
	if json.Unmarshal(d.Body, &h) != nil || !c.config.WebhookSecret.Match(h.SecretKey) {
		return connector.Errorf(Name, "Verify", connector.Unauthenticated, "the secret_key is missing or wrong")
	}
	if want := c.config.OrganizationID; want != "" && h.OrganizationID != want {
		return connector.Errorf(Name, "Verify", connector.Forbidden, "webhook of another organization")
	}
	return nil
}

// Decode says what happened in a chat of ours.
func (c *Client) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	var h hook
	if err := json.Unmarshal(d.Body, &h); err != nil {
		return nil, invalid("body is not a webhook's JSON")
	}
	w := &reading{Client: c, hook: h, at: d.ReceivedAt}
	decode, ok := map[string]func() error{
		"incoming_chat":          w.incomingChat,
		"incoming_event":         w.incomingEvent,
		"event_updated":          w.eventUpdated,
		"event_deleted":          w.eventDeleted,
		"chat_transferred":       w.chatTransferred,
		"user_added_to_chat":     w.userAdded,
		"user_removed_from_chat": w.userRemoved,
		"chat_deactivated":       w.chatDeactivated,
		"events_marked_as_seen":  w.eventsSeen,
	}[h.Action]
	if !ok {
		if h.Action == "" {
			return nil, invalid("webhook without an action")
		}
		return nil, nil
	}
	if err := decode(); err != nil {
		return nil, err
	}
	if other := h.AdditionalData.ChatProperties.text(c.config.ClientID, connectionProperty); other != "" && other != c.connection {
		// Another connection of the same app opened the chat.
		return nil, nil
	}
	return w.events, nil
}

// reading is one webhook being decoded.
type reading struct {
	*Client
	hook   hook
	at     time.Time
	events []connector.Inbound
}

func invalid(why string) error { return connector.Errorf(Name, "Decode", connector.Invalid, "%s", why) }

// read decodes the payload and wants it to name a chat.
func read[P any](w *reading, chatID func(*P) string) (*P, error) {
	var p P
	if err := json.Unmarshal(w.hook.Payload, &p); err != nil || chatID(&p) == "" {
		return nil, invalid("payload of " + w.hook.Action + " makes no sense")
	}
	return &p, nil
}

// add gives an event about a thread, or, without one, about the newest ticket of a chat.
func (w *reading) add(chatID, threadID string, ev conversation.Event) {
	if ev.At.IsZero() {
		ev.At = w.at
	}
	if threadID != "" && ev.TicketID == "" {
		ev.TicketID = ticketID(chatID, threadID)
	}
	w.events = append(w.events, connector.Inbound{Ref: w.ref(chatID, threadID), Event: ev})
}

// ref names the conversation by our reference, which chats carry, else by the ticket.
func (w *reading) ref(chatID, threadID string) connector.Ref {
	conversationID := w.hook.AdditionalData.ChatProperties.text(w.config.ClientID, conversationProperty)
	switch {
	case conversationID != "":
		return connector.Ref{ID: conversationID}
	case threadID != "":
		return connector.Ref{Ticket: ticketID(chatID, threadID)}
	}
	return connector.Ref{TicketPrefix: chatID + ":"}
}

// addState gives an event that tells a state. The same one may rightly come again, and the vendor names neither delivery
// nor time. So the moment is part of its id: that of its queueing, where the chat went into the queue, else the second of
// its arrival.
func (w *reading) addState(chatID, threadID string, ev conversation.Event, into *queue) {
	moment := strconv.FormatInt(w.at.Unix(), 10)
	if into != nil && into.QueuedAt != "" {
		moment = into.QueuedAt
	}
	ev.At, ev.Weak = w.at, true
	ev.ID = weakID(w.connection, chatID, string(ev.Kind), w.hook.Action, string(w.hook.Payload), moment)
	w.add(chatID, threadID, ev)
}

func weakID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "weak-" + hex.EncodeToString(sum[:16])
}

// incomingChat tells that a thread began. One of ours may have an agent at once; one that we did not open is an agent
// who writes to a customer by himself.
func (w *reading) incomingChat() error {
	p, err := read(w, func(p *incomingChat) string {
		if p.Chat == nil || p.Chat.Thread == nil || p.Chat.Thread.ID == "" {
			return ""
		}
		return p.Chat.ID
	})
	if err != nil {
		return err
	}
	if w.hook.AdditionalData.ChatProperties == nil {
		w.hook.AdditionalData.ChatProperties = p.Chat.Properties
	}
	threadID := p.Chat.Thread.ID
	if byAgent(*p.Chat.Thread) {
		// Nobody knows this ticket yet: the conversation is found by the chat's last one.
		threadID = ""
	}
	for _, ev := range w.threadBegan(*p.Chat) {
		w.add(p.Chat.ID, threadID, ev)
	}
	return nil
}

// byAgent reports whether a thread was opened by an agent: ours carry routing.ignore_bots and the customer's words.
func byAgent(t thread) bool {
	if t.Properties["routing"]["ignore_bots"] == true {
		return false
	}
	for _, e := range t.Events {
		if e.AuthorID != "" && !isPerson(e.AuthorID) {
			return false
		}
	}
	return true
}

// threadBegan gives what the begin of a thread tells: who has it, and what was said in it.
func (c *Client) threadBegan(ch chat) []conversation.Event {
	id := ticketID(ch.ID, ch.Thread.ID)
	var ticket *conversation.Ticket
	if byAgent(*ch.Thread) {
		ticket = &conversation.Ticket{ID: id}
		if customer := ch.customer(); customer != "" {
			ticket.Vendor = c.remember(customer)
		}
	}
	var events []conversation.Event
	if agents := c.agentsIn(ch); len(agents) > 0 {
		who := c.author(agents[0].ID, agents[0].Name)
		events = append(events, conversation.Event{
			ID: "incoming_chat:" + id, Kind: conversation.AgentAssigned, At: ch.Thread.CreatedAt,
			Agent: who.ID, Author: who, TicketID: id, Ticket: ticket,
		})
	}
	for _, e := range ch.Thread.Events {
		for _, ev := range c.said(id, e) {
			if ev.Kind == conversation.AgentSaid {
				ev.Ticket = ticket
			}
			events = append(events, ev)
		}
	}
	return events
}

func (w *reading) incomingEvent() error {
	p, err := read(w, func(p *incomingEvent) string {
		if p.Event == nil || p.Event.ID == "" || p.ThreadID == "" {
			return ""
		}
		return p.ChatID
	})
	if err != nil {
		return err
	}
	for _, ev := range w.said(ticketID(p.ChatID, p.ThreadID), *p.Event) {
		w.add(p.ChatID, p.ThreadID, ev)
	}
	return nil
}

// eventUpdated gives an agent's new words.
func (w *reading) eventUpdated() error {
	p, err := read(w, func(p *incomingEvent) string {
		if p.Event == nil || p.Event.ID == "" || p.ThreadID == "" {
			return ""
		}
		return p.ChatID
	})
	if err != nil {
		return err
	}
	for _, said := range w.said(ticketID(p.ChatID, p.ThreadID), *p.Event) {
		if ev, ok := edited(said); ok {
			ev.At = w.at
			w.add(p.ChatID, p.ThreadID, ev)
		}
	}
	return nil
}

func (w *reading) eventDeleted() error {
	p, err := read(w, func(p *eventDeleted) string {
		if p.EventID == "" || p.ThreadID == "" {
			return ""
		}
		return p.ChatID
	})
	if err != nil {
		return err
	}
	ev := deleted(p.EventID)
	ev.At = w.at
	w.add(p.ChatID, p.ThreadID, ev)
	return nil
}

// chatTransferred tells who has the chat after any change of routing: assigned from the queue, transferred by a person,
// taken from a silent agent, or lost by one.
func (w *reading) chatTransferred() error {
	p, err := read(w, func(p *chatTransferred) string { return p.ChatID })
	if err != nil {
		return err
	}
	for _, id := range p.To.AgentIDs {
		if isPerson(id) {
			w.addState(p.ChatID, p.ThreadID, conversation.Event{Kind: conversation.AgentAssigned, Agent: id, Author: w.author(id, "")}, p.Queue)
			return nil
		}
	}
	if len(p.To.AgentIDs) == 0 {
		w.addState(p.ChatID, p.ThreadID, conversation.Event{Kind: conversation.AgentUnassigned}, p.Queue)
	}
	return nil
}

// userAdded tells who has the chat if the one who came is a person, sees it as the customer does, is really there and
// is the only one. Bots, watchers and helpers take nothing over.
func (w *reading) userAdded() error {
	p, err := read(w, func(p *userAdded) string { return p.ChatID })
	if err != nil {
		return err
	}
	u := p.User
	// Older payloads leave the type out of the user.
	if u.Type != "" && u.Type != "agent" || !isPerson(u.ID) || u.Visibility == "agents" || !u.Present || u.ID == w.config.NoteAgent {
		return nil
	}
	if w.othersIn(u.ID) > 0 {
		return nil
	}
	w.addState(p.ChatID, p.ThreadID, conversation.Event{Kind: conversation.AgentAssigned, Agent: u.ID, Author: w.author(u.ID, u.Name)}, nil)
	return nil
}

// userRemoved tells that nobody has the chat, if it tells who is left at all.
func (w *reading) userRemoved() error {
	p, err := read(w, func(p *userRemoved) string { return p.ChatID })
	if err != nil {
		return err
	}
	if !isPerson(p.UserID) || p.UserID == w.config.NoteAgent || len(w.hook.AdditionalData.Presence) == 0 || w.othersIn(p.UserID) > 0 {
		return nil
	}
	w.addState(p.ChatID, p.ThreadID, conversation.Event{Kind: conversation.AgentUnassigned, Author: w.author(p.UserID, "")}, nil)
	return nil
}

// othersIn counts the people in the chat besides one.
func (w *reading) othersIn(except string) int {
	n := 0
	for _, id := range w.hook.AdditionalData.Presence {
		if isPerson(id) && id != except && id != w.config.NoteAgent {
			n++
		}
	}
	return n
}

// chatDeactivated tells that a thread is closed: by an agent, by us, or, without a user, by the router.
func (w *reading) chatDeactivated() error {
	p, err := read(w, func(p *chatDeactivated) string {
		if p.ThreadID == "" {
			return ""
		}
		return p.ChatID
	})
	if err != nil {
		return err
	}
	ev := closed(ticketID(p.ChatID, p.ThreadID))
	ev.At = w.at
	if isPerson(p.UserID) {
		ev.Author = w.author(p.UserID, "")
	}
	w.add(p.ChatID, p.ThreadID, ev)
	return nil
}

// closed is the end of a thread, which happens once.
func closed(ticket string) conversation.Event {
	return conversation.Event{ID: "chat_deactivated:" + ticket, Kind: conversation.TicketClosed, TicketID: ticket}
}
