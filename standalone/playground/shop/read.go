package shop

import (
	"net/http"
	"time"

	"github.com/handoff-engine/handoff/connector/memory"
)

// CustomerReads tells handoff, once and without promise, that the customer has read
// all that was said until now.
func (v *Vendor) CustomerReads(conversation string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, err := v.conversation(conversation)
	if err != nil {
		return err
	}
	customer := c.Customer
	go v.passBy(ChannelHook, &memory.Envelope{
		ID: newID("read-"), Type: memory.TypeCustomerRead, At: time.Now().UTC(), Conversation: conversation, Customer: &customer,
	})
	return nil
}

// AgentReads tells the same of the agent who has the ticket.
func (v *Vendor) AgentReads(ticket, agent string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.state.ticket(ticket)
	if t == nil || t.Closed || t.Agent != agent {
		return ErrUnknown
	}
	who := author(agent)
	go v.passBy(DeskHook, &memory.Envelope{
		ID: newID("read-"), Type: memory.TypeAgentRead, At: time.Now().UTC(), Ticket: ticket, Conversation: t.Conversation, Agent: &who,
	})
	return nil
}

func (v *Vendor) channelRead(r *http.Request) (any, error) {
	return v.showRead(r, func() (change, error) {
		c, err := v.conversation(r.PathValue("id"))
		if err != nil {
			return change{}, err
		}
		return change{Conversation: c.ID}, nil
	})
}

func (v *Vendor) deskRead(r *http.Request) (any, error) {
	return v.showRead(r, func() (change, error) {
		t := v.state.ticket(r.PathValue("id"))
		if t == nil {
			return change{}, ErrUnknown
		}
		return change{Ticket: t.ID}, nil
	})
}

// showRead keeps until when the other side has read.
func (v *Vendor) showRead(r *http.Request, of func() (change, error)) (any, error) {
	req, err := read[memory.ReadRequest](r)
	if err != nil {
		return nil, err
	}
	if req.At.IsZero() {
		return nil, refusal{400, "invalid", "at is missing"}
	}
	return memory.Result{OK: true}, v.do(func(now time.Time) ([]change, error) {
		c, err := of()
		if err != nil {
			return nil, err
		}
		c.Op, c.At, c.Read = opRead, now, req.At
		return []change{c}, nil
	})
}
