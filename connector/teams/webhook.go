package teams

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// serviceKey keeps, with a ticket, the address that its calls go to: Teams may move it.
const serviceKey = "service_url"

// The buttons' verbs.
const (
	verbClaim    = "handoff_claim"
	verbRelease  = "handoff_release"
	verbTransfer = "handoff_transfer"
	verbBack     = "handoff_back"
	verbClose    = "handoff_close"
)

// Decode says what people did in a thread of one of our channels: wrote, edited or deleted something, or clicked a
// button. Anything else, and what bots do, ourselves among them, changes nothing.
func (c *Client) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	var a activity
	if err := json.Unmarshal(d.Body, &a); err != nil {
		return nil, invalid("body is not an activity")
	}
	var events []conversation.Event
	var ticket string
	switch a.Type {
	case "":
		return nil, invalid("activity without a type")
	case "message", "messageUpdate", "messageDelete", "invoke":
		if a.From.ID == "" || a.Conversation.ID == "" {
			return nil, invalid("activity without an author or a conversation")
		}
		thread, ok := c.thread(a)
		if !ok || a.From.Role == "bot" || strings.HasPrefix(a.From.ID, "28:") {
			return nil, nil
		}
		var err error
		if events, ticket, err = c.read(a, thread); err != nil {
			return nil, err
		}
		for i := range events {
			c.complete(&events[i], a, thread, d.ReceivedAt)
		}
	case "installationUpdate", "conversationUpdate":
		c.alarm(a)
	}
	var list []connector.Inbound
	for _, ev := range events {
		ref := connector.Ref{Ticket: ev.TicketID}
		if ticket != "" {
			ref = connector.Ref{ID: ticket}
		}
		list = append(list, connector.Inbound{Ref: ref, Event: ev})
	}
	return list, nil
}

// alarm tells the operator of what takes the desk away. No ticket is named, so no conversation can be told.
func (c *Client) alarm(a activity) {
	switch {
	case a.Type == "installationUpdate" && strings.HasPrefix(a.Action, "remove"):
		c.log.Warn("bot was removed from a team")
	case a.ChannelData.EventType == "channelDeleted" && c.config.ours(a.ChannelData.Channel.ID):
		c.log.Warn("channel of tickets was deleted", "channel", a.ChannelData.Channel.ID)
	}
}

func invalid(why string) error { return connector.Errorf(Name, "Decode", connector.Invalid, "%s", why) }

// thread gives the thread of ours that an activity is about. A thread is named by a suffix of the conversation's id; the
// click on a card may name the card instead.
func (c *Client) thread(a activity) (string, bool) {
	channel, suffix, ok := strings.Cut(a.Conversation.ID, ";messageid=")
	if !c.config.ours(channel) {
		return "", false
	}
	clicked := a.Type == "invoke" || a.submitted()
	switch {
	case ok && suffix == "", !ok && !clicked, !ok && a.ReplyToID == "":
		// A post of its own in the channel.
		return "", false
	case !ok:
		return threadID(channel, a.ReplyToID), true
	case suffix == a.ID:
		return "", false
	}
	return a.Conversation.ID, true
}

// threadID names a thread by its channel and its first message: a message gets there by this id alone, whatever it says
// it replies to (teams-sdk blog of May 2026).
func threadID(conversationID, rootID string) string {
	channel, _, _ := strings.Cut(conversationID, ";")
	return channel + ";messageid=" + rootID
}

// complete adds what all events of an activity share.
func (c *Client) complete(ev *conversation.Event, a activity, thread string, received time.Time) {
	ev.TicketID = thread
	if ev.Author == (conversation.Author{}) {
		ev.Author = c.author(a.From)
	}
	if at, err := time.Parse(time.RFC3339Nano, a.Timestamp); err == nil {
		ev.At = at.UTC()
	} else {
		ev.At = received
	}
	if c.config.serves(a.ServiceURL) {
		ev.Vendor = map[string]string{serviceKey: strings.TrimRight(a.ServiceURL, "/")}
	}
}

