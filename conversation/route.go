package conversation

import (
	"slices"
	"time"
)

// Connection is one side of a route: a connection and what it can do, copied when the conversation starts, so that a running
// conversation never depends on what the code or the configuration says later.
type Connection struct {
	Name   string `json:"name"`
	Vendor string `json:"vendor"`
	// Can are the connector's capabilities.
	Can []string `json:"can,omitempty"`
	// Queue is the task queue of the connection's activities; empty means the workflow's own.
	Queue string `json:"queue,omitempty"`
	// HostsBot, SendingTakesOver and HoldUnknown are the connector's traits of these names.
	HostsBot         bool `json:"hosts_bot,omitempty"`
	SendingTakesOver bool `json:"sending_takes_over,omitempty"`
	HoldUnknown      bool `json:"hold_unknown,omitempty"`
	// Batch allows several texts in one task. It is false where a repeat cannot be detected.
	Batch bool `json:"batch,omitempty"`
	// Mirrors says that agents of this desk are used to read along while the bot has the customer.
	Mirrors bool `json:"mirrors,omitempty"`
	// Redelivery is how long the vendor may deliver an event again.
	Redelivery Duration `json:"redelivery,omitempty"`
	// ReorderWindow holds the connection's events this long, so that later ones that belong before them can come first.
	ReorderWindow Duration `json:"reorder_window,omitempty"`
	// Group is who is asked at this desk by default.
	Group string `json:"group,omitempty"`
}

// Able reports whether the connection has the capability.
func (x Connection) Able(capability string) bool {
	return slices.Contains(x.Can, capability)
}

// Route is a channel, an optional bot, the desks and the policy.
type Route struct {
	Name string `json:"name"`
	// When says which of the channel's conversations take this route, where the channel has several.
	When    *Selector    `json:"when,omitempty"`
	Channel Connection   `json:"channel"`
	Bot     *Connection  `json:"bot,omitempty"`
	Desks   []Connection `json:"desks"`
	Policy  Policy       `json:"policy"`
}

// hasBot reports whether there is a bot to give the customer back to.
func (r Route) hasBot() bool { return r.Bot != nil || r.Channel.HostsBot }

// WithDefaults fills in what the policy leaves open, from the rest of the route.
func (r Route) WithDefaults() Route {
	p := &r.Policy
	def := func(d *Duration, v time.Duration) {
		if *d == 0 {
			*d = Duration(v)
		}
	}
	def(&p.AcceptWithin, 2*time.Minute)
	def(&p.FirstReplyWithin, 3*time.Minute)
	def(&p.AgentIdle, 5*time.Minute)
	def(&p.CustomerIdle, 30*time.Minute)
	def(&p.WarnBefore, time.Duration(p.CustomerIdle)/6)
	def(&p.AgentAway, 30*time.Second)
	def(&p.MaxWait, 15*time.Minute)
	def(&p.BotIdle, 24*time.Hour)
	def(&p.TicketFor, 72*time.Hour)
	def(&p.DeskDownAfter, 30*time.Second)
	redelivery := r.Channel.Redelivery
	for _, d := range r.Desks {
		redelivery = max(redelivery, d.Redelivery)
	}
	def(&p.Linger, time.Duration(redelivery)+time.Hour)
	choose := func(c *Choice, v Choice) {
		if *c == "" {
			*c = v
		}
	}
	if r.hasBot() {
		choose(&p.OnExhausted, ToBot)
		choose(&p.Reopen, ToBot)
	} else {
		choose(&p.OnExhausted, ToEnd)
		choose(&p.Reopen, SameAgent)
	}
	choose(&p.OnClose, ToEnd)
	choose(&p.OnUnavailable, ToQueue)
	choose(&p.OnClosed, ToTicket)
	if len(r.Desks) > 0 && r.Desks[0].Mirrors && r.Desks[0].Able(canMirror) {
		choose(&p.Mirror, On)
	}
	choose(&p.Mirror, Off)
	if r.Channel.HoldUnknown {
		choose(&p.OnUnknownSend, Hold)
	}
	choose(&p.OnUnknownSend, Repeat)
	return r
}

// At gives the route as it is for conversations that begin now: with the clock changes to come of its hours' zone.
func (r Route) At(now time.Time) Route {
	if r.Policy.Hours != nil {
		resolved := r.Policy.Hours.Resolve(now)
		r.Policy.Hours = &resolved
	}
	return r
}
