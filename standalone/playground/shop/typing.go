package shop

import (
	"time"

	"github.com/handoff-engine/handoff/connector/memory"
)

// ticketTyping sets apart the keys of what agents see from what customers see.
const ticketTyping = "desk:"

// CustomerTypes tells handoff, once and without promise, that the customer is typing.
func (v *Vendor) CustomerTypes(conversation string, on bool) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, err := v.conversation(conversation)
	if err != nil {
		return err
	}
	event := &memory.Envelope{
		ID: newID("typing-"), Type: memory.TypeCustomerTyping, At: time.Now().UTC(),
		Conversation: conversation, Customer: &c.Customer, Typing: on,
	}
	go v.passBy(ChannelHook, event)
	return nil
}

// AgentTypes tells handoff, once and without promise, that an agent is typing.
func (v *Vendor) AgentTypes(ticket, agent string, on bool) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.state.ticket(ticket)
	if t == nil || t.Closed || t.Agent != agent {
		return ErrUnknown
	}
	who := author(agent)
	event := &memory.Envelope{
		ID: newID("typing-"), Type: memory.TypeAgentTyping, At: time.Now().UTC(),
		Ticket: ticket, Conversation: t.Conversation, Agent: &who, Typing: on,
	}
	go v.passBy(DeskHook, event)
	return nil
}

// showTyping keeps what the other side told; the caller does not hold the lock.
func (v *Vendor) showTyping(key string, req memory.TypingRequest) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if req.Typing {
		v.typing[key] = typing{who: req.Author, until: time.Now().Add(typingFor)}
		time.AfterFunc(typingFor, v.expireTyping)
	} else {
		delete(v.typing, key)
	}
	v.notify()
}

func (v *Vendor) expireTyping() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.notify()
}

// typist gives who is typing under key, or nil. The caller holds the lock.
func (v *Vendor) typist(key string) *memory.Author {
	t, ok := v.typing[key]
	if !ok || !time.Now().Before(t.until) {
		return nil
	}
	return &t.who
}