// read gives what an activity tells, and the ticket reference that it carries back, if any.
func (c *Client) read(a activity, thread string) (events []conversation.Event, ticket string, err error) {
	if a.Type == "invoke" {
		var k click
		if a.Name != "adaptiveCard/action" {
			return nil, "", nil
		}
		if json.Unmarshal(a.Value, &k) != nil {
			return nil, "", invalid("click without an action")
		}
		k.Action.Data.Verb = k.Action.Verb
		return c.clicked(a, thread, k.Action.Data)
	}
	if a.submitted() {
		var data actionData
		if json.Unmarshal(a.Value, &data) != nil {
			return nil, "", nil // the button of another card
		}
		return c.clicked(a, thread, data)
	}
	if a.ID == "" {
		return nil, "", invalid("the message has no id")
	}
	switch a.Type {
	case "messageUpdate":
		return c.edited(a, thread), "", nil
	case "messageDelete":
		return []conversation.Event{{
			ID: changeID(a, thread), Kind: conversation.AgentDeleted, Target: a.ID,
		}}, "", nil
	}
	return c.said(a, thread), "", nil
}

// submitted reports whether a message is the click on a button of kind Action.Submit.
func (a activity) submitted() bool {
	value := bytes.TrimSpace(a.Value)
	return a.Type == "message" && a.Text == "" && len(value) > 0 && value[0] == '{'
}

// said gives an agent's words and files, or says that they are a note.
func (c *Client) said(a activity, thread string) []conversation.Event {
	id := "message:" + thread + ":" + a.ID
	if c.private(a) {
		return []conversation.Event{{ID: id, Kind: conversation.AgentNoted, MessageID: a.ID}}
	}
	said := filesOf(a)
	if text := c.words(a); text != "" {
		if len(said) > 0 && said[0].Attachment != nil {
			said[0].Text = text
		} else {
			said = slices.Insert(said, 0, conversation.Message{Text: text})
		}
	}
	var events []conversation.Event
	for i, m := range said {
		ev := conversation.Event{ID: id, Kind: conversation.AgentSaid, MessageID: a.ID, Text: m.Text, Attachment: m.Attachment}
		if i > 0 {
			ev.ID += ":" + strconv.Itoa(i)
		}
		events = append(events, ev)
	}
	return events
}

// edited gives an agent's new words. What became a note is told as one: nothing can be unsaid. An undeleted message
// comes back as an edit to its own words.
func (c *Client) edited(a activity, thread string) []conversation.Event {
	ev := conversation.Event{ID: changeID(a, thread), Kind: conversation.AgentEdited, Target: a.ID}
	if c.private(a) {
		ev.Kind = conversation.AgentNoted
		return []conversation.Event{ev}
	}
	if ev.Text = c.words(a); ev.Text == "" {
		return nil
	}
	return []conversation.Event{ev}
}

// changeID names an edit or a deletion: it has the id of the message, so its kind and time tell it from others.
func changeID(a activity, thread string) string {
	return a.Type + ":" + a.ChannelData.EventType + ":" + thread + ":" + a.ID + ":" + a.Timestamp
}

// clicked gives what a button of a ticket's card asks for.
func (c *Client) clicked(a activity, thread string, data actionData) ([]conversation.Event, string, error) {
	ev := conversation.Event{ID: a.Type + ":" + thread + ":" + a.ID}
	if a.ID == "" {
		sum := sha256.Sum256([]byte(strings.Join([]string{a.From.ID, a.ReplyToID, data.Verb, a.Timestamp}, "\x00")))
		ev.ID, ev.Weak = ev.ID+hex.EncodeToString(sum[:16]), true
	}
	switch data.Verb {
	case verbClaim:
		ev.Kind, ev.Agent, ev.Reason = conversation.AgentAssigned, c.author(a.From).ID, conversation.Claimed
	case verbRelease:
		ev.Kind = conversation.AgentUnassigned
	case verbTransfer:
		to, ok := c.chosen(data.Agent)
		if !ok {
			return nil, "", nil
		}
		ev.Kind, ev.Agent, ev.Author = conversation.AgentAssigned, to.ID, to
	case verbBack:
		ev.Kind = conversation.HandedBack
	case verbClose:
		ev.Kind = conversation.TicketClosed
	default:
		return nil, "", nil
	}
	return []conversation.Event{ev}, data.Ticket, nil
}
