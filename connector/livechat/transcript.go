package livechat

import (
	"strings"

	"github.com/handoff-engine/handoff/connector"
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
		words := connector.Words(l)
		if words == "" {
			continue
		}
		written = true
		for _, part := range connector.SplitText(connector.Speaker(l)+": "+words, maxText-1) {
			if b.Len()+1+len(part) > maxBytes {
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
