package certainly

import (
	"cmp"

	"github.com/handoff-engine/handoff/connector/loose"
)

// The vendor's JSON. Its payloads are documented by examples only, and a newer protocol differs, so that webhooks are
// decoded loosely.

// sayBody is what an agent says.
type sayBody struct {
	Message string `json:"message"`
}

// triggerBody runs a module at once, and sets variables.
type triggerBody struct {
	UserID    string            `json:"user_id"`
	ModuleID  int64             `json:"module_id"`
	WaitTime  int               `json:"wait_time"`
	Variables map[string]string `json:"custom_vars"`
	Async     bool              `json:"is_async"`
}

// hookBody is a message of a conversation: the user's, the bot's, or somebody else's.
type hookBody struct {
	Interlocutor loose.Text `json:"interlocutor"`
	UserID       loose.Text `json:"user_id"`
	Data         hookData   `json:"data"`
}

// hookData is the user's message, wrapped, or the bot's, as it is.
type hookData struct {
	Message *loose.Object `json:"message"`
	UserID  loose.Text    `json:"user_id"`

	Type    loose.Text               `json:"type"`
	Text    loose.Text               `json:"text"`
	Options loose.List[option]       `json:"options"`
	Cards   loose.List[loose.Object] `json:"cards"`
}

// option is one of the bot's suggested answers: a text, or an object with one.
type option string

// UnmarshalJSON takes a scalar, or the text of an object.
func (t *option) UnmarshalJSON(b []byte) error {
	var s loose.Text
	var o loose.Object
	_, _ = s.UnmarshalJSON(b), o.UnmarshalJSON(b)
	*t = option(cmp.Or(string(s), o.Text("text"), o.Text("title"), o.Text("label")))
	return nil
}
