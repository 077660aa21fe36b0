package app

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// fieldReason is the customer's field that tells the agent why a human is asked for.
const fieldReason = "reason"

// hookpoint is what stands behind /v1/channels/<connection>/.
var hookpoint = regexp.MustCompile(`^conversations/([A-Za-z0-9_.:-]{1,128})/events$`)

// keyOf gives the key of the conversation that a delivery is about.
func keyOf(d *connector.Delivery) (string, bool) {
	parts := hookpoint.FindStringSubmatch(d.Hookpoint)
	if parts == nil {
		return "", false
	}
	return parts[1], true
}

// Decode reads one event of the team's. A type that it does not know is refused: it is a mistake that the team wants to
// hear of, not a customer's words to be lost.
func (c *Client) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	key, ok := keyOf(d)
	if !ok {
		return nil, invalid("the address ends with conversations/<key>/events; a key has up to 128 letters, digits, or _ . : -")
	}
	var peek struct{ ID, Type string }
	if !bytes.HasPrefix(bytes.TrimSpace(d.Body), []byte("{")) || json.Unmarshal(d.Body, &peek) != nil {
		return nil, invalid("the body is no JSON object with id and type")
	}
	if c.isOurs(key, peek.ID, peek.Type) {
		return nil, nil
	}
	e, err := read(d.Body)
	if err != nil {
		return nil, err
	}
	who, _ := c.caller(d, key)
	if who != team {
		// A customer's device neither says when something happened nor what the customer is like.
		e.ID, e.At, e.Customer, e.By, e.Agent, e.Group, e.Priority = "customer:"+e.ID, time.Time{}, nil, ByCustomer, "", "", ""
		if e.Target != "" {
			e.Target = "customer:" + e.Target
		}
	}
	if e.At.IsZero() || e.At.After(d.ReceivedAt) {
		e.At = d.ReceivedAt
	}
	return e.inbound(key, who)
}

// isOurs reports whether the team sends back what it got from us.
func (c *Client) isOurs(key, id, kind string) bool {
	switch kind {
	case TypeMessage, TypeAttachment, TypeEdited, TypeDeleted, TypeRating, TypeAgentRead, TypeAgentJoined, TypeAgentLeft, TypeAgentTyping, TypeUpdated, TypeEnded, TypePing:
		return true
	}
	return strings.HasPrefix(id, conversation.ID(c.connection, key)+"/")
}

// read reads an event strictly: a misspelt key is told.
func read(body []byte) (Event, error) {
	var e Event
	if err := connector.DecodeStrictly(Name, body, &e); err != nil {
		return e, err
	}
	switch {
	case e.Type == TypeCustomerTyping, e.Type == TypeCustomerRead:
		return e, nil
	case e.ID == "" || len(e.ID) > maxID:
		return e, invalid("the event has no id, or one of more than 200 bytes")
	case e.Attachment != nil && !e.Attachment.reachable():
		return e, invalid("the attachment has neither an http address nor a place")
	}
	return e, nil
}

func invalid(what string) error {
	return connector.Errorf(Name, "Decode", connector.Invalid, "%s", what)
}

