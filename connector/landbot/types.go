package landbot

import "github.com/handoff-engine/handoff/connector/loose"

// The vendor's JSON. Numbers come as texts and texts as numbers now and then, so that hooks are decoded loosely.

// hookBody is a message hook. Messages has one entry.
type hookBody struct {
	Messages []hookMessage `json:"messages"`
}

// hookMessage is one message. Data depends on the type; custom fields are extra keys of Customer.
type hookMessage struct {
	Type      loose.Text   `json:"type"`
	Timestamp loose.Time   `json:"timestamp"`
	Data      loose.Object `json:"data"`
	Sender    hookSender   `json:"sender"`
	Customer  loose.Object `json:"customer"`
	Channel   struct {
		ID   loose.Int  `json:"id"`
		Type loose.Text `json:"type"`
	} `json:"channel"`
	Raw hookRaw `json:"_raw"`
}

// hookSender is who said it: customer, bot, agent or sys. _raw.author_type has other words for the same, which are not
// to be used.
type hookSender struct {
	ID   loose.Int  `json:"id"`
	Name loose.Text `json:"name"`
	Type loose.Text `json:"type"`
}

type hookRaw struct {
	UUID    loose.Text `json:"uuid"`
	Seq     loose.Int  `json:"seq"`
	Payload loose.Text `json:"payload"`
	Action  loose.Text `json:"action"`
}

// customerAnswer is what GET /customers/{id}/ answers.
type customerAnswer struct {
	Customer struct {
		Name     string `json:"name"`
		Agent    *int64 `json:"agent_id"`
		Archived bool   `json:"archived"`
	} `json:"customer"`
}

// transcriptAnswer is what GET /customers/{id}/messages/ answers: all there is, in no order, without ids.
type transcriptAnswer struct {
	Messages []transcriptEntry `json:"messages"`
}

type transcriptEntry struct {
	Type    loose.Text `json:"type"`
	Message loose.Text `json:"message"`
	Sender  loose.Text `json:"sender"`
	At      loose.Text `json:"message_datetime"`
	URL     loose.Text `json:"url"`
}

type textBody struct {
	Message string `json:"message"`
}

type imageBody struct {
	URL     string `json:"url"`
	Caption string `json:"caption,omitempty"`
}

type locationBody struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

type botBody struct {
	Launch bool   `json:"launch"`
	Node   string `json:"node,omitempty"`
}

type fieldBody struct {
	Type  string         `json:"type"`
	Extra map[string]any `json:"extra"`
	Value string         `json:"value"`
}

type hookRequest struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	Name  string `json:"name"`
}

// hooksAnswer lists message hooks. Their tokens are in clear: the answer must not be logged.
type hooksAnswer struct {
	Hooks []struct {
		ID    int64  `json:"id"`
		URL   string `json:"url"`
		Token string `json:"token"`
	} `json:"hooks"`
}

type channelsAnswer struct {
	Channels []struct {
		ID int64 `json:"id"`
	} `json:"channels"`
	Total int `json:"total"`
}

type agentsAnswer struct {
	Agents []struct {
		ID int64 `json:"id"`
	} `json:"agents"`
}
