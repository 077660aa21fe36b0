package connector_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
)

func TestAnEventIsReadStrictlyAndNotQuoted(t *testing.T) {
	type event struct {
		Text string `json:"text"`
	}
	var e event
	require.NoError(t, connector.DecodeStrictly("acme", []byte(`{"text":"hello"}`), &e))
	require.Equal(t, "hello", e.Text)
	for body, want := range map[string]string{
		`{"text":7}`:               "acme Decode: invalid: the event's text is of the wrong type",
		`{"txet":"c4n4ry"}`:        "acme Decode: invalid: the event is no JSON, or has a key that does not exist",
		`c4n4ry`:                   "acme Decode: invalid: the event is no JSON, or has a key that does not exist",
		`{"text":"a"}{"text":"b"}`: "acme Decode: invalid: the body holds more than one event",
		"":                         "acme Decode: invalid: the event is no JSON, or has a key that does not exist",
	} {
		require.EqualError(t, connector.DecodeStrictly("acme", []byte(body), &e), want)
	}
}
