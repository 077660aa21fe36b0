package conversation

import "time"

// Choice is a policy's answer to a question. The strings are configuration: never rename.
type Choice string

// The choices.
const (
	ToBot     Choice = "bot"
	ToEnd     Choice = "end"
	ToQueue   Choice = "queue"
	ToTicket  Choice = "ticket"
	ToWait    Choice = "wait"
	SameAgent Choice = "same_agent"
	Repeat    Choice = "repeat"
	Hold      Choice = "hold"
	On        Choice = "on"
	Off       Choice = "off"
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
	// AgentAway is how long an agent may be offline before the conversation moves: who only reloads a page keeps it.
	AgentAway Duration `json:"agent_away,omitempty" yaml:"agent_away" doc:"how long an agent may be offline before the conversation moves (default 30s)"`
	// MaxWait is the longest a customer waits without an agent's words.
	MaxWait Duration `json:"max_wait,omitempty" yaml:"max_wait" doc:"the longest a customer waits without an agent's words (default 15m)"`
	// BotIdle ends a conversation in which nobody said anything while the bot had it.
	BotIdle Duration `json:"bot_idle,omitempty" yaml:"bot_idle" doc:"ends a conversation in which the bot and the customer are silent (default 24h)"`
	// Linger is how long an ended conversation remembers the events it has seen.
	Linger Duration `json:"linger,omitempty" yaml:"linger" doc:"how long an ended conversation remembers its events (default the vendors' redelivery time plus 1h)"`
	// Ladder is what is tried, in order, when no agent accepts or the agent falls silent.
	Ladder []Rung `json:"ladder,omitempty" yaml:"ladder" doc:"what is tried, in order, when no agent accepts or the agent falls silent"`
	// OnExhausted is the last rung: ToBot, ToEnd or ToTicket.
	OnExhausted Choice `json:"on_exhausted,omitempty" yaml:"on_exhausted" doc:"what happens when nobody was found: bot, end with a message, or ticket, which stays at the desk for an answer later (default bot if there is one)" enum:"bot,end,ticket"`
	// OnClose is what follows when the agent closes the ticket: ToEnd or ToBot.
	OnClose Choice `json:"on_close,omitempty" yaml:"on_close" doc:"what follows when the agent closes the ticket: end or bot (default end)" enum:"end,bot"`
	// OnUnavailable is what follows when nobody is there: ToQueue, ToBot, ToEnd or ToTicket.
	OnUnavailable Choice `json:"on_unavailable,omitempty" yaml:"on_unavailable" doc:"what follows when nobody is there to take the ticket: queue, bot, end or ticket (default queue)" enum:"queue,bot,end,ticket"`
	// Hours are when agents are there. Outside of them no deadline of theirs runs.
	Hours *Hours `json:"hours,omitempty" yaml:"hours" doc:"when agents are there"`
	// OnClosed is what follows outside the hours: ToTicket, ToWait, ToBot or ToEnd.
	OnClosed Choice `json:"on_closed,omitempty" yaml:"on_closed" doc:"what follows outside the hours: ticket, which agents find at the next opening; wait, and ask the desk then; bot or end (default ticket)" enum:"ticket,wait,bot,end"`
	// TicketFor is how long a ticket that was left for later may wait, where no hours say when it is looked at.
	TicketFor Duration `json:"ticket_for,omitempty" yaml:"ticket_for" doc:"how long a ticket that was left for later may wait for an agent, where no hours are set (default 72h)"`
	// AskAddress asks a customer who leaves a ticket for an address, unless one is known.
	AskAddress bool `json:"ask_address,omitempty" yaml:"ask_address" doc:"asks a customer who has to wait for the next opening for a mail address or phone number, unless one is known"`
	// WaitNotice is how often a waiting customer is told how things stand; zero means never.
	WaitNotice Duration `json:"wait_notice,omitempty" yaml:"wait_notice" doc:"how often a waiting customer is told the place in the queue (default never)"`
	// DeskDownAfter is how long a desk that takes no ticket is tried before the next desk of the route is asked.
	DeskDownAfter Duration `json:"desk_down_after,omitempty" yaml:"desk_down_after" doc:"how long a desk that takes no ticket is tried before the next desk of the route is asked (default 30s)"`
	// Mirror shows the conversation at the desk while the bot still has it: On or Off.
	Mirror Choice `json:"mirror,omitempty" yaml:"mirror" doc:"shows the conversation at the desk while the bot still has it: on or off (default on where the desk is made for it)" enum:"on,off"`
	// OnUnknownSend is what follows when a send's outcome is unknown: Repeat or Hold.
	OnUnknownSend Choice `json:"on_unknown_send,omitempty" yaml:"on_unknown_send" doc:"what follows when nobody can tell whether a message was sent: repeat or hold (default repeat)" enum:"repeat,hold"`
	// Reopen is what follows when the customer writes after the end: ToBot, ToQueue or SameAgent.
	Reopen Choice `json:"reopen,omitempty" yaml:"reopen" doc:"what follows when the customer writes after the end: bot, queue or same_agent (default bot if there is one)" enum:"bot,queue,same_agent"`
	// SameAgentFor is how long after the end a customer who returns is given to the same agent again; zero means for as
	// long as the conversation lingers.
	SameAgentFor Duration `json:"same_agent_for,omitempty" yaml:"same_agent_for" doc:"with reopen: same_agent, how long after the end that holds; later the queue is asked (default as long as the conversation is remembered)"`
	// ReplyWindow is for how long after the customer's last words the channel takes words to the customer; zero means always.
	ReplyWindow Duration `json:"reply_window,omitempty" yaml:"reply_window" doc:"for how long after the customer's last words the channel takes words to the customer, such as 24h for WhatsApp: what agents write later is kept until the customer writes again (default always)"`
	// SurveyWithin asks the customer after the human part how it was, and waits this long for the number.
	SurveyWithin Duration `json:"survey_within,omitempty" yaml:"survey_within" doc:"asks the customer after a human helped how it was, and takes a number from 1 to 5 for this long (default: nothing is asked)"`
	// HandoffWords are messages of the customer that ask for a human, compared whole and without regard to case.
	HandoffWords []string `json:"handoff_words,omitempty" yaml:"handoff_words" doc:"messages of the customer that ask for a human, compared whole, whatever their case"`
	// BackWords are messages of a customer with whom the bot is not: back to it.
	BackWords []string `json:"back_words,omitempty" yaml:"back_words" doc:"messages of the customer that leave the queue or the agent and go back to the bot, compared whole"`
	// StopWords are messages of the customer that end the conversation.
	StopWords []string `json:"stop_words,omitempty" yaml:"stop_words" doc:"messages of the customer that end the conversation, compared whole"`
	// Texts are what the customer is told; a text set to "" is not said.
	Texts map[TextName]string `json:"texts,omitempty" yaml:"texts" doc:"what the customer is told; an empty text is not said"`
	// Languages are texts and words of other languages, by the language's tag, such as de or pt-BR. The channel tells which
	// one the customer's is; what a language lacks is taken from Texts.
	Languages map[string]Language `json:"languages,omitempty" yaml:"languages" doc:"texts and words in other languages, by the language's tag such as de or pt-br"`
}

