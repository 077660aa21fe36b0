package livechat

import (
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// transcriptTexts writes what was said before as few messages as possible. All of them show as written by the customer,
// so each line says who spoke.
func transcriptTexts(lines []conversation.Line) []string {
	said := connector.Transcript(lines)
	if len(said) == 0 {
		// The first event carries our mark.
		return []string{connector.EmptyTranscript}
	}
	var texts []string
	var b strings.Builder
	b.WriteString(connector.TranscriptTitle)
	for _, line := range said {
		for _, part := range connector.SplitText(line, maxText-1) {
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
	return append(texts, b.String())
}
