package scenario

import (
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// The vendors of a story are played in this process. Each can do everything; what a route's connections lack the model
// never asks for, and what activities find out by themselves is refused here.

// message is one thing that reached the customer or the agents.
type message struct {
	at   time.Time
	key  conversation.Key
	text string
	file string
	// buttons are the labels of what can be pressed.
	buttons []string
	// who is the agent's name or "bot"; empty for what handoff says by itself.
	who string
	// history marks a line that came along with the opening of a ticket.
	history bool
}

// edit is a message that was changed where it had been sent; the new text is empty where it was removed.
type edit struct{ old, text string }

// change changes the message that was sent with a key.
func change(seen []message, edits *[]edit, req connector.EditRequest) error {
	for i := range seen {
		if string(seen[i].key) == req.Message {
			*edits = append(*edits, edit{seen[i].text, req.Text})
			return nil
		}
	}
	return connector.Errorf("story", "EditMessage", connector.NotFound, "no such message")
}

// said shows the message as the story prints it.
func (m message) said() string {
	s := m.text
	if m.file != "" {
		if s != "" {
			s += " "
		}
		s += "[file " + m.file + "]"
	}
	if m.who != "" {
		s = m.who + ": " + s
	}
	return s
}

// mood is how a vendor behaves at the moment.
type mood struct {
	// downUntil is when it is up again; forever means until it is said to be back.
	downUntil time.Time
	forever   bool
	// refuses makes it refuse every message, refuseNext so many.
	refuses    bool
	refuseNext int
	// loseAnswers makes so many messages arrive without an answer, swallow so many vanish without one.
	loseAnswers, swallow int
}

// call is the beginning of any call to a vendor.
func (m *mood) call(vendor, op string, now time.Time) error {
	if m.forever || now.Before(m.downUntil) {
		return connector.Errorf(vendor, op, connector.Unavailable, "the story has it down")
	}
	return nil
}

// send is the beginning of sending a message: an error, or whether the answer will be lost.
func (m *mood) send(vendor, op string, now time.Time) (lost bool, err error) {
	if err := m.call(vendor, op, now); err != nil {
		return false, err
	}
	switch {
	case m.refuses, m.refuseNext > 0:
		m.refuseNext = max(0, m.refuseNext-1)
		return false, connector.Errorf(vendor, op, connector.Forbidden, "the story has it refused")
	case m.swallow > 0:
		m.swallow--
		return false, unanswered(vendor, op)
	case m.loseAnswers > 0:
		m.loseAnswers--
		return true, nil
	}
	return false, nil
}

func unanswered(vendor, op string) error {
	return connector.Errorf(vendor, op, connector.UncertainOutcome, "the story has the answer lost")
}

// actor is what the three vendors share.
type actor struct {
	stage  *stage
	name   string
	traits connector.Traits
	mood   mood
}

// Name is the vendor's name.
func (a *actor) Name() string { return a.name }

// Traits are the real vendor's, or the story's.
func (a *actor) Traits() connector.Traits { return a.traits }

// Verify is never asked: a story has no webhooks.
func (a *actor) Verify(*connector.Delivery) error { return nil }

// Decode is never asked: a story has no webhooks.
func (a *actor) Decode(*connector.Delivery) ([]connector.Inbound, error) { return nil, nil }

// sent finds a message by its key.
func sent(messages []message, key conversation.Key) bool {
	for _, m := range messages {
		if m.key == key {
			return true
		}
	}
	return false
}

// fileName is how a story names an attachment.
func fileName(a conversation.Attachment) string {
	if a.Name != "" {
		return a.Name
	}
	return a.URL
}
