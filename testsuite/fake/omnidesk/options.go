package omnidesk

import (
	"net/http"
	"time"
)

// Encoding is how the hookpoints' fields are sent, which the vendor does not document.
type Encoding string

// The encodings. Files are sent in a multipart form in any case but Base64.
const (
	JSON      Encoding = "json"
	Form      Encoding = "form"
	Multipart Encoding = "multipart"
	Query     Encoding = "query"
	// Base64 is JSON in which files are texts.
	Base64 Encoding = "base64"
)

// Options sets up a Server. The zero value is one account with agents, see the
// defaults below.
type Options struct {
	// AccountToken, ServerToken and APIKey are what calls must show.
	AccountToken, ServerToken, APIKey string
	// WebhookURL gets the platform webhooks, signed with WebhookSecret; "" sends
	// none. SetWebhook changes it, after the check that the vendor makes.
	WebhookURL, WebhookSecret string
	// Encoding is how hookpoints are called. Default JSON.
	Encoding Encoding
	// Retries are the pauses before repeats of a platform webhook. Default the
	// vendor's five, from one second, doubling. TimeScale multiplies them; 0 is 1.
	Retries   []time.Duration
	TimeScale float64
	// Now is the clock, and Zone the zone in which tickets show times. Default
	// time.Now and UTC.
	Now  func() time.Time
	Zone *time.Location
	// Kept keeps hookpoints' calls for Webhooks instead of sending them.
	Kept bool
	// Client sends the webhooks. Default: one that waits a second, as the vendor.
	Client *http.Client

	Unknown Unknown
}

// Unknown holds what public material does not say about the vendor. The zero
// value is the safest assumption.
type Unknown struct {
	// ChatNeedsKey refuses chat calls without the API key.
	ChatNeedsKey bool
	// KeyInHeader takes the API key in the header apiKey alone, instead of in the
	// query alone.
	KeyInHeader bool
	// EndAtChat has the specification's path for the end of a session instead of
	// the guide's.
	EndAtChat bool
	// NoAccountConfig and NoServerConfig leave out one of the two ways to ask for
	// agents.
	NoAccountConfig, NoServerConfig bool
	// NotTicked never tells that nobody is there: "Hide chat when there are no
	// agents available" is not ticked.
	NotTicked bool
	// DropsNumbers takes a repeated messageNumber for a repeat. Default: it is
	// stored again.
	DropsNumbers bool
	// EndTwiceStatus answers a repeated end; EndedStatus answers messages into an
	// ended session, which otherwise make another ticket. 0 is success.
	EndTwiceStatus, EndedStatus int
	// LikePHP prints answers as the guide has some of them, which is no JSON.
	LikePHP bool
	// TimelineType is what a chat message is called in a timeline. Default
	// "message".
	TimelineType string
	// TextIDs writes the numbers of tickets and timelines as texts.
	TextIDs bool
	// ExternalID shows the session in tickets as external_id.
	ExternalID bool
	// HookRetries are the pauses before repeats of a hookpoint's call. Default:
	// none.
	HookRetries []time.Duration
}

// Defaults that tests may rely on.
const (
	DefaultAccountToken  = "tok3nAbc98xyz"
	DefaultServerToken   = "srv7token42"
	DefaultAPIKey        = "k3y-of-the-account"
	DefaultWebhookSecret = "whsec_b21uaWRlc2std2ViaG9vay1zZWNyZXQ="

	// Ana and Ben are agents, by the names that customers see.
	Ana = "Ana"
	Ben = "Ben"
)

// userIDs are the agents' ids, which the hookpoints do not tell.
func userIDs() map[string]int64 { return map[string]int64{Ana: 41, Ben: 42} }

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	for text, otherwise := range map[*string]string{
		&o.AccountToken: DefaultAccountToken, &o.ServerToken: DefaultServerToken, &o.APIKey: DefaultAPIKey,
		&o.WebhookSecret: DefaultWebhookSecret, &o.Unknown.TimelineType: "message",
	} {
		if *text == "" {
			*text = otherwise
		}
	}
	if o.Encoding == "" {
		o.Encoding = JSON
	}
	if o.Retries == nil {
		o.Retries = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: time.Second}
	}
	return o
}
