package conversation

import (
	"slices"
	"strings"
	"time"
)

// Choice is a policy's answer to a question. The strings are configuration: never rename.
type Choice string

// The choices.
const (
	ToBot     Choice = "bot"
	ToEnd     Choice = "end"
	ToQueue   Choice = "queue"
	SameAgent Choice = "same_agent"
	Repeat    Choice = "repeat"
	Hold      Choice = "hold"
)

// Policy is how a route wants its conversations treated. A running conversation keeps the policy it started with.
// Durations of zero take the default.
type Policy struct {
	// AcceptWithin is how long a ticket may wait for an agent before the ladder begins.
	AcceptWithin Duration `json:"accept_within,omitempty" yaml:"accept_within" doc:"how long a ticket may wait for an agent before the ladder begins (default 2m)"`
	// FirstReplyWithin is how long the assigned agent has for the first words.
	FirstReplyWithin Duration `json:"first_reply_within,omitempty" yaml:"first_reply_within" doc:"how long the assigned agent has for the first words (default 3m)"`
	// AgentIdle is how long the customer's oldest unanswered words may wait.
	AgentIdle Duration `json:"agent_idle,omitempty" yaml:"agent_idle" doc:"how long the customer's oldest unanswered words may wait (default 5m)"`
	// CustomerIdle is how long an agent's unanswered words may wait before the conversation ends.
	CustomerIdle Duration `json:"customer_idle,omitempty" yaml:"customer_idle" doc:"how long an agent's unanswered words may wait before the conversation ends (default 30m)"`
	// WarnBefore is how long before that end the customer is warned.
	WarnBefore Duration `json:"warn_before,omitempty" yaml:"warn_before" doc:"how long before that end the customer is warned (default a sixth of customer_idle)"`
	// MaxWait is the longest a customer waits without an agent's words.
	MaxWait Duration `json:"max_wait,omitempty" yaml:"max_wait" doc:"the longest a customer waits without an agent's words (default 15m)"`
	// BotIdle ends a conversation in which nobody said anything while the bot had it.
	BotIdle Duration `json:"bot_idle,omitempty" yaml:"bot_idle" doc:"ends a conversation in which the bot and the customer are silent (default 24h)"`
	// Linger is how long an ended conversation remembers the events it has seen.
	Linger Duration `json:"linger,omitempty" yaml:"linger" doc:"how long an ended conversation remembers its events (default the vendors' redelivery time plus 1h)"`
	// Ladder is what is tried, in order, when no agent accepts or the agent falls silent.
	Ladder []Rung `json:"ladder,omitempty" yaml:"ladder" doc:"what is tried, in order, when no agent accepts or the agent falls silent"`
	// OnExhausted is the last rung: ToBot or ToEnd.
	OnExhausted Choice `json:"on_exhausted,omitempty" yaml:"on_exhausted" doc:"what happens when nobody was found: bot, or end with a message (default bot if there is one)" enum:"bot,end"`
	// OnClose is what follows when the agent closes the ticket: ToEnd or ToBot.
	OnClose Choice `json:"on_close,omitempty" yaml:"on_close" doc:"what follows when the agent closes the ticket: end or bot (default end)" enum:"end,bot"`
	// OnUnavailable is what follows when nobody is there: ToQueue, ToBot or ToEnd.
	OnUnavailable Choice `json:"on_unavailable,omitempty" yaml:"on_unavailable" doc:"what follows when nobody is there to take the ticket: queue, bot or end (default queue)" enum:"queue,bot,end"`
	// OnUnknownSend is what follows when a send's outcome is unknown: Repeat or Hold.
	OnUnknownSend Choice `json:"on_unknown_send,omitempty" yaml:"on_unknown_send" doc:"what follows when nobody can tell whether a message was sent: repeat or hold (default repeat)" enum:"repeat,hold"`
	// Reopen is what follows when the customer writes after the end: ToBot, ToQueue or SameAgent.
	Reopen Choice `json:"reopen,omitempty" yaml:"reopen" doc:"what follows when the customer writes after the end: bot, queue or same_agent (default bot if there is one)" enum:"bot,queue,same_agent"`
	// HandoffWords are messages of the customer that ask for a human, compared whole and without regard to case.
	HandoffWords []string `json:"handoff_words,omitempty" yaml:"handoff_words" doc:"messages of the customer that ask for a human, compared whole, whatever their case"`
	// Texts are what the customer is told; a text set to "" is not said.
	Texts map[TextName]string `json:"texts,omitempty" yaml:"texts" doc:"what the customer is told; an empty text is not said"`
}

