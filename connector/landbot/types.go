package landbot

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// The vendor's JSON. Numbers come as texts and texts as numbers now and then, so that the types that hooks are decoded
// into take either.

// hookBody is a message hook. Messages has one entry.
type hookBody struct {
	Messages []hookMessage `json:"messages"`
}

// hookMessage is one message. Data depends on the type; custom fields are extra keys of Customer.
type hookMessage struct {
	Type      looseText  `json:"type"`
	Timestamp looseTime  `json:"timestamp"`
	Data      object     `json:"data"`
	Sender    hookSender `json:"sender"`
	Customer  object     `json:"customer"`
	Channel   struct {
		ID looseInt `json:"id"`
	} `json:"channel"`
	Raw hookRaw `json:"_raw"`
}

// hookSender is who said it: customer, bot, agent or sys. _raw.author_type has other words for the same, which are not
// to be used.
type hookSender struct {
	ID   looseInt  `json:"id"`
	Name looseText `json:"name"`
	Type looseText `json:"type"`
}

type hookRaw struct {
	UUID    looseText `json:"uuid"`
	Seq     looseInt  `json:"seq"`
	Payload looseText `json:"payload"`
}

// object is a JSON object of which we know some keys; anything else than an object is an empty one.
type object map[string]json.RawMessage

// UnmarshalJSON takes objects only, without failing on the rest.
func (o *object) UnmarshalJSON(b []byte) error {
	var m map[string]json.RawMessage
	if json.Unmarshal(b, &m) == nil {
		*o = m
	}
	return nil
}

// text gives a key's value as text; "" if it is missing or no scalar.
func (o object) text(key string) string {
	var t looseText
	_ = t.UnmarshalJSON(o[key])
	return string(t)
}

// id gives a key's value as an id; 0 if it is none.
func (o object) id(key string) int64 {
	var n looseInt
	_ = n.UnmarshalJSON(o[key])
	return int64(n)
}

// float gives a key's value as a number, and whether it is one.
func (o object) float(key string) (float64, bool) {
	f, err := strconv.ParseFloat(o.text(key), 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// looseText takes texts, numbers and truth values.
type looseText string

// UnmarshalJSON takes any scalar as text, and the rest as "".
func (t *looseText) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	*t = ""
	switch {
	case len(b) == 0 || bytes.Equal(b, []byte("null")) || b[0] == '{' || b[0] == '[':
	case b[0] == '"':
		var s string
		if json.Unmarshal(b, &s) == nil {
			*t = looseText(s)
		}
	default:
		*t = looseText(b)
	}
	return nil
}

// looseInt takes numbers, and texts that hold one.
type looseInt int64

// UnmarshalJSON takes what can be read as a whole number, and the rest as 0.
func (n *looseInt) UnmarshalJSON(b []byte) error {
	var t looseText
	_ = t.UnmarshalJSON(b)
	*n = 0
	s := strings.TrimSpace(string(t))
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		*n = looseInt(i)
	} else if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		*n = looseInt(f)
	}
	return nil
}

// looseTime takes epoch seconds, whole or with a fraction.
type looseTime struct{ time.Time }

// latest is beyond any true timestamp: the year 2100.
const latest = 4102444800

// UnmarshalJSON takes what can be read as seconds, and the rest as no time.
func (t *looseTime) UnmarshalJSON(b []byte) error {
	var s looseText
	_ = s.UnmarshalJSON(b)
	t.Time = time.Time{}
	if f, err := strconv.ParseFloat(strings.TrimSpace(string(s)), 64); err == nil && f > 0 && f < latest {
		t.Time = time.UnixMicro(int64(math.Round(f * 1e6))).UTC()
	}
	return nil
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
	Type    looseText `json:"type"`
	Message looseText `json:"message"`
	Sender  looseText `json:"sender"`
	At      looseText `json:"message_datetime"`
	URL     looseText `json:"url"`
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
