package omnidesk

import (
	"maps"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
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
	if len(req.Transcript) == 0 {
		b.WriteString("The customer asks for a person.")
		return b.String()
	}
	b.WriteString("Conversation so far:\n")
	b.WriteString(history(req.Transcript))
	return b.String()
}

// history writes what was said, a line for each.
func history(lines []conversation.Line) string {
	texts := make([]string, 0, len(lines))
	for _, l := range lines {
		if words := connector.Words(l); words != "" {
			texts = append(texts, connector.Speaker(l)+": "+words)
		}
	}
	return strings.Join(texts, "\n")
}
