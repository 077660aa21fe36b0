package certainly

import (
	"net/http"
	"time"
)

// Options sets up a Server. The zero value is one deployment with a small bot,
// whose API wants DefaultToken; see the defaults below.
type Options struct {
	// Deployment is the id of the bot deployment. Default DefaultDeployment.
	Deployment string
	// Token is the bot's API token. Default DefaultToken.
	Token string
	// PublicToken is the public API auth token of a user of the account. Default
	// DefaultPublicToken.
	PublicToken string
	// ClaimToken is the bearer token that the bot's designer set in the Webhook
	// Builder; "" sends none.
	ClaimToken string
	// ClaimURL and MessagesURL are where the claim and the messages of the
	// conversation are posted; "" posts none. SetHooks changes them.
	ClaimURL, MessagesURL string
	// Modules are what the bot says when its connections lead a ClaimEnd value to
	// a module, and when a module is run by its number. Values without one run no
	// module. Default: "solved", "again" and "3300200".
	Modules map[string]string

	// ClaimTimeout is how long the bot waits for the answer to a claim. Default
	// the vendor's 5 s.
	ClaimTimeout time.Duration
	// Now is the clock of timestamps. Default time.Now.
	Now func() time.Time
	// Client sends the messages of the conversation. Default: one that waits 5 s.
	Client *http.Client

	Unknown Unknown
}

// Unknown holds what public material does not say about the vendor. The zero
// value is the safest assumption.
type Unknown struct {
	// NoToken takes the calls of the handover without a token.
	NoToken bool
	// SuccessBody is written with the 200 of each call. Default empty.
	SuccessBody string
	// BotModeStatus answers words that an agent says while the bot is in charge.
	// Default 0: they are taken and shown.
	BotModeStatus int
	// TriggerListensStatus answers a trigger response while the bot listens.
	// Default 409: nothing is run.
	TriggerListensStatus int
	// NoSlashStatus answers a path without its trailing slash. Default 404.
	NoSlashStatus int
	// Actions makes the user's messages have the newer shape, with an id and
	// actions.
	Actions bool
	// AttachmentObjects makes attachments objects with an address instead of
	// addresses.
	AttachmentObjects bool
	// BotNamesUser puts the user's id into the bot's messages.
	BotNamesUser bool
	// EchoAs is the interlocutor of an agent's words that come back, if the fault
	// echo is on for OpSay. Default "agent".
	EchoAs string
	// Retries are the pauses before repeats of the messages. Default: none.
	Retries []time.Duration
}

// Defaults that tests may rely on.
const (
	DefaultDeployment = "7c2e91d4-0000-4000-8000-00000000aa01"
	DefaultToken      = "bot-api-token-of-the-deployment"

	DefaultPublicToken = "public-api-token-of-a-user"
)

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.Deployment == "" {
		o.Deployment = DefaultDeployment
	}
	if o.Token == "" {
		o.Token = DefaultToken
	}
	if o.PublicToken == "" {
		o.PublicToken = DefaultPublicToken
	}
	if o.Modules == nil {
		o.Modules = map[string]string{
			"solved": "Glad that we could help.", "again": "The bot is back.", "3300200": "How was it?",
		}
	}
	if o.ClaimTimeout == 0 {
		o.ClaimTimeout = 5 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Unknown.NoSlashStatus == 0 {
		o.Unknown.NoSlashStatus = http.StatusNotFound
	}
	if o.Unknown.TriggerListensStatus == 0 {
		o.Unknown.TriggerListensStatus = http.StatusConflict
	}
	if o.Unknown.EchoAs == "" {
		o.Unknown.EchoAs = "agent"
	}
	return o
}
