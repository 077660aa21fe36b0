package omnidesk

import (
	"maps"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
)

// opening is the text that opens a session: who the customer is, who is asked for, and what was said before. The vendor
// has no fields for any of it (guide, notifyUserNewChatMessage).
func opening(req connector.OpenRequest) string {
	var b strings.Builder
	line := func(name, value string) {
		if value = strings.Join(strings.Fields(value), " "); value != "" {
			b.WriteString(name + ": " + value + "\n")
		}
	}
	who := req.Customer
	line("Customer", who.Name)
	line("E-mail", who.Email)
	line("Phone", who.Phone)
	line("Language", who.Language)
	for _, key := range slices.Sorted(maps.Keys(who.Fields)) {
		line(key, who.Fields[key])
	}
	line("Asked for group", req.Group)
	line("Asked for agent", req.Agent)
	line("Priority", req.Priority)
	if req.Previous != nil {
		line("Earlier ticket", req.Previous.Vendor[vendorTicket])
	}
	line("Conversation", req.Link)
	said := connector.Transcript(req.Transcript)
	if len(said) == 0 {
		return b.String() + connector.EmptyTranscript
	}
	return b.String() + connector.TranscriptTitle + ":\n" + strings.Join(said, "\n")
}
