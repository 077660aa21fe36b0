package connector

import (
	"strconv"

	"github.com/handoff-engine/handoff/conversation"
)

// Speaker says who spoke a line, for desks that show what was said before as text.
func Speaker(l conversation.Line) string {
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

// Words gives what a line says as text: its words, and its file or place below them. "" means that it says nothing.
func Words(l conversation.Line) string {
	if l.Deleted {
		return "[deleted]"
	}
	words := l.Text
	if a := l.Attachment; a != nil {
		file := "[file: " + a.Name + "] " + a.URL
		if a.Latitude != 0 || a.Longitude != 0 {
			file = "[place: " + strconv.FormatFloat(a.Latitude, 'f', -1, 64) + ", " + strconv.FormatFloat(a.Longitude, 'f', -1, 64) + "]"
		}
		if words != "" {
			words += "\n"
		}
		words += file
	}
	return words
}