// Rung is one step of the ladder. Exactly one of SameAgent, Agent and Group is set.
type Rung struct {
	SameAgent bool   `json:"same_agent,omitempty" yaml:"same_agent" doc:"ask the same agent once more"`
	Agent     string `json:"agent,omitempty" yaml:"agent" doc:"ask this agent, by the desk's own name"`
	Group     string `json:"group,omitempty" yaml:"group" doc:"ask this group, by the desk's own name"`
	// AcceptWithin is the rung's own deadline; zero takes the policy's.
	AcceptWithin Duration `json:"accept_within,omitempty" yaml:"accept_within" doc:"the rung's own deadline (default the policy's accept_within)"`
}

// Duration is a time.Duration that reads and writes as "1m30s".
type Duration time.Duration

// MarshalText writes d as "1m30s".
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads d from "1m30s".
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// TextName names a text for the customer.
type TextName string

// The texts. {agent} stands for the agent's name.
const (
	TextWaiting      TextName = "waiting"
	TextAssigned     TextName = "assigned"
	TextReassigning  TextName = "reassigning"
	TextUnavailable  TextName = "unavailable"
	TextBackToBot    TextName = "back_to_bot"
	TextNobodyBot    TextName = "nobody_back_to_bot"
	TextNobodyEnd    TextName = "nobody_end"
	TextIdleWarning  TextName = "customer_idle_warning"
	TextIdleEnd      TextName = "customer_idle_end"
	TextEnded        TextName = "ended"
	TextBotFailed    TextName = "bot_failed"
	TextBotFailedEnd TextName = "bot_failed_end"
	TextCorrection   TextName = "correction"
)

// defaultText is what is said where the policy is silent.
func defaultText(name TextName) string {
	switch name {
	case TextWaiting:
		return "One moment please, I am getting a person to help you."
	case TextAssigned:
		return "You are now talking to {agent}."
	case TextReassigning:
		return "Sorry for the wait. I am looking for somebody else who can help you."
	case TextUnavailable:
		return "Nobody is available right now. Your message is in the queue and will be answered as soon as somebody is back."
	case TextBackToBot:
		return "You are back with the assistant. Just ask if you need a person again."
	case TextNobodyBot:
		return "Sorry, nobody could answer in time. The assistant is back to help you; ask for a person at any time to try again."
	case TextNobodyEnd:
		return "Sorry, nobody could answer in time. Please write again later: we will see what you wrote."
	case TextIdleWarning:
		return "Are you still there? Without an answer this conversation will be closed soon."
	case TextIdleEnd:
		return "This conversation was closed because there was no answer. Write again whenever you like."
	case TextEnded:
		return "This conversation has ended. Thank you."
	case TextBotFailed:
		return "The assistant cannot answer right now. I am getting a person to help you."
	case TextBotFailedEnd:
		return "The assistant cannot answer right now. Please try again later."
	case TextCorrection:
		return "Correction: {text}"
	}
	return ""
}

// TextNames lists the texts in the order of the documentation, with their defaults.
func TextNames() []TextName {
	return []TextName{
		TextWaiting, TextAssigned, TextReassigning, TextUnavailable, TextBackToBot, TextNobodyBot, TextNobodyEnd,
		TextIdleWarning, TextIdleEnd, TextEnded, TextBotFailed, TextBotFailedEnd, TextCorrection,
	}
}

// DefaultText gives the text that is said where a policy is silent.
func DefaultText(name TextName) string { return defaultText(name) }

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
	Name    string       `json:"name"`
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
	def(&p.MaxWait, 15*time.Minute)
	def(&p.BotIdle, 24*time.Hour)
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
	if r.Channel.HoldUnknown {
		choose(&p.OnUnknownSend, Hold)
	}
	choose(&p.OnUnknownSend, Repeat)
	return r
}

// text gives the text called name with its variables filled in, and whether the policy sets it explicitly.
func (p Policy) text(name TextName, variables ...string) (text string, explicit bool) {
	text, explicit = p.Texts[name]
	if !explicit {
		text = defaultText(name)
	}
	return strings.NewReplacer(variables...).Replace(text), explicit
}

// asksForHuman reports whether the customer's words are one of the policy's handoff words.
func (p Policy) asksForHuman(text string) bool {
	text = strings.TrimSpace(text)
	for _, w := range p.HandoffWords {
		if strings.EqualFold(strings.TrimSpace(w), text) {
			return true
		}
	}
	return false
}
