package landbot

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// HandoffHookpoint is where the flow's Webhook block asks for a human: /webhooks/<connection>/handoff.
const HandoffHookpoint = "handoff"

// Verify compares the token of the hook. The vendor signs nothing and dates nothing, so that the token is all there is.
func (c *Client) Verify(d *connector.Delivery) error {
	given := d.Header.Values("Authorization")
	if len(given) == 1 {
		if token, ok := strings.CutPrefix(given[0], "Token "); ok && c.config.HookToken.Match(token) {
			return nil
		}
	}
	return connector.Errorf(Name, "Verify", connector.Unauthenticated, "the hook's token is missing or wrong")
}

// Decode reads message hooks and the request of the flow's Webhook block.
func (c *Client) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	switch d.Hookpoint {
	case "":
		return c.decodeHook(d)
	case HandoffHookpoint:
		return c.decodeHandoff(d)
	}
	return nil, connector.Errorf(Name, "Decode", connector.Invalid, "no such hookpoint")
}

// serves reports whether a channel is one of ours.
func (c *Client) serves(channel int64) bool {
	return len(c.config.ChannelIDs) == 0 || slices.Contains(c.config.ChannelIDs, channel)
}

func (c *Client) decodeHook(d *connector.Delivery) ([]connector.Inbound, error) {
	const op = "Decode"
	var body hookBody
	if err := json.Unmarshal(d.Body, &body); err != nil || len(body.Messages) == 0 {
		return nil, connector.Errorf(Name, op, connector.Invalid, "the body is no message hook")
	}
	var events []connector.Inbound
	for _, m := range body.Messages {
		customer := m.Customer.Int("id")
		if customer <= 0 || m.Sender.Type == "" || m.Type == "" {
			return nil, connector.Errorf(Name, op, connector.Invalid, "the hook names no customer, sender or type")
		}
		if !c.serves(int64(m.Channel.ID)) {
			continue
		}
		ev, ok := c.event(m)
		if !ok {
			continue
		}
		key := strconv.FormatInt(customer, 10)
		ev.ID, ev.Weak = c.hookID(d, m, key)
		ev.Seq, ev.At, ev.Ref = int64(m.Raw.Seq), m.Timestamp.Time, key
		if ev.At.IsZero() {
			ev.At = d.ReceivedAt
		}
		events = append(events, c.withOptOut(m, connector.Inbound{Ref: connector.Ref{Conversation: key}, Event: ev})...)
	}
	return events, nil
}

// hookID prefers the message's own id to the trace of the delivery: two hooks on one channel tell of one message, and
// nobody knows whether their traces are equal then.
func (c *Client) hookID(d *connector.Delivery, m hookMessage, customer string) (id string, weak bool) {
	const longest = 128
	for _, id := range []string{string(m.Raw.UUID), d.Header.Get("sentry-trace")} {
		if id = strings.TrimSpace(id); id != "" && len(id) <= longest {
			return id, false
		}
	}
	data, _ := json.Marshal(m.Data)
	return connector.MadeID(
		c.connection, "hook", customer, strconv.FormatInt(int64(m.Channel.ID), 10), string(m.Type), m.Timestamp.String(),
		string(m.Sender.Type), strconv.FormatInt(int64(m.Sender.ID), 10), string(data),
	), true
}

// event says what a message means, without its id and time. Who said it decides, by sender.type and nothing else.
func (c *Client) event(m hookMessage) (conversation.Event, bool) {
	author := conversation.Author{ID: strconv.FormatInt(int64(m.Sender.ID), 10), Name: string(m.Sender.Name)}
	text, file := m.content()
	switch {
	case m.Sender.Type == "sys" || m.Type == "event":
		return c.systemEvent(m)
	case text == "" && file == nil:
		return conversation.Event{}, false
	case m.Sender.Type == "customer":
		return conversation.Event{
			Kind: conversation.CustomerSaid, Text: text, Attachment: file, MessageID: string(m.Raw.UUID), Customer: m.person(),
		}, true
	case m.Sender.Type == "bot":
		return conversation.Event{
			Kind: conversation.BotSaid, Text: text, Attachment: file, MessageID: string(m.Raw.UUID), Author: author,
			Vendor: map[string]string{vendorBot: author.ID},
		}, true
	case m.Sender.Type == "agent" && c.isOther(int64(m.Sender.ID)):
		// Somebody types in the vendor's own inbox. The customer saw it, so it belongs to the transcript.
		return conversation.Event{
			Kind: conversation.BotSaid, Text: text, Attachment: file, MessageID: string(m.Raw.UUID), Author: author,
		}, true
	case m.Sender.Type == "agent" && m.Type == "text":
		return conversation.Event{Kind: conversation.SendProven, Text: text}, true
	}
	return conversation.Event{}, false
}

// systemEvent goes by who has the customer now, because the names of the actions are not documented, but for "assign".
func (c *Client) systemEvent(m hookMessage) (conversation.Event, bool) {
	if _, told := m.Customer["agent_id"]; !told || m.Type != "event" {
		return conversation.Event{}, false
	}
	if agent := m.Customer.Int("agent_id"); agent != 0 && !c.isOther(agent) {
		return c.assigned(m)
	}
	return conversation.Event{Kind: conversation.ChannelDropped}, true
}

// assigned asks for a human, if that is configured, where the flow or somebody in the vendor's inbox gave the customer to
// our agent: our own assignments carry our mark.
func (c *Client) assigned(m hookMessage) (conversation.Event, bool) {
	action := cmp.Or(m.Data.Text("action"), string(m.Raw.Action), "assign")
	if !c.config.HandoffOnAssign || action != "assign" || m.Customer.Text(fieldID) != "" {
		return conversation.Event{}, false
	}
	return conversation.Event{Kind: conversation.HandoffRequested, Reason: conversation.ByBot, Customer: m.person()}, true
}
