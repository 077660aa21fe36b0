package conversation

import "time"

// Conversation is the whole state of one customer's engagement on one route: what a workflow carries across
// continue-as-new. It is plain data; all change goes through Apply, Take and Command.
type Conversation struct {
	// ID is the conversation's and the workflow's id: "<channel connection>:<key>".
	ID string `json:"id"`
	// Engagement tells this run of the conversation from earlier ones of the same id, so that keys never repeat.
	Engagement string `json:"engagement"`
	// Rules is the number of the rules that this conversation is decided by.
	Rules int   `json:"rules"`
	Route Route `json:"route"`
	// Choices are the channel's routes where there are several: the one that fits is taken as more is learnt, until a
	// human is asked for.
	Choices []Route `json:"choices,omitempty"`

	State State `json:"state"`
	// Epoch is raised at each change of owner.
	Epoch int `json:"epoch"`
	// Since is when the state was entered, and Reason why.
	Since   time.Time `json:"since"`
	Reason  Reason    `json:"reason,omitempty"`
	Started time.Time `json:"started"`

	// Ref is the channel vendor's name for the conversation.
	Ref      string   `json:"ref,omitempty"`
	Customer Customer `json:"customer,omitzero"`
	// ChannelVendor and BotVendor are what the connectors asked to be given back, and DeskVendors the same for each desk
	// by its name.
	ChannelVendor map[string]string            `json:"channel_vendor,omitempty"`
	BotVendor     map[string]string            `json:"bot_vendor,omitempty"`
	DeskVendors   map[string]map[string]string `json:"desk_vendors,omitempty"`

	// Agent owns the conversation in Assigned; LastAgent owned it last.
	Agent     Author `json:"agent,omitzero"`
	LastAgent Author `json:"last_agent,omitzero"`
	// Tickets are the desk's counterparts, oldest first; the last is the current one.
	Tickets []TicketRecord `json:"tickets,omitempty"`
	// Desk is the index of the route's desk in use: the first, or a later one if those before it took no ticket.
	Desk int `json:"desk,omitempty"`
	// Rung is the next rung of the ladder, Requeued whether the desk's queue was tried after the last.
	Rung     int  `json:"rung,omitempty"`
	Requeued bool `json:"requeued,omitempty"`
	// Left are the desks that the conversation was moved away from, and Declined the agents who were asked and did not
	// come, or let go: neither is asked again before the bot has had the customer.
	Left     []string `json:"left,omitempty"`
	Declined []string `json:"declined,omitempty"`
	// Asked is the agent whom the rung under way asks for.
	Asked string `json:"asked,omitempty"`
	// Parked is set while the customer waits for the next opening, or for an answer to the ticket that was left, and says
	// which. No agent is expected, and the ladder rests.
	Parked Reason `json:"parked,omitempty"`
	// Wanted is whom the parked customer asked for.
	Wanted Wanted `json:"wanted,omitzero"`
	// Position is the place in the queue that the customer was last told.
	Position int `json:"position,omitempty"`
	// Looked is set while the desk is asked once more whether the agent who went away is back.
	Looked bool `json:"looked,omitempty"`
	// Notes are the vendor's ids of the last private notes: one that becomes public is said to the customer then.
	Notes []string `json:"notes,omitempty"`
	// Unmirrored is set once agents closed a ticket that only showed them what the bot does.
	Unmirrored bool `json:"unmirrored,omitempty"`
	// Helped is the agent whose help the customer has not been asked about yet. RatableUntil is until when a number is
	// taken for an answer to that question, and Rating the last answer.
	Helped       Author    `json:"helped,omitzero"`
	RatableUntil time.Time `json:"ratable_until,omitzero"`
	Rating       int       `json:"rating,omitempty"`
	// Reopened counts tickets that were opened anew because the desk lost one.
	Reopened int `json:"reopened,omitempty"`
	// Paused says that the hosted bot was taken off the conversation.
	Paused bool `json:"paused,omitempty"`
	// Claiming is the effect that takes the conversation again after the channel's vendor dropped it.
	Claiming Key `json:"claiming,omitempty"`
	// Closing is set while the desk is read once more before the conversation ends. Until then nothing but the
	// customer, an operator or a hand-back changes the owner.
	Closing Reason `json:"closing,omitempty"`
	// WaitingSince is when the customer began to wait for an agent's words; zero if nobody waits.
	WaitingSince time.Time `json:"waiting_since,omitzero"`
	// HeardAt is when the customer last wrote, where the policy has a reply window.
	HeardAt time.Time `json:"heard_at,omitzero"`
	// Spoke is set once an agent has said something since the conversation was assigned.
	Spoke bool `json:"spoke,omitempty"`
	// RoutedAt and DroppedAt are the vendors' times of the last applied events that tell a state.
	RoutedAt  time.Time `json:"routed_at,omitzero"`
	DroppedAt time.Time `json:"dropped_at,omitzero"`
	// BotSeen is the last line that the called bot knows.
	BotSeen int `json:"bot_seen,omitempty"`
	// BotLeft is the last line of the bot's time: what follows was said without it.
	BotLeft int `json:"bot_left,omitempty"`
	// Offered are the answers that the called bot's last words offer as buttons, in the order of their numbers.
	Offered []Button `json:"offered,omitempty"`

	Deadlines []Deadline `json:"deadlines,omitempty"`
	// LastKey numbers the effects.
	LastKey int `json:"last_key,omitempty"`
	// Outbox are the effects that are pending, in the order decided, and those in trouble.
	Outbox     []Effect     `json:"outbox,omitempty"`
	Seen       Memory       `json:"seen,omitzero"`
	Transcript Transcript   `json:"transcript,omitzero"`
	History    []Transition `json:"history,omitempty"`
	// HistoryCut counts transitions dropped from the beginning of History.
	HistoryCut int    `json:"history_cut,omitempty"`
	Counts     Counts `json:"counts,omitzero"`
	// Commands are the outcomes of the last commands by their idempotency key.
	Commands []CommandOutcome `json:"commands,omitempty"`

	// Held are the deadlines of the agent whose conversation is being taken again.
	Held []Deadline `json:"held,omitempty"`

	// decided collects the effects of the event being applied.
	decided []Effect
	// late is set while words are applied that an agent said before the ticket was closed.
	late bool
}

