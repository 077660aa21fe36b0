package conversation

import "time"

// View is a conversation as people and programs may look at it.
type View struct {
	ID       string    `json:"id"`
	Route    string    `json:"route"`
	State    State     `json:"state"`
	Epoch    int       `json:"epoch"`
	Since    time.Time `json:"since"`
	Reason   Reason    `json:"reason,omitempty"`
	Started  time.Time `json:"started"`
	Channel  string    `json:"channel"`
	Bot      string    `json:"bot,omitempty"`
	Desk     string    `json:"desk"`
	Customer Customer  `json:"customer,omitzero"`
	// Owner is "bot", "agent" or "nobody"; Agent says which agent.
	Owner   string         `json:"owner"`
	Agent   *Author        `json:"agent,omitempty"`
	Tickets []TicketRecord `json:"tickets,omitempty"`
	// Deadlines are the instants at which something happens if nothing else does, and NextDeadline the earliest.
	Deadlines    []Deadline   `json:"deadlines,omitempty"`
	NextDeadline *Deadline    `json:"next_deadline,omitempty"`
	Transcript   Transcript   `json:"transcript"`
	History      []Transition `json:"history,omitempty"`
	HistoryCut   int          `json:"history_cut,omitempty"`
	Counts       Counts       `json:"counts"`
	// Pending are the effects yet to be done, Trouble those that failed, are uncertain or were withheld.
	Pending []Effect `json:"pending,omitempty"`
	Trouble []Effect `json:"trouble,omitempty"`
	Rules   int      `json:"rules"`
	// Parked says why no agent is expected, if so; Position is the place in the queue that the customer was told; Rating is
	// how the customer liked the help, from 1 to 5.
	Parked   Reason `json:"parked,omitempty"`
	Position int    `json:"position,omitempty"`
	Rating   int    `json:"rating,omitempty"`
	// Ref, ChannelVendor and DeskVendor are what the connectors need to call the vendors.
	Ref           string            `json:"ref,omitempty"`
	ChannelVendor map[string]string `json:"channel_vendor,omitempty"`
	DeskVendor    map[string]string `json:"desk_vendor,omitempty"`
}

// View gives the conversation as people may look at it.
func (c *Conversation) View() View {
	v := View{
		ID: c.ID, Route: c.Route.Name, State: c.State, Epoch: c.Epoch, Since: c.Since, Reason: c.Reason, Started: c.Started,
		Channel: c.Route.Channel.Name, Desk: c.desk().Name, Customer: c.Customer, Owner: c.Owner(), Tickets: c.Tickets,
		Deadlines: c.Deadlines, Transcript: c.Transcript, History: c.History, HistoryCut: c.HistoryCut, Counts: c.Counts,
		Trouble: c.Trouble(), Rules: c.Rules, Parked: c.Parked, Position: c.Position, Rating: c.Rating, Ref: c.Ref, ChannelVendor: c.ChannelVendor, DeskVendor: c.DeskVendors[c.desk().Name],
	}
	if c.Route.Bot != nil {
		v.Bot = c.Route.Bot.Name
	}
	if c.State == Assigned {
		agent := c.Agent
		v.Agent = &agent
	}
	if d, ok := c.NextDeadline(); ok {
		v.NextDeadline = &d
	}
	for i := range c.Outbox {
		if c.Outbox[i].Status == Pending {
			v.Pending = append(v.Pending, c.Outbox[i])
		}
	}
	return v
}

// Owner says who owns the conversation: "bot", "agent" or "nobody".
func (c *Conversation) Owner() string {
	switch c.State {
	case InBot:
		return "bot"
	case Assigned:
		return "agent"
	case Waiting, Reassigning, Ended:
		return "nobody"
	}
	return "nobody"
}
