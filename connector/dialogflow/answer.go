package dialogflow

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"path"
	"slices"
	"time"

	"github.com/handoff-engine/handoff/conversation"
)

// eventEscalation is the event with which a flow of CX gives up in favour of a human.
const eventEscalation = "flow-failed-human-escalation"

// matchNone is the match of CX for what no intent understood.
const matchNone = "NO_MATCH"

// read understands what came of a turn.
func (c *Client) read(ctx context.Context, t turn, answer detectAnswer) conversation.Answer {
	r := answer.QueryResult
	messages := c.messages(r)
	result := conversation.Answer{Messages: c.words(messages, r.FulfillmentText)}
	wish := c.wish(r, messages)
	next := t.before.after(r, time.Now(), c.config.HandoffParameters)
	if next.misses++; !missed(r) && (len(result.Messages) > 0 || wish.any()) {
		next.misses = 0
	}
	if n := c.config.HandoffAfterMisses; n > 0 && next.misses >= n {
		wish.handoff = true
	}
	switch {
	case wish.handoff || wish.end && c.config.OnEnd == endHandsOff:
		result.Handoff, result.Agent, result.Group = true, wish.agent, wish.group
		next.gaveAway, next.misses = true, 0
	case wish.end && c.config.OnEnd == endEnds:
		result.End = true
	}
	next.ended = wish.end
	result.Customer = c.learnt(r.Parameters, wish.fields)
	var whole bool
	result.Vendor, whole = next.save()
	c.report(ctx, t, answer, whole)
	return result
}

// missed reports whether the bot did not understand.
func missed(r *queryResult) bool { return r.Intent.IsFallback || r.Match.MatchType == matchNone }

// messages decodes the messages of an answer one by one, so that one of an unknown shape does not hide the others, and
// leaves out those of other channels.
func (c *Client) messages(r *queryResult) []message {
	list := r.ResponseMessages
	if c.config.Edition == editionES {
		list = r.FulfillmentMessages
	}
	return decoded(list, c.config.Channel)
}

func decoded(list []json.RawMessage, channel string) []message {
	var messages []message
	for _, raw := range list {
		var m message
		if json.Unmarshal(raw, &m) != nil {
			continue
		}
		if !slices.Contains([]string{"", "PLATFORM_UNSPECIFIED", channel}, m.Platform) || !slices.Contains([]string{"", channel}, m.Channel) {
			continue
		}
		messages = append(messages, m)
	}
	return messages
}

// wish is what the bot asks of us besides speaking.
type wish struct {
	handoff, end bool
	agent, group string
	fields       map[string]string
}

func (w *wish) any() bool { return w.handoff || w.end }

// wish finds every shape of the request for a human, and of the end.
func (c *Client) wish(r *queryResult, messages []message) wish {
	var w wish
	for _, in := range []intent{r.Intent, r.Match.Intent} {
		w.handoff = w.handoff || in.LiveAgentHandoff || in.DisplayName != "" && slices.Contains(c.config.HandoffIntents, in.DisplayName)
		w.end = w.end || in.EndInteraction
	}
	w.handoff = w.handoff || r.Action != "" && slices.Contains(c.config.HandoffActions, r.Action) || r.Match.Event == eventEscalation
	switch path.Base(r.CurrentPage.Name) {
	case endEscalation:
		w.handoff = true
	case endSession:
		w.end = true
	}
	c.wishIn(&w, messages, r.Parameters)
	for _, payload := range append(r.WebhookPayloads, r.WebhookPayload) {
		w.payload(payload)
	}
	w.group = c.group(w.group, r.Parameters)
	return w
}

// group is the desk's name of the group that the bot asks for.
func (c *Client) group(named string, parameters map[string]json.RawMessage) string {
	named = cmp.Or(named, plain(parameters[c.config.GroupParameter]))
	if len(c.config.Groups) > 0 {
		return c.config.Groups[named]
	}
	return named
}

// wishIn finds the requests that stand in messages and parameters.
func (c *Client) wishIn(w *wish, messages []message, parameters map[string]json.RawMessage) {
	for _, m := range messages {
		if m.LiveAgentHandoff != nil {
			w.handoff = true
			w.details(m.LiveAgentHandoff.Metadata)
		}
		w.end = w.end || m.EndInteraction != nil
		w.payload(m.Payload)
	}
	for _, name := range c.config.HandoffParameters {
		w.handoff = w.handoff || truthy(parameters[name])
	}
}

// payload hears the convention {"handoff": true} or {"handoff": {"group": …, "agent": …, …}}.
func (w *wish) payload(raw json.RawMessage) {
	var body struct {
		Handoff json.RawMessage `json:"handoff"`
	}
	if json.Unmarshal(raw, &body) == nil && truthy(body.Handoff) {
		w.handoff = true
		w.details(body.Handoff)
	}
}

// details reads who is asked for, and what else the agent is to know.
func (w *wish) details(raw json.RawMessage) {
	var about map[string]json.RawMessage
	if json.Unmarshal(raw, &about) != nil {
		return
	}
	for name, value := range about {
		text := plain(value)
		switch {
		case text == "":
		case name == "group":
			w.group = text
		case name == "agent":
			w.agent = text
		default:
			if w.fields == nil {
				w.fields = map[string]string{}
			}
			w.fields[name] = text
		}
	}
}

// learnt is what the bot found out about the customer: the configured parameters, and the details of its request.
func (c *Client) learnt(parameters map[string]json.RawMessage, details map[string]string) conversation.Customer {
	customer := conversation.Customer{Fields: details}
	for _, name := range c.config.Fields {
		value := plain(parameters[name])
		switch {
		case value == "":
		case name == "name":
			customer.Name = value
		case name == "email":
			customer.Email = value
		case name == "phone":
			customer.Phone = value
		default:
			if customer.Fields == nil {
				customer.Fields = map[string]string{}
			}
			customer.Fields[name] = value
		}
	}
	return customer
}

// report says what a designer of the bot should know. It shows neither texts nor the conversation.
func (c *Client) report(ctx context.Context, t turn, answer detectAnswer, whole bool) {
	if t.cut > 0 {
		c.log.WarnContext(ctx, "the customer's text was too long for the bot and was cut", slog.Int("characters_lost", t.cut))
	}
	for _, s := range append(answer.QueryResult.WebhookStatuses, answer.WebhookStatus) {
		if s.Code != 0 {
			c.log.WarnContext(ctx, "the bot's fulfillment webhook failed", slog.Int("code", s.Code))
		}
	}
	if !whole {
		c.log.WarnContext(ctx, "the bot's state is too large to be kept and will be lost with its session")
	}
}
