package connector_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

func TestLinesSayWhoSpokeAndWhat(t *testing.T) {
	for _, tt := range []struct {
		line     conversation.Line
		who, how string
	}{
		{conversation.Line{Role: conversation.RoleCustomer, Text: "hello"}, "Customer", "hello"},
		{conversation.Line{Role: conversation.RoleCustomer, Name: "Ana"}, "Ana", ""},
		{conversation.Line{Role: conversation.RoleBot, Name: "Robbie", Text: "hi"}, "Bot", "hi"},
		{conversation.Line{Role: conversation.RoleNotice, Text: "wait"}, "Notice", "wait"},
		{conversation.Line{Role: conversation.RoleAgent}, "Agent", ""},
		{conversation.Line{Role: conversation.RoleAgent, Name: "Mira", Text: "secret", Deleted: true}, "Mira (agent)", "[deleted]"},
		{
			conversation.Line{Text: "look", Attachment: &conversation.Attachment{URL: "https://files.example/a.png", Name: "a.png"}},
			"Customer", "look\n[file: a.png] https://files.example/a.png",
		},
		{conversation.Line{Attachment: &conversation.Attachment{Latitude: 1.5, Longitude: -2}}, "Customer", "[place: 1.5, -2]"},
	} {
		require.Equal(t, tt.who, connector.Speaker(tt.line))
		require.Equal(t, tt.how, connector.LineText(tt.line))
	}
}
