package certainly

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The vendor's JSON. Its payloads are documented by examples only, and a newer protocol differs, so that the types that
// webhooks are decoded into take numbers for texts and leave out what they do not understand.

// sayBody is what an agent says.
type sayBody struct {
	Message string `json:"message"`
}

// hookBody is a message of a conversation: the user's, the bot's, or somebody else's.
type hookBody struct {
	Interlocutor looseText `json:"interlocutor"`
	UserID       looseText `json:"user_id"`
	Data         hookData  `json:"data"`
}

// hookData is the user's message, wrapped, or the bot's, as it is.
type hookData struct {
	Message *object   `json:"message"`
	UserID  looseText `json:"user_id"`

	Type    looseText      `json:"type"`
	Text    looseText      `json:"text"`
	Options list[looseOpt] `json:"options"`
	Cards   list[object]   `json:"cards"`
}

// object is a JSON object of which we know some keys; anything else than an object is an empty one.
type object map[string]json.RawMessage

// UnmarshalJSON takes objects only, without failing on the rest.
func (o *object) UnmarshalJSON(b []byte) error {
	*o = nil
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

// object gives a key's value as an object; an empty one if it is none.
func (o object) object(key string) object {
	var inner object
	_ = inner.UnmarshalJSON(o[key])
	return inner
}

// keys lists the keys in order.
func (o object) keys() []string { return slices.Sorted(maps.Keys(o)) }

// list is a JSON array; anything else is an empty one.
type list[E any] []E

// UnmarshalJSON takes arrays only, without failing on the rest.
func (l *list[E]) UnmarshalJSON(b []byte) error {
	*l = nil
	var all []E
	if json.Unmarshal(b, &all) == nil {
		*l = all
	}
	return nil
}

// listOf gives a key's value as a list.
func listOf[E any](o object, key string) []E {
	var l list[E]
	_ = l.UnmarshalJSON(o[key])
	return l
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

// looseOpt is one of the bot's suggested answers: a text, or an object with one.
type looseOpt string

// UnmarshalJSON takes a scalar, or the text of an object.
func (t *looseOpt) UnmarshalJSON(b []byte) error {
	var s looseText
	var o object
	_, _ = s.UnmarshalJSON(b), o.UnmarshalJSON(b)
	*t = looseOpt(firstOf(string(s), o.text("text"), o.text("title"), o.text("label")))
	return nil
}

// seconds reads epoch seconds.
func seconds(text string) (time.Time, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || f <= 0 || f > math.MaxInt32 {
		return time.Time{}, false
	}
	return time.UnixMicro(int64(math.Round(f * 1e6))).UTC(), true
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