// TicketRecord is one ticket and how it stands.
type TicketRecord struct {
	// Key is the key of the first effect that was about it.
	Key  Key    `json:"key"`
	Desk string `json:"desk"`
	// Ticket is empty until it is open.
	Ticket Ticket     `json:"ticket,omitzero"`
	Status TicketStep `json:"status"`
	// Told says that an agent was told that the ticket is over.
	Told bool `json:"told,omitempty"`
	// Left says that the conversation was moved to another desk while the ticket was open.
	Left bool `json:"left,omitempty"`
	// Shown is the last line that a mirrored ticket shows.
	Shown int `json:"shown,omitempty"`
}

// Wanted is whom the bot or the customer asked for.
type Wanted struct {
	Agent    string `json:"agent,omitempty"`
	Group    string `json:"group,omitempty"`
	Priority string `json:"priority,omitempty"`
}

// TicketStep is how far a ticket has come.
type TicketStep string

// The steps of a ticket.
const (
	// TicketMirrored shows agents what the bot does; nobody is asked.
	TicketMirrored TicketStep = "mirrored"
	TicketOpening  TicketStep = "opening"
	TicketOpen     TicketStep = "open"
	TicketClosing  TicketStep = "closing"
	TicketDone     TicketStep = "closed"
	TicketFailed   TicketStep = "failed"
)

// Counts is the conservation law: received = applied + duplicates + ignored, decided = delivered + withheld +
// uncertain + failed + pending.
type Counts struct {
	Received   int `json:"received"`
	Applied    int `json:"applied"`
	Duplicates int `json:"duplicates"`
	Ignored    int `json:"ignored"`
	// IgnoredFor splits Ignored by reason.
	IgnoredFor []ReasonCount `json:"ignored_for,omitempty"`
	Decided    int           `json:"decided"`
	Delivered  int           `json:"delivered"`
	Withheld   int           `json:"withheld"`
	Uncertain  int           `json:"uncertain"`
	Failed     int           `json:"failed"`
	// Retried counts delivered effects that may be there twice.
	Retried int `json:"retried,omitempty"`
	// Degraded counts, by what they lost, delivered messages of which a side could not show everything.
	Degraded []ReasonCount `json:"degraded,omitempty"`
}

