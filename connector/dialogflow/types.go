package dialogflow

import "encoding/json"

// This file holds the vendor's words: sessions.detectIntent of API v2 (ES) and v3 (CX), and the fulfillment webhook.
// A field that one edition does not have is left out there.

// detectRequest asks for one turn.
type detectRequest struct {
	QueryParams queryParams `json:"queryParams"`
	QueryInput  queryInput  `json:"queryInput"`
}

type queryParams struct {
	TimeZone string         `json:"timeZone,omitempty"`
	Payload  map[string]any `json:"payload,omitempty"`

	// ResetContexts and Contexts replace what ES remembers.
	ResetContexts bool        `json:"resetContexts,omitempty"`
	Contexts      []esContext `json:"contexts,omitempty"`

	// CurrentPage and Parameters together replace what CX remembers; Parameters alone are merged into it.
	CurrentPage string                     `json:"currentPage,omitempty"`
	Parameters  map[string]json.RawMessage `json:"parameters,omitempty"`
	SessionTTL  string                     `json:"sessionTtl,omitempty"`
	Channel     string                     `json:"channel,omitempty"`
}

// queryInput is one of text and event. The language stands beside it in CX and inside it in ES.
type queryInput struct {
	Text         *textInput  `json:"text,omitempty"`
	Event        *eventInput `json:"event,omitempty"`
	LanguageCode string      `json:"languageCode,omitempty"`
}

type textInput struct {
	Text         string `json:"text"`
	LanguageCode string `json:"languageCode,omitempty"`
}

// eventInput has its name in Name for ES and in Event for CX.
type eventInput struct {
	Name         string            `json:"name,omitempty"`
	Event        string            `json:"event,omitempty"`
	LanguageCode string            `json:"languageCode,omitempty"`
	Parameters   map[string]string `json:"parameters,omitempty"`
}

// esContext is what ES remembers: its name ends with its id.
type esContext struct {
	Name          string                     `json:"name"`
	LifespanCount int                        `json:"lifespanCount,omitempty"`
	Parameters    map[string]json.RawMessage `json:"parameters,omitempty"`
}

// detectAnswer is what came of a turn.
type detectAnswer struct {
	QueryResult   *queryResult `json:"queryResult"`
	WebhookStatus status       `json:"webhookStatus"`
}

// queryResult is also part of the webhook of ES.
type queryResult struct {
	Parameters map[string]json.RawMessage `json:"parameters"`

	Action                   string            `json:"action"`
	AllRequiredParamsPresent bool              `json:"allRequiredParamsPresent"`
	FulfillmentText          string            `json:"fulfillmentText"`
	FulfillmentMessages      []json.RawMessage `json:"fulfillmentMessages"`
	WebhookPayload           json.RawMessage   `json:"webhookPayload"`
	OutputContexts           []esContext       `json:"outputContexts"`
	Intent                   intent            `json:"intent"`

	ResponseMessages []json.RawMessage `json:"responseMessages"`
	WebhookStatuses  []status          `json:"webhookStatuses"`
	WebhookPayloads  []json.RawMessage `json:"webhookPayloads"`
	CurrentPage      page              `json:"currentPage"`
	Match            match             `json:"match"`
}

type intent struct {
	DisplayName      string `json:"displayName"`
	LiveAgentHandoff bool   `json:"liveAgentHandoff"`
	EndInteraction   bool   `json:"endInteraction"`
	IsFallback       bool   `json:"isFallback"`
}

type page struct {
	Name string `json:"name"`
}

type match struct {
	Intent    intent `json:"intent"`
	Event     string `json:"event"`
	MatchType string `json:"matchType"`
}

// status is what became of a webhook; its code is a number of gRPC's, 0 for success.
type status struct {
	Code int `json:"code"`
}

// message is one message of an answer. One of its kinds is set; kinds that are not here cannot be shown.
type message struct {
	Platform string `json:"platform"`
	Channel  string `json:"channel"`

	Text    *textMessage    `json:"text"`
	Payload json.RawMessage `json:"payload"`

	Image             *image             `json:"image"`
	QuickReplies      *quickReplies      `json:"quickReplies"`
	Card              *card              `json:"card"`
	SimpleResponses   *simpleResponses   `json:"simpleResponses"`
	BasicCard         *basicCard         `json:"basicCard"`
	Suggestions       *suggestions       `json:"suggestions"`
	LinkOutSuggestion *linkOutSuggestion `json:"linkOutSuggestion"`

	LiveAgentHandoff      *liveAgentHandoff      `json:"liveAgentHandoff"`
	EndInteraction        *struct{}              `json:"endInteraction"`
	TelephonyTransferCall *telephonyTransferCall `json:"telephonyTransferCall"`
}

type textMessage struct {
	Text []string `json:"text"`
}

type image struct {
	ImageURI          string `json:"imageUri"`
	AccessibilityText string `json:"accessibilityText"`
}

type quickReplies struct {
	Title        string   `json:"title"`
	QuickReplies []string `json:"quickReplies"`
}

type card struct {
	Title    string `json:"title"`
	Subtitle string `json:"subtitle"`
	ImageURI string `json:"imageUri"`
	Buttons  []struct {
		Text     string `json:"text"`
		Postback string `json:"postback"`
	} `json:"buttons"`
}

type simpleResponses struct {
	SimpleResponses []struct {
		TextToSpeech string `json:"textToSpeech"`
		DisplayText  string `json:"displayText"`
	} `json:"simpleResponses"`
}

type basicCard struct {
	Title         string `json:"title"`
	Subtitle      string `json:"subtitle"`
	FormattedText string `json:"formattedText"`
	Image         image  `json:"image"`
	Buttons       []struct {
		Title         string `json:"title"`
		OpenURIAction struct {
			URI string `json:"uri"`
		} `json:"openUriAction"`
	} `json:"buttons"`
}

type suggestions struct {
	Suggestions []struct {
		Title string `json:"title"`
	} `json:"suggestions"`
}

type linkOutSuggestion struct {
	DestinationName string `json:"destinationName"`
	URI             string `json:"uri"`
}

type liveAgentHandoff struct {
	Metadata json.RawMessage `json:"metadata"`
}

type telephonyTransferCall struct {
	PhoneNumber string `json:"phoneNumber"`
}

// webhook is a fulfillment request of either edition.
type webhook struct {
	// ES.
	ResponseID                  string       `json:"responseId"`
	Session                     string       `json:"session"`
	QueryResult                 *queryResult `json:"queryResult"`
	OriginalDetectIntentRequest struct {
		Payload ourPayload `json:"payload"`
	} `json:"originalDetectIntentRequest"`

	// CX.
	DetectIntentResponseID string `json:"detectIntentResponseId"`
	FulfillmentInfo        struct {
		Tag string `json:"tag"`
	} `json:"fulfillmentInfo"`
	IntentInfo struct {
		DisplayName string `json:"displayName"`
	} `json:"intentInfo"`
	SessionInfo struct {
		Session    string                     `json:"session"`
		Parameters map[string]json.RawMessage `json:"parameters"`
	} `json:"sessionInfo"`
	Messages []json.RawMessage `json:"messages"`
	Payload  ourPayload        `json:"payload"`
}

// ourPayload is what we send along with each turn and get back in its webhooks.
type ourPayload struct {
	ConversationID string `json:"conversation_id"`
}
