package dialogflow

import (
	"bytes"
	"encoding/json"
)

// truthy reports whether a value of JSON is set: neither missing nor null, false, zero or empty.
func truthy(raw json.RawMessage) bool {
	switch string(bytes.TrimSpace(raw)) {
	case "", "null", "false", "0", `""`, `"false"`, "{}", "[]":
		return false
	}
	return true
}

// plain gives a value as a text: a text, a number, true or false, or the name of an entity such as a person. Other
// objects and lists give "".
func plain(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var text string
		_ = json.Unmarshal(raw, &text)
		return text
	case '{':
		var entity struct {
			Name string `json:"name"`
		}
		_ = json.Unmarshal(raw, &entity)
		return entity.Name
	case '[', 'n':
		return ""
	}
	return string(raw)
}
