package conversation

import (
	"cmp"
	"errors"
	"slices"
	"time"
)

// Arrival is an event and where it belongs, as the gateway passes it on. One of ID, Ticket and TicketPrefix is set.
type Arrival struct {
	// Connection is the connection that told it.
	Connection string `json:"connection"`
	// ID is the conversation's id: told by a channel, or carried back by a desk.
	ID string `json:"id,omitempty"`
	// Starts allows the event to start the conversation if there is none: it comes from the channel.
	Starts bool `json:"starts,omitempty"`
	// Ticket is the desk's ticket id.
	Ticket string `json:"ticket,omitempty"`
	// TicketPrefix is the beginning of the ticket ids that it may be about; the newest is meant.
	TicketPrefix string `json:"ticket_prefix,omitempty"`
	Event        Event  `json:"event"`
}

// MayStart reports whether an event of this kind may start a conversation: somebody said or asked something.
func (k Kind) MayStart() bool {
	return k == CustomerSaid || k == BotSaid || k == HandoffRequested
}

// Result says what became of an arrival.
type Result string

// The results.
const (
	// Accepted: the event is stored with its conversation.
	Accepted Result = "accepted"
	// Late: the event is stored, and its conversation is being looked for.
	Late Result = "late"
	// NoConversation: the event is about a conversation that is over or never was, and changes nothing.
	NoConversation Result = "no_conversation"
	// TooOld: the event is older than any memory of its conversation could be, and starts nothing.
	TooOld Result = "too_old"
)

// The errors of whoever keeps the conversations. Others mean that it cannot be reached: try again later.
var (
	// ErrNotFound: there is no such conversation.
	ErrNotFound = errors.New("no such conversation")
	// ErrRefused: the command is not possible in the conversation's state; the wrapping error says why.
	ErrRefused = errors.New("refused")
	// ErrBusy: too many commands to one conversation at a time.
	ErrBusy = errors.New("too many commands at once")
)

// Order puts events that were taken in one go into their vendors' order: events of one source by sequence where both
// have one, else by the vendor's time. Events of different sources keep the order of their arrival.
func Order(events []Event) {
	for start := 0; start < len(events); {
		end := start + 1
		for end < len(events) && events[end].Source == events[start].Source {
			end++
		}
		slices.SortStableFunc(events[start:end], func(a, b Event) int {
			if a.Seq != 0 && b.Seq != 0 {
				return cmp.Compare(a.Seq, b.Seq)
			}
			if a.At.IsZero() || b.At.IsZero() {
				return 0
			}
			return a.At.Compare(b.At)
		})
		start = end
	}
}

// Missing gives those of the events that the conversation does not know yet and that would change it: what a vendor
// holds and did not tell.
func (c *Conversation) Missing(events []Event) []Event {
	var missing []Event
	for _, ev := range events {
		if ev.ID != "" && c.Seen.Has(ev.Source, ev.ID) {
			continue
		}
		if c.knows(ev) {
			continue
		}
		missing = append(missing, ev)
	}
	return missing
}

// knows reports whether an event that tells how things or words stand tells nothing new.
func (c *Conversation) knows(ev Event) bool {
	switch ev.Kind {
	case AgentAssigned:
		return c.State == Assigned && c.Agent.ID == ev.Agent ||
			c.State == Reassigning && ev.At.IsZero() && c.LastAgent.ID == ev.Agent ||
			!ev.At.IsZero() && ev.At.Before(c.RoutedAt)
	case AgentUnassigned:
		return c.State != Assigned
	case ChannelDropped:
		return !c.Paused || c.Claiming != "" || c.State != Assigned
	case AgentOnline, AgentOffline:
		_, away := c.deadline(AgentBackBy)
		return c.State != Assigned || away == (ev.Kind == AgentOffline)
	case AgentEdited:
		// A list cannot know which of the words it shows are new ones.
		line := c.Transcript.find(ev.Target)
		return line == nil || line.Deleted || line.Text == ev.Text
	case AgentDeleted:
		line := c.Transcript.find(ev.Target)
		return line == nil || line.Deleted
	default:
		return false
	}
}

// Summary is one line of a list of conversations.
type Summary struct {
	ID     string    `json:"id"`
	State  State     `json:"state"`
	Route  string    `json:"route"`
	Desk   string    `json:"desk,omitempty"`
	Ticket string    `json:"ticket,omitempty"`
	Agent  string    `json:"agent,omitempty"`
	Reason Reason    `json:"reason,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	// Running is false once the conversation has lingered out.
	Running bool `json:"running"`
}

// Filter narrows a list of conversations; empty fields do not.
type Filter struct {
	State  State
	Route  string
	Ticket string
	// Page is the token of the page to give, as the page before said.
	Page string
	// Size is how many to give; 0 means 50.
	Size int
}
