package httpbot

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// vendorSession is the key under which a conversation carries the bot's session.
const vendorSession = "session"

// fieldReason is the customer's field that tells the agent why the bot asks for a human.
const fieldReason = "reason"

var errNotJSON = errors.New("the answer is not JSON")

// read understands the bot's answer; no content says nothing. An answer outside the contract is Invalid: asking again
// would give the same.
func read(op string, body json.RawMessage) (conversation.Answer, error) {
	refuse := func(why string, args ...any) (conversation.Answer, error) {
		return conversation.Answer{}, connector.Errorf(Name, op, connector.Invalid, "the answer "+why, args...)
	}
	if body == nil {
		return conversation.Answer{}, nil
	}
	var answer Answer
	if body = bytes.TrimSpace(body); !bytes.HasPrefix(body, []byte("{")) || json.Unmarshal(body, &answer) != nil {
		return refuse("is not as the contract says")
	}
	if len(answer.Messages) > MaxMessages {
		return refuse("has more than %d messages", MaxMessages)
	}
	result := conversation.Answer{End: answer.End}
	for _, m := range answer.Messages {
		if a := m.Attachment; a != nil && !a.reachable() {
			return refuse("has an attachment with neither an address nor a place")
		}
		if len(m.Buttons) > MaxButtons {
			return refuse("has a message with more than %d buttons", MaxButtons)
		}
		var buttons []conversation.Button
		for _, b := range m.Buttons {
			if b.Label == "" {
				return refuse("has a button without a label")
			}
			buttons = append(buttons, conversation.Button(b))
		}
		if strings.TrimSpace(m.Text) == "" && m.Attachment == nil && buttons == nil {
			continue
		}
		result.Messages = append(result.Messages, conversation.Message{Text: m.Text, Attachment: m.Attachment.inward(), Buttons: buttons})
	}
	if k := answer.Customer; k != nil {
		result.Customer = conversation.Customer{
			Name: k.Name, Email: k.Email, Phone: k.Phone, Language: k.Language, Fields: k.Fields,
		}
	}
	if h := answer.Handoff; h != nil && !h.declined {
		result.Handoff, result.Agent, result.Group = true, h.Agent, h.Group
		result.Customer.Fields = withReason(result.Customer.Fields, h.Reason)
	}
	if answer.Session == nil {
		return result, nil
	}
	var session bytes.Buffer
	if json.Compact(&session, answer.Session) != nil || session.Len() > MaxSession {
		return refuse("has a session of more than %d KiB", MaxSession>>10)
	}
	if session.String() == "null" {
		session.Reset()
	}
	result.Vendor = map[string]string{vendorSession: session.String()}
	return result, nil
}

// withReason adds the reason to what the agent is shown.
func withReason(fields map[string]string, reason string) map[string]string {
	if reason == "" {
		return fields
	}
	if fields == nil {
		fields = map[string]string{}
	}
	fields[fieldReason] = reason
	return fields
}

// reachable reports whether there is something to pass on.
func (a *Attachment) reachable() bool {
	return strings.HasPrefix(a.URL, "https://") || strings.HasPrefix(a.URL, "http://") || a.Latitude != 0 || a.Longitude != 0
}

func (a *Attachment) inward() *conversation.Attachment {
	if a == nil {
		return nil
	}
	return &conversation.Attachment{
		URL: a.URL, Name: a.Name, ContentType: a.ContentType, Size: a.Size, Latitude: a.Latitude, Longitude: a.Longitude,
	}
}

func outward(a *conversation.Attachment) *Attachment {
	if a == nil {
		return nil
	}
	return &Attachment{
		URL: a.URL, Name: a.Name, ContentType: a.ContentType, Size: a.Size, Latitude: a.Latitude, Longitude: a.Longitude,
	}
}

// customer gives what is known, or nil if nothing is.
func customer(k conversation.Customer) *Customer {
	if k.Name == "" && k.Email == "" && k.Phone == "" && k.Language == "" && len(k.Fields) == 0 {
		return nil
	}
	return &Customer{Name: k.Name, Email: k.Email, Phone: k.Phone, Language: k.Language, Fields: k.Fields}
}

func history(lines []conversation.Line) []Line {
	var list []Line
	for _, l := range lines {
		if l.Deleted {
			continue
		}
		list = append(list, Line{
			Role: string(l.Role), Name: l.Name, At: l.At, Text: l.Text, Attachment: outward(l.Attachment),
		})
	}
	return list
}
