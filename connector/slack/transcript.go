package slack

import (
	"maps"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
)

// introduction says who the customer is and what was said before.
func introduction(req connector.OpenRequest) string {
	var lines []string
	who := req.Customer
	add := func(label, value string) {
		if value != "" {
			lines = append(lines, label+": "+value)
		}
	}
	add("Name", who.Name)
	add("E-mail", who.Email)
	add("Phone", who.Phone)
	add("Language", who.Language)
	for _, key := range slices.Sorted(maps.Keys(who.Fields)) {
		add(key, who.Fields[key])
	}
	add("Conversation", req.Link)
	if req.Previous != nil {
		add("Earlier thread", req.Previous.URL)
	}
	said := connector.Transcript(req.Transcript)
	if len(said) == 0 {
		lines = append(lines, connector.EmptyTranscript)
	} else {
		lines = append(append(lines, connector.TranscriptTitle), said...)
	}
	return strings.Join(lines, "\n")
}
