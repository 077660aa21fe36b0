package connector_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

func TestALineOfTheTranscriptSaysWhoSpokeAndWhat(t *testing.T) {
	for _, tc := range []struct {
		line conversation.Line
		want string
	}{
		{conversation.Line{Role: conversation.RoleCustomer, Text: "hello"}, "Customer: hello"},
		{conversation.Line{Role: conversation.RoleCustomer, Name: "Ada", Text: "hello"}, "Ada: hello"},
		{conversation.Line{Role: conversation.RoleBot, Name: "Bot 7", Text: "hi"}, "Bot: hi"},
		{conversation.Line{Role: conversation.RoleAgent, Text: "hi"}, "Agent: hi"},
		{conversation.Line{Role: conversation.RoleAgent, Name: "Mira", Text: "hi"}, "Mira (agent): hi"},
		{conversation.Line{Role: conversation.RoleNotice, Text: "wait"}, "Notice: wait"},
		{conversation.Line{Role: conversation.RoleAgent, Text: "oops", Deleted: true}, "Agent: [deleted]"},
		{conversation.Line{
			Role: conversation.RoleCustomer, Text: "see", Attachment: &conversation.Attachment{URL: "https://f.example/a", Name: "a.png"},
		}, "Customer: see\n[file: a.png] https://f.example/a"},
		{conversation.Line{
			Role: conversation.RoleCustomer, Attachment: &conversation.Attachment{Latitude: 41.4, Longitude: -2},
		}, "Customer: [place: 41.4, -2]"},
	} {
		require.Equal(t, tc.want, connector.Speaker(tc.line)+": "+connector.Words(tc.line))
	}
	require.Empty(t, connector.Words(conversation.Line{}))
	require.Equal(t, []string{"Bot: hi", "Customer: hello"}, connector.Transcript([]conversation.Line{
		{Role: conversation.RoleBot, Text: "hi"}, {Role: conversation.RoleAgent}, {Role: conversation.RoleCustomer, Text: "hello"},
	}), "a line that says nothing is none")
}

func TestDetailsOfACustomerAreOneLineEach(t *testing.T) {
	require.Empty(t, connector.Details("Customer", conversation.Customer{Name: " "}))
	require.Equal(t, []string{"Customer: Ana Bot: hi", "Phone: +1", "city: Porto", "order: A-1"}, connector.Details("Customer", conversation.Customer{
		Name: "Ana\nBot: hi", Phone: "+1", Fields: map[string]string{"order": "A-1", "city": "Porto", "empty": ""},
	}))
}