// inbound turns an event into the model's.
func (e *Event) inbound(key string, who caller) ([]connector.Inbound, error) {
	in := connector.Inbound{Ref: connector.Ref{Conversation: key}}
	ev := conversation.Event{ID: e.ID, At: e.At, Ref: key}
	if k := e.Customer; k != nil {
		ev.Customer = conversation.Customer{Name: k.Name, Email: k.Email, Phone: k.Phone, Language: k.Language, Fields: k.Fields}
	}
	switch e.Type {
	case TypeCustomerTyping:
		in.Typing = &connector.Typing{On: e.Typing == nil || *e.Typing, Text: e.Text}
		return []connector.Inbound{in}, nil
	case TypeCustomerRead:
		in.Read = &connector.Read{At: e.At}
		return []connector.Inbound{in}, nil
	case TypeCustomerEdited, TypeCustomerDeleted:
		if e.Target == "" {
			return nil, invalid("the event has no target: the id of the message that it is about")
		}
		ev.Kind, ev.Target, ev.Text = conversation.CustomerDeleted, e.Target, ""
		if e.Type == TypeCustomerEdited {
			if strings.TrimSpace(e.Text) == "" {
				return nil, invalid("the message has no new text; customer.deleted removes it")
			}
			ev.Kind, ev.Text = conversation.CustomerEdited, e.Text
		}
	case TypeCustomerRated:
		if e.Rating < 1 || e.Rating > 5 {
			return nil, invalid("rating is a number from 1 to 5")
		}
		ev.Kind, ev.Rating, ev.Text = conversation.CustomerRated, e.Rating, e.Text
	case TypeBotRequested:
		ev.Kind = conversation.BotRequested
	case TypeCustomerMessage, TypeBotMessage:
		if strings.TrimSpace(e.Text) == "" && e.Attachment == nil {
			return nil, invalid("the message has neither text nor attachment")
		}
		if len(e.Buttons) > 0 && e.Type != TypeBotMessage {
			return nil, invalid("buttons go along with bot.message only")
		}
		ev.Kind, ev.Text, ev.Attachment, ev.MessageID = conversation.CustomerSaid, e.Text, e.Attachment.inward(), e.ID
		if e.Type == TypeBotMessage {
			if who != team {
				return nil, forbidden("a customer token says nothing in the bot's name")
			}
			ev.Kind, ev.Author, ev.Buttons = conversation.BotSaid, conversation.Author{Name: e.Name}, inward(e.Buttons)
		}
	case TypeCustomerLeft:
		ev.Kind = conversation.CustomerLeft
	case TypeHandoff:
		if err := e.request(&ev); err != nil {
			return nil, err
		}
	default:
		return nil, invalid("type is one of customer.message, customer.typing, customer.read, customer.edited, customer.deleted, customer.rated, " +
			"customer.left, bot.message, bot.requested, handoff.requested")
	}
	in.Event = ev
	return []connector.Inbound{in}, nil
}

// request turns an event that asks for a human into the model's.
func (e *Event) request(ev *conversation.Event) error {
	ev.Kind, ev.Agent, ev.Group, ev.Reason = conversation.HandoffRequested, e.Agent, e.Group, conversation.ByBot
	switch e.Priority {
	case "", "low", "normal", "high", "urgent":
		ev.Priority = e.Priority
	default:
		return invalid("priority is low, normal, high or urgent")
	}
	switch e.By {
	case "", ByBot:
	case ByCustomer:
		ev.Reason = conversation.ByCustomer
	default:
		return invalid("by is bot or customer")
	}
	if e.Reason != "" {
		fields := map[string]string{fieldReason: e.Reason}
		maps.Copy(fields, ev.Customer.Fields)
		ev.Customer.Fields = fields
	}
	return nil
}

func forbidden(what string) error {
	return connector.Errorf(Name, "Decode", connector.Forbidden, "%s", what)
}

// reachable reports whether there is something to pass on.
func (a *Attachment) reachable() bool {
	return strings.HasPrefix(a.URL, "https://") || strings.HasPrefix(a.URL, "http://") ||
		a.URL == "" && (a.Latitude != 0 || a.Longitude != 0)
}

func (a *Attachment) inward() *conversation.Attachment {
	if a == nil {
		return nil
	}
	return &conversation.Attachment{
		URL: a.URL, Name: a.Name, ContentType: a.ContentType, Size: a.Size, Latitude: a.Latitude, Longitude: a.Longitude,
	}
}

func inward(buttons []Button) []conversation.Button {
	var list []conversation.Button
	for _, b := range buttons {
		list = append(list, conversation.Button(b))
	}
	return list
}

func outward(buttons []conversation.Button) []Button {
	var list []Button
	for _, b := range buttons {
		list = append(list, Button(b))
	}
	return list
}