// Rung is one step of the ladder: exactly one of its fields but AcceptWithin is set.
type Rung struct {
	SameAgent bool   `json:"same_agent,omitempty" yaml:"same_agent" doc:"ask the same agent once more"`
	Agent     string `json:"agent,omitempty" yaml:"agent" doc:"ask this agent, by the desk's own name"`
	Group     string `json:"group,omitempty" yaml:"group" doc:"ask this group, by the desk's own name"`
	Desk      string `json:"desk,omitempty" yaml:"desk" doc:"move to this desk, one of the route's, with all that was said"`
	// Ticket, Bot and End are last rungs: they leave the ticket for later, give the customer back to the bot, or end.
	Ticket bool `json:"ticket,omitempty" yaml:"ticket" doc:"leave the ticket at the desk for an answer later"`
	Bot    bool `json:"bot,omitempty" yaml:"bot" doc:"back to the bot"`
	End    bool `json:"end,omitempty" yaml:"end" doc:"end with a message"`
	// AcceptWithin is the rung's own deadline; zero takes the policy's.
	AcceptWithin Duration `json:"accept_within,omitempty" yaml:"accept_within" doc:"the rung's own deadline (default the policy's accept_within)"`
}

// Last reports whether nothing can come after the rung.
func (r Rung) Last() bool { return r.Ticket || r.Bot || r.End }

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
