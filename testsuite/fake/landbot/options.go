package landbot

import (
	"net/http"
	"time"
)

// Options sets up a Server. The zero value is an account with one web channel,
// a middleware agent, a human agent and a small bot; see the defaults below.
type Options struct {
	Agents   []Agent
	Channels []Channel
	Flow     Flow
	Block    Block

	// RatePerSecond is the limit of calls for one token. 0 means the vendor's
	// 10, a negative number none.
	RatePerSecond int

	// TimeScale multiplies the pauses before echoes and repeats of webhooks, so
	// that tests run fast. 0 means 1.
	TimeScale float64
	// EchoMin and EchoMax bound the pause between a send and its echo. Both 0
	// means the 50 to 700 ms that were observed.
	EchoMin, EchoMax time.Duration
	// EchoBeforeAnswer delivers the echo of a send before its 200 is written.
	EchoBeforeAnswer bool

	// AutoUnassignAfter is the inactivity after which the agent is unassigned.
	// 0 means never. The vendor's own length is unknown.
	AutoUnassignAfter time.Duration

	// Now is the clock of timestamps. Default time.Now.
	Now func() time.Time
	// Seed decides the order of transcripts and the pauses of echoes.
	Seed uint64
	// Client sends webhooks. Default: a client that waits 5 s.
	Client *http.Client

	Unknown Unknown
}

// Unknown holds what public material does not say about the vendor. The zero
// value is the safest assumption.
type Unknown struct {
	// NoSlashStatus answers a path without its trailing slash. Default 404.
	NoSlashStatus int
	// DroppedSendStatus answers a send after an automatic unassignment. Default 412.
	DroppedSendStatus int
	// HeldSendStatus answers a send while another agent holds the customer.
	// Default 0: the send goes through.
	HeldSendStatus int
	// SendAssigns lets send_text assign the customer to the token's agent.
	SendAssigns bool
	// UnassignAction is the name of the event when an agent is unassigned.
	// Default "unassign".
	UnassignAction string
	// ActionInRaw puts an event's action into _raw instead of data.
	ActionInRaw bool
	// SuccessBody is written with the 200 of sends and changes. Default empty.
	SuccessBody string
	// NoRepeatOn4xx ends the repeats of a webhook at an answer of 4xx.
	NoRepeatOn4xx bool
	// TracePerHook gives the two webhooks of two hooks on one channel a
	// sentry-trace of their own.
	TracePerHook bool
	// NoAgentsList answers 404 to the list of agents, which is not in the
	// vendor's current reference.
	NoAgentsList bool
	// TranscriptZone is the time zone of transcripts. Default UTC.
	TranscriptZone *time.Location
	// BlockRetries are the pauses before repeats of the flow's Webhook block.
	// Default: none.
	BlockRetries []time.Duration
}

// Agent is a user account of the vendor. Calls with its token act as the agent.
type Agent struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	Token string `json:"-"`
}

// Channel is a connection to a messaging surface.
type Channel struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Type     string `json:"type"` // "landbot" (web) or "whatsapp"
	Inactive bool   `json:"-"`
}

// Block is where the flow's Webhook block asks for a human.
type Block struct {
	URL   string `json:"url"`
	Token string `json:"token"`
}

// Defaults that tests may rely on.
const (
	DefaultToken     = "agent-token-of-middleware"
	DefaultAgentID   = 4107 // Middleware, the agent of DefaultToken
	DefaultHumanID   = 4108 // Ben, who types in the vendor's own inbox
	DefaultChannelID = 812
	DefaultBotID     = 2200456
)

// repeats are the vendor's pauses between tries of a webhook.
var repeats = []time.Duration{
	5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 25 * time.Second,
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if len(o.Agents) == 0 {
		o.Agents = []Agent{
			{ID: DefaultAgentID, Name: "Middleware", Email: "middleware@example.com", Token: DefaultToken},
			{ID: DefaultHumanID, Name: "Ben", Email: "ben@example.com", Token: "agent-token-of-ben"},
		}
	}
	if len(o.Channels) == 0 {
		o.Channels = []Channel{{ID: DefaultChannelID, Name: "Web", Type: "landbot"}}
	}
	if o.Flow.BotID == 0 {
		o.Flow = DefaultFlow()
	}
	if o.RatePerSecond == 0 {
		o.RatePerSecond = 10
	}
	if o.TimeScale == 0 {
		o.TimeScale = 1
	}
	if o.EchoMin == 0 && o.EchoMax == 0 {
		o.EchoMin, o.EchoMax = 50*time.Millisecond, 700*time.Millisecond
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	u := &o.Unknown
	if u.NoSlashStatus == 0 {
		u.NoSlashStatus = http.StatusNotFound
	}
	if u.DroppedSendStatus == 0 {
		u.DroppedSendStatus = http.StatusPreconditionFailed
	}
	if u.UnassignAction == "" {
		u.UnassignAction = "unassign"
	}
	if u.TranscriptZone == nil {
		u.TranscriptZone = time.UTC
	}
	return o
}
