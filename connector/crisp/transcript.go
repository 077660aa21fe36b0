package crisp

import (
	"strconv"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// history is what a ticket begins with, at least one message: what was said before the customer's last words as notes,
// those words as a message of the customer, and what was said after them as notes again.
func (c *Client) history(req connector.OpenRequest) []newMessage {
	lines := req.Transcript
	last := len(lines) - 1
	for last >= 0 && (lines[last].Role != conversation.RoleCustomer || lines[last].Deleted || strings.TrimSpace(connector.Words(lines[last])) == "") {
		last--
	}
	var messages []newMessage
	add := func(kind, from, text string) {
		for _, part := range connector.SplitText(text, maxText) {
			messages = append(messages, newMessage{
				Type: kind, From: from, Origin: c.origin, Content: part, Automated: from == fromOperator,
				Fingerprint: fingerprint(req.Key, "~"+strconv.Itoa(len(messages)+1)), Properties: map[string]string{partProperty: openingKey},
			})
		}
	}
	if last < 0 {
		add(typeNote, fromOperator, transcript(lines))
		// A note alone notifies nobody.
		add(typeText, fromUser, connector.EmptyTranscript)
		return messages
	}
	add(typeNote, fromOperator, transcript(lines[:last]))
	add(typeText, fromUser, connector.Words(lines[last]))
	add(typeNote, fromOperator, transcript(lines[last+1:]))
	return messages
}

// transcript writes lines as one text, "" for none.
func transcript(lines []conversation.Line) string {
	texts := connector.Transcript(lines)
	if len(texts) == 0 {
		return ""
	}
	return connector.TranscriptTitle + "\n" + strings.Join(texts, "\n")
}
