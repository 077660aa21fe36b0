package livechat

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/conversation"
)

const (
	transcriptTitle = "Conversation so far"
	// emptyTranscript opens a ticket of a customer who has written nothing: the first event carries our mark.
	emptyTranscript = "The customer asks for a person."
)

// transcriptTexts writes what was said before as few messages as possible. All of them show as written by the customer,
// so each line says who spoke.
func transcriptTexts(lines []conversation.Line) []string {
	var texts []string
	var b strings.Builder
	b.WriteString(transcriptTitle)
	written := false
	for _, l := range lines {
		words := lineText(l)
		if words == "" {
			continue
		}
		written = true
		for _, part := range split(speaker(l)+": "+words, maxText-1) {
			if b.Len()+1+len(part) > maxText {
				texts = append(texts, b.String())
				b.Reset()
			}
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(part)
		}
	}
	if !written {
		return []string{emptyTranscript}
	}
	return append(texts, b.String())
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

// split cuts a text into parts of at most limit bytes, between runes, at a line's or word's end where one is near.
func split(text string, limit int) []string {
	var parts []string
	for len(text) > limit {
		end := limit
		for !utf8.RuneStart(text[end]) {
			end--
		}
		if near := strings.LastIndexAny(text[:end], "\n "); near >= end*3/4 {
			end = near + 1
		}
		parts = append(parts, text[:end])
		text = text[end:]
	}
	return append(parts, text)
}
