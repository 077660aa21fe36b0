package conversation

import (
	"errors"
	"fmt"
	"time"
)

// maxCommands bounds the memory of commands' outcomes.
const maxCommands = 256

// CommandOutcome is what became of a command, kept by its idempotency key.
type CommandOutcome struct {
	ID    string `json:"id"`
	Kind  Kind   `json:"kind"`
	State State  `json:"state"`
	Epoch int    `json:"epoch"`
}

// CommandKinds maps the commands' names in the API to their events.
func CommandKinds() map[string]Kind {
	return map[string]Kind{
		"handoff": CommandHandoff, "assign": CommandAssign, "hand_back": CommandHandBack,
		"end": CommandEnd, "resend": CommandResend, "note": CommandNote, "policy": CommandPolicy,
	}
}

// Permits says why the command ev cannot be done in the present state, or nil. A command that was done already is
// permitted: it is answered from memory.
func (c *Conversation) Permits(ev Event) error {
	if o, done := c.commandDone(ev.ID); done {
		if o.Kind != ev.Kind {
			return fmt.Errorf("the idempotency key was used for %s already", o.Kind)
		}
		return nil
	}
	queued := c.State == Waiting || c.State == Assigned || c.State == Reassigning
	refuse := func(why string) error {
		return fmt.Errorf("%s is not possible while the conversation is %s: %s", ev.Kind, c.State, why)
	}
	switch ev.Kind {
	case CommandHandoff:
		if c.State != InBot && c.State != Ended {
			return refuse("a handoff is under way")
		}
	case CommandAssign:
		if ev.Agent == "" && ev.Group == "" {
			return errors.New("assign needs agent or group")
		}
		if !queued || c.openTicket() == nil {
			return refuse("there is no open ticket; use handoff first")
		}
		if !c.desk().Able(canAssign) {
			return refuse("the desk " + c.desk().Name + " cannot assign")
		}
	case CommandHandBack:
		if !queued {
			return refuse("no human has it")
		}
		if !c.Route.hasBot() {
			return refuse("the route has no bot")
		}
	case CommandEnd:
		if c.State == Ended {
			return refuse("it has ended")
		}
	case CommandResend:
		if len(c.resendable(ev.Key)) == 0 {
			return refuse("nothing that failed or is uncertain can be sent again")
		}
	case CommandNote:
		if ev.Text == "" {
			return errors.New("note needs text")
		}
		if c.openTicket() == nil && c.mirroredTicket() == nil {
			return refuse("there is no open ticket")
		}
		if !c.desk().Able(canNote) {
			return refuse("the desk " + c.desk().Name + " has no notes")
		}
	case CommandPolicy:
		if ev.Policy == nil {
			return errors.New("policy needs the keys to change")
		}
		return ev.Policy.changeable()
	default:
		return fmt.Errorf("%q is no command", ev.Kind)
	}
	return nil
}

// Command does what an operator commands, once for each ID, and says how things stand after it.
func (c *Conversation) Command(now time.Time, ev Event) (CommandOutcome, error) {
	if err := c.Permits(ev); err != nil {
		return CommandOutcome{}, err
	}
	if outcome, done := c.commandDone(ev.ID); done {
		return outcome, nil
	}
	ev.Source = Operator
	c.Apply(now, ev)
	outcome := CommandOutcome{ID: ev.ID, Kind: ev.Kind, State: c.State, Epoch: c.Epoch}
	c.Commands = append(c.Commands, outcome)
	if len(c.Commands) > maxCommands {
		c.Commands = c.Commands[1:]
	}
	return outcome, nil
}

func (c *Conversation) commandDone(id string) (CommandOutcome, bool) {
	for _, o := range c.Commands {
		if o.ID == id && id != "" {
			return o, true
		}
	}
	return CommandOutcome{}, false
}

// resendable gives the effects that resend would repeat: the one called key, or all that failed or are uncertain. What
// would be withheld is none of them.
func (c *Conversation) resendable(key Key) []Key {
	var keys []Key
	for i := range c.Outbox {
		e := c.Outbox[i]
		if (e.Status != Failed && e.Status != Uncertain) || key != "" && key != e.Key {
			continue
		}
		switch {
		case e.Kind == Say && !c.Stale(e), e.Kind == Post && c.openTicket() != nil,
			e.Kind == ResumeBot && !c.Paused && (c.State == InBot || c.State == Ended), e.Kind == CloseTicket && c.closes(e):
			keys = append(keys, e.Key)
		}
	}
	return keys
}

// closes reports whether the effect would close a ticket that is still to be closed.
func (c *Conversation) closes(e Effect) bool {
	t := c.ticketByKey(e.TicketKey)
	return t != nil && t.Status == TicketClosing
}

// command applies a permitted command. One that is not permitted changes nothing.
func (c *Conversation) command(now time.Time, ev Event) Reason {
	if c.Permits(ev) != nil {
		return IgnoredNoMeaning
	}
	switch ev.Kind {
	case CommandHandoff:
		c.handoff(now, ByOperator, Wanted{Agent: ev.Agent, Group: ev.Group, Priority: ev.Priority})
	case CommandAssign:
		c.decide(now, Effect{Kind: Assign, Agent: ev.Agent, Group: ev.Group})
	case CommandHandBack:
		c.handBack(now, ByOperator, TextBackToBot, ev.Node)
	case CommandEnd:
		c.end(now, ByOperator, TextEnded)
	case CommandResend:
		for _, key := range c.resendable(ev.Key) {
			c.resend(now, key)
		}
	case CommandNote:
		c.decide(now, Effect{Kind: Note, Text: ev.Text, Author: ev.Author})
	case CommandPolicy:
		c.changePolicy(*ev.Policy)
		c.release(now)
	default:
		return IgnoredNoMeaning
	}
	return ""
}

// resend makes a send pending again, behind what is pending already. One of unknown outcome is looked for first.
func (c *Conversation) resend(now time.Time, key Key) {
	e := *c.effect(key)
	c.remove(key)
	if e.Status == Uncertain {
		e.Doubtful = true
		c.Counts.Uncertain--
	} else {
		c.Counts.Failed--
	}
	e.Status, e.Reason = Pending, ""
	e.Kept = e.Kind == Say && e.Human && c.windowClosed(now) && c.mayHear()
	if t := c.openTicket(); t != nil && e.Kind == Post {
		// The ticket that the words were meant for may be over.
		e.TicketKey, e.Desk = t.Key, t.Desk
	}
	c.Outbox = append(c.Outbox, e)
	c.decided = append(c.decided, e)
}
