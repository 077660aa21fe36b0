package connector

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/handoff-engine/handoff/conversation"
)

const (
	// TranscriptTitle stands above what was said before a ticket was opened.
	TranscriptTitle = "Conversation so far"
	// EmptyTranscript opens the ticket of a customer who has written nothing.
	EmptyTranscript = "The customer asks for a person."
)

// Transcript writes what was said, for desks that show it as text: for each line that says something, who spoke and the
// words.
func Transcript(lines []conversation.Line) []string {
	var texts []string
	for _, l := range lines {
		if words := Words(l); words != "" {
			texts = append(texts, Speaker(l)+": "+words)
		}
	}
	return texts
}

// Details writes what is known about a customer, for desks that show it as text: a line for each thing, in a fixed order.
// Label stands before the name.
func Details(label string, who conversation.Customer) []string {
	var lines []string
	add := func(label, value string) {
		// Line ends would let a value look like a line of its own.
		if value = strings.Join(strings.Fields(value), " "); value != "" {
			lines = append(lines, label+": "+value)
		}
	}
	add(label, who.Name)
	add("E-mail", who.Email)
	add("Phone", who.Phone)
	add("Language", who.Language)
	for _, key := range slices.Sorted(maps.Keys(who.Fields)) {
		add(key, who.Fields[key])
	}
	return lines
}

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
