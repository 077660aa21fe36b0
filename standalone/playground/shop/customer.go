package shop

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/connector/memory"
)

// Arrive opens a chat for a customer and gives its id.
func (v *Vendor) Arrive(name string) (id string, err error) {
	id = newID("c-")
	return id, v.do(func(now time.Time) ([]change, error) {
		return []change{{Op: opArrived, At: now, Conversation: id, Name: name}}, nil
	})
}

// Words are what somebody says: a text, files, or both. ID is the speaker's own
// name for the message, so that saying it twice adds it once.
type Words struct {
	ID          string
	Text        string
	Attachments []memory.Attachment
}

func (w Words) check() error {
	if strings.TrimSpace(w.Text) == "" && len(w.Attachments) == 0 {
		return ErrEmpty
	}
	if utf8.RuneCountInString(w.Text) > memory.MaxText {
		return ErrTooLong
	}
	return nil
}

// Say adds the customer's words to the conversation and tells handoff of them.
func (v *Vendor) Say(conversation string, words Words) error {
	return v.do(func(now time.Time) ([]change, error) {
		c, err := v.conversation(conversation)
		if err != nil {
			return nil, err
		}
		if err := words.check(); err != nil {
			return nil, err
		}
		if words.ID == "" {
			words.ID = newID("m-")
		}
		if c.lastSeen[words.ID] {
			return nil, nil
		}
		event := c.event(memory.TypeCustomerMessage, now)
		event.Message = &memory.Message{
			ID: words.ID, Seq: c.nextSeq(), At: now, Author: c.Customer,
			Text: words.Text, Attachments: words.Attachments, EventID: event.ID,
		}
		return []change{
			{Op: opSaid, At: now, Conversation: conversation, Message: event.Message},
			{Op: opEvent, At: now, Hook: ChannelHook, Event: event},
		}, nil
	})
}

// Leave ends the chat on the customer's side.
func (v *Vendor) Leave(conversation string) error {
	return v.do(func(now time.Time) ([]change, error) {
		c, err := v.conversation(conversation)
		if err != nil || c.Left {
			return nil, err
		}
		return []change{
			{Op: opLeft, At: now, Conversation: conversation},
			{Op: opEvent, At: now, Hook: ChannelHook, Event: c.event(memory.TypeCustomerLeft, now)},
		}, nil
	})
}

// AskForHuman is the button beside the text field.
func (v *Vendor) AskForHuman(conversation string) error {
	return v.do(func(now time.Time) ([]change, error) {
		c, err := v.conversation(conversation)
		if err != nil {
			return nil, err
		}
		event := c.event(memory.TypeHandoffRequested, now)
		event.Reason = "customer_button"
		return []change{{Op: opEvent, At: now, Hook: ChannelHook, Event: event}}, nil
	})
}

func (v *Vendor) conversation(id string) (*Conversation, error) {
	if c := v.state.conversations[id]; c != nil {
		return c, nil
	}
	return nil, ErrUnknown
}

func (c *Conversation) nextSeq() int64 { return int64(len(c.Messages) + 1) }

// event makes the conversation's next webhook.
func (c *Conversation) event(kind string, now time.Time) *memory.Envelope {
	seq := c.events + 1
	customer := c.Customer
	return &memory.Envelope{
		ID: c.ID + "-" + strconv.FormatInt(seq, 10), Type: kind, At: now, Seq: seq,
		Conversation: c.ID, Customer: &customer,
	}
}
