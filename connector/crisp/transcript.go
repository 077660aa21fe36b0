package crisp

import (
	"slices"
	"strconv"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	transcriptTitle = "Conversation so far"
	// emptyTranscript opens a ticket of a customer who has written nothing: a note alone notifies nobody.
	emptyTranscript = "The customer asks for a person."
)

// history is what a ticket begins with, at least one message: what was said before the customer's last words as notes,
// those words as a message of the customer, and what was said after them as notes again.
func (c *Client) history(req connector.OpenRequest) []newMessage {
	lines := req.Transcript
	last := len(lines) - 1
	for last >= 0 && (lines[last].Role != conversation.RoleCustomer || lines[last].Deleted || strings.TrimSpace(lineText(lines[last])) == "") {
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
		add(typeText, fromUser, emptyTranscript)
		return messages
	}
	add(typeNote, fromOperator, transcript(lines[:last]))
	add(typeText, fromUser, lineText(lines[last]))
	add(typeNote, fromOperator, transcript(lines[last+1:]))
	return messages
}

// transcript writes lines as one text, "" for none: each says who spoke.
func transcript(lines []conversation.Line) string {
	var texts []string
	for _, l := range lines {
		if words := lineText(l); words != "" {
			texts = append(texts, speaker(l)+": "+words)
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return strings.Join(slices.Insert(texts, 0, transcriptTitle), "\n")
}

func speaker(l conversation.Line) string {
	switch l.Role {
	case conversation.RoleBot:
		return "Bot"
	case conversation.RoleNotice:
		return "Notice"
	case conversation.RoleAgent:
		if l.Name != "" {
			return l.Name + " (agent)"
		}
		return "Agent"
	case conversation.RoleCustomer:
	}
	if l.Name != "" {
		return l.Name
	}
	return "Customer"
}

func lineText(l conversation.Line) string {
	if l.Deleted {
		return "[deleted]"
	}
	var parts []string
	if l.Text != "" {
		parts = append(parts, l.Text)
	}
	if a := l.Attachment; a != nil && (a.Latitude != 0 || a.Longitude != 0) {
		parts = append(parts, "[place: "+strconv.FormatFloat(a.Latitude, 'f', -1, 64)+", "+strconv.FormatFloat(a.Longitude, 'f', -1, 64)+"]")
	} else if a != nil {
		parts = append(parts, "[file: "+a.Name+"] "+a.URL)
	}
	return strings.Join(parts, "\n")
}
