package omnidesk

import (
	"strings"

	"github.com/handoff-engine/handoff/connector"
)

// opening is the text that opens a session: who the customer is, who is asked for, and what was said before. The vendor
// has no fields for any of it (guide, notifyUserNewChatMessage).
func opening(req connector.OpenRequest) string {
	lines := connector.Details("Customer", req.Customer)
	add := func(label, value string) {
		if value != "" {
			lines = append(lines, label+": "+value)
		}
	}
	add("Asked for group", req.Group)
	add("Asked for agent", req.Agent)
	add("Priority", req.Priority)
	if req.Previous != nil {
		add("Earlier ticket", req.Previous.Vendor[vendorTicket])
	}
	add("Conversation", req.Link)
	said := connector.Transcript(req.Transcript)
	if len(said) == 0 {
		lines = append(lines, connector.EmptyTranscript)
	} else {
		lines = append(append(lines, connector.TranscriptTitle+":"), said...)
	}
	return strings.Join(lines, "\n")
}
