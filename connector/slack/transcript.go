package slack

import (
	"strings"

	"github.com/handoff-engine/handoff/connector"
)

// introduction says who the customer is and what was said before.
func introduction(req connector.OpenRequest) string {
	lines := connector.Details("Name", req.Customer)
	if req.Link != "" {
		lines = append(lines, "Conversation: "+req.Link)
	}
	if req.Previous != nil && req.Previous.URL != "" {
		lines = append(lines, "Earlier thread: "+req.Previous.URL)
	}
	said := connector.Transcript(req.Transcript)
	if len(said) == 0 {
		lines = append(lines, connector.EmptyTranscript)
	} else {
		lines = append(append(lines, connector.TranscriptTitle), said...)
	}
	return strings.Join(lines, "\n")
}
