package connector

import (
	"bytes"
	"encoding/json"
	"errors"
)

// DecodeStrictly reads the one event of a webhook into the pointer event, for contracts of our own: what is wrong with it,
// a misspelt key too, is said in the error, of kind Invalid, without a word of the event.
func DecodeStrictly(vendor string, body []byte, event any) error {
	const op = "Decode"
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(event); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return Errorf(vendor, op, Invalid, "the event's %s is of the wrong type", wrong.Field)
		}
		return Errorf(vendor, op, Invalid, "the event is no JSON, or has a key that does not exist")
	}
	if decoder.More() {
		return Errorf(vendor, op, Invalid, "the body holds more than one event")
	}
	return nil
}