// ReasonCount counts one reason.
type ReasonCount struct {
	Reason Reason `json:"reason"`
	N      int    `json:"n"`
}

// counted gives the counts with one more of the reason.
func counted(counts []ReasonCount, reason Reason) []ReasonCount {
	for i := range counts {
		if counts[i].Reason == reason {
			counts[i].N++
			return counts
		}
	}
	return append(counts, ReasonCount{reason, 1})
}

const (
	maxHistory = 100
	maxTrouble = 50
	maxNotes   = 50
	// maxReopened bounds how often a ticket that the desk lost is opened anew before the policy's last rung.
	maxReopened = 3
	// echoSkew is how far a vendor's clock may be behind ours when it stamps the echo of a send.
	echoSkew = 2 * time.Second
	// catchUpWithin bounds the last look at the desk before a conversation ends.
	catchUpWithin = 20 * time.Second
)

// New makes a conversation in state InBot, on the first of the channel's routes that suits somebody of whom nothing is
// known; there is at least one. The engagement and the time are set by Begin.
func New(id string, routes ...Route) Conversation {
	c := Conversation{ID: id, State: InBot, Rules: CurrentRules, Route: routes[0].WithDefaults()}
	if len(routes) == 1 {
		return c
	}
	for _, r := range routes {
		c.Choices = append(c.Choices, r.WithDefaults())
	}
	c.chooseRoute()
	return c
}

// Begin starts the conversation's clock. Engagement must be the same on each replay and different for each engagement
// of one id. The rules are those of whoever made the conversation: who did not say was of the first.
func (c *Conversation) Begin(now time.Time, engagement string) {
	c.Engagement, c.Started, c.Since = engagement, now, now
	if c.Rules == 0 {
		c.Rules = RulesFirst
	}
	c.setDeadline(BotIdleAt, now.Add(time.Duration(c.Route.Policy.BotIdle)))
}

// ticket gives the current ticket's record, or nil.
func (c *Conversation) ticket() *TicketRecord {
	if len(c.Tickets) == 0 {
		return nil
	}
	return &c.Tickets[len(c.Tickets)-1]
}

// live reports whether an agent has the ticket, or is asked to take it.
func (t *TicketRecord) live() bool { return t.Status == TicketOpening || t.Status == TicketOpen }

// openTicket gives the current ticket if it is opening or open, or nil.
func (c *Conversation) openTicket() *TicketRecord {
	if t := c.ticket(); t != nil && t.live() {
		return t
	}
	return nil
}

// mirroredTicket gives the current ticket if it shows agents what the bot does, or nil.
func (c *Conversation) mirroredTicket() *TicketRecord {
	if t := c.ticket(); t != nil && t.Status == TicketMirrored {
		return t
	}
	return nil
}

// addTicket makes t the current ticket.
func (c *Conversation) addTicket(t TicketRecord) {
	if len(c.Tickets) >= maxHistory {
		c.Tickets = c.Tickets[1:]
	}
	c.Tickets = append(c.Tickets, t)
}

func (c *Conversation) ticketByKey(key Key) *TicketRecord {
	for i := range c.Tickets {
		if c.Tickets[i].Key == key {
			return &c.Tickets[i]
		}
	}
	return nil
}

// desk gives the desk in use.
func (c *Conversation) desk() Connection { return c.Route.Desks[c.Desk] }

// DeskName gives the name of the desk in use.
func (c *Conversation) DeskName() string { return c.desk().Name }

// deskIndex gives the index of the desk that told an event; unless the route knows it, the one in use is meant.
func (c *Conversation) deskIndex(ev Event) int {
	for i, d := range c.Route.Desks {
		if d.Name == ev.Source {
			return i
		}
	}
	return c.Desk
}

// able reports whether the desk of a ticket has the capability.
func (c *Conversation) able(t *TicketRecord, capability string) bool {
	x, _ := c.Route.connection(t.Desk)
	return x.Able(capability)
}

// CurrentTicket gives "<desk connection>/<ticket id>" of the open ticket, or "".
func (c *Conversation) CurrentTicket() string {
	if t := c.ticket(); t != nil && t.Ticket.ID != "" {
		return t.Desk + "/" + t.Ticket.ID
	}
	return ""
}
