package conversation_test

import (
	"fmt"
	"slices"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

// reference is a second, much smaller model of a conversation: it knows nothing of policies, and holds the real one to
// what must be true of all of them.
type reference struct {
	keys    map[Key]bool
	lanes   map[Side][]Key
	state   State
	epoch   int
	entered int
}

func newReference() *reference {
	return &reference{keys: map[Key]bool{}, lanes: map[Side][]Key{}, state: InBot}
}

// edges are the changes of state that may ever happen.
func edges() map[State][]State {
	return map[State][]State{
		// A bot that asks for a human outside the hours keeps the customer.
		InBot:       {Waiting, Ended, InBot},
		Waiting:     {Assigned, Reassigning, InBot, Ended, Waiting},
		Assigned:    {Assigned, Reassigning, InBot, Ended, Waiting},
		Reassigning: {Assigned, InBot, Ended, Waiting},
		Ended:       {InBot, Waiting},
	}
}

// saw follows one step of the real conversation, and says what is wrong with it.
func (r *reference) saw(c *Conversation, decided []Effect) error {
	for _, e := range decided {
		again := r.keys[e.Key]
		resent := again && !slices.Contains(r.lanes[e.Side()], e.Key)
		if again && !resent {
			return fmt.Errorf("key %s was decided twice", e.Key)
		}
		r.keys[e.Key] = true
		if e.Status == Pending {
			r.lanes[e.Side()] = append(r.lanes[e.Side()], e.Key)
		}
	}
	for _, side := range Sides() {
		r.lanes[side] = slices.DeleteFunc(r.lanes[side], func(k Key) bool { return !pendingIn(c, k) })
	}
	for _, h := range c.History[r.entered-c.HistoryCut:] {
		if h.From != r.state || !slices.Contains(edges()[h.From], h.To) {
			return fmt.Errorf("no way leads from %s (was %s) to %s (%s)", h.From, r.state, h.To, h.Reason)
		}
		quiet := h.From == Waiting && h.To == Reassigning
		if h.Epoch != r.epoch+1 && !(quiet && h.Epoch == r.epoch) {
			return fmt.Errorf("epoch went from %d to %d (%s to %s)", r.epoch, h.Epoch, h.From, h.To)
		}
		r.state, r.epoch = h.To, h.Epoch
		r.entered++
	}
	if c.State != r.state || c.Epoch != r.epoch {
		return fmt.Errorf("state %s epoch %d are not those of the history: %s %d", c.State, c.Epoch, r.state, r.epoch)
	}
	return sound(c)
}

// took holds a task to the order in which its effects were decided.
func (r *reference) took(c *Conversation, side Side, task Task) error {
	r.lanes[side] = slices.DeleteFunc(r.lanes[side], func(k Key) bool { return !pendingIn(c, k) })
	lane := slices.DeleteFunc(slices.Clone(r.lanes[side]), func(k Key) bool { return keptIn(c, k) })
	for i, e := range task.Effects {
		switch {
		case e.Kind == Say && e.Human && len(lane) < len(r.lanes[side]) && slices.Index(r.lanes[side], e.Key) > slices.IndexFunc(r.lanes[side], func(k Key) bool { return keptIn(c, k) }):
			return fmt.Errorf("%s overtakes words that are kept", e.Key)
		case i >= len(lane) || lane[i] != e.Key:
			return fmt.Errorf("%s came before its turn: %v", e.Key, r.lanes[side])
		case !e.Human && e.Epoch != c.Epoch:
			return fmt.Errorf("%s of epoch %d was taken in epoch %d", e.Kind, e.Epoch, c.Epoch)
		case e.Kind != task.Effects[0].Kind || i > 0 && e.Kind != Say && e.Kind != Post && e.Kind != Mirror:
			return fmt.Errorf("%s and %s are in one task", task.Effects[0].Kind, e.Kind)
		}
	}
	return nil
}

func keptIn(c *Conversation, key Key) bool {
	return slices.ContainsFunc(c.Outbox, func(e Effect) bool { return e.Key == key && e.Kept })
}

func pendingIn(c *Conversation, key Key) bool {
	return slices.ContainsFunc(c.Outbox, func(e Effect) bool { return e.Key == key && e.Status == Pending })
}

// sound says what is wrong with a conversation, whatever came before.
func sound(c *Conversation) error {
	k := c.Counts
	queued := c.State == Waiting || c.State == Assigned || c.State == Reassigning
	deadline, hasDeadline := c.NextDeadline()
	switch {
	case (c.State == Assigned) != (c.Agent != Author{}):
		return fmt.Errorf("the agent is %q in %s", c.Agent.ID, c.State)
	case !hasDeadline && c.State != Ended:
		return fmt.Errorf("%s has no exit", c.State)
	case !hasDeadline && c.Pending() == 0 && !c.Over():
		return fmt.Errorf("%s is never over", c.State)
	case hasDeadline && deadline.At.IsZero():
		return fmt.Errorf("%s is due at no time", deadline.Name)
	case k.Received != k.Applied+k.Duplicates+k.Ignored:
		return fmt.Errorf("events are not conserved: %+v", k)
	case k.Decided != k.Delivered+k.Withheld+k.Uncertain+k.Failed+c.Pending():
		return fmt.Errorf("effects are not conserved: %+v and %d pending", k, c.Pending())
	case len(c.Transcript.Lines) > MaxLines || len(c.Trouble()) > MaxTrouble || len(c.History) > MaxHistory || len(c.Tickets) > MaxHistory:
		return fmt.Errorf("a bound is passed")
	case c.Transcript.Last != c.Transcript.Cut+len(c.Transcript.Lines):
		return fmt.Errorf("lines are not conserved: %d of %d", len(c.Transcript.Lines), c.Transcript.Last)
	case !queued && c.Paused && c.Route.Channel.Able("resume_bot"):
		return fmt.Errorf("the bot is mute in %s", c.State)
	case c.Closing != "" && (!queued || len(c.Deadlines) != 1 || deadline.Name != CatchUpBy):
		return fmt.Errorf("%s is closing until %v", c.State, c.Deadlines)
	case queued && len(c.Tickets) == 0 && c.Parked == "":
		return fmt.Errorf("%s has no ticket", c.State)
	case c.Parked != "" && c.State != Waiting:
		return fmt.Errorf("parked in %s", c.State)
	case c.Parked != "" && !slices.ContainsFunc(c.Deadlines, func(d Deadline) bool { return d.Name == OpensAt || d.Name == TicketBy }):
		return fmt.Errorf("parked for ever")
	case c.Parked != "" && slices.ContainsFunc(c.Deadlines, func(d Deadline) bool { return d.Name == AcceptBy || d.Name == WaitUntil }):
		return fmt.Errorf("an agent's deadline runs while nobody is expected: %v", c.Deadlines)
	}
	for i, t := range c.Tickets {
		live := t.Status == TicketOpening || t.Status == TicketOpen
		last := i == len(c.Tickets)-1
		wanted := queued && c.Closing == "" && last
		if live != wanted && (live || c.Parked == "") || t.Status == TicketMirrored && (!last || c.State != InBot && c.Parked == "") {
			return fmt.Errorf("ticket %d of %d is %s in %s", i+1, len(c.Tickets), t.Status, c.State)
		}
	}
	for _, e := range c.Trouble() {
		if e.Status == Withheld && (e.Kind == Say || e.Kind == Post) && e.Human && e.Reason != NoTicket && e.Reason != Moved {
			return fmt.Errorf("the words of a human are withheld: %s", e.Reason)
		}
	}
	return nil
}
