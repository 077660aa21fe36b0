package teams

import (
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// The speakers that are no customer.
const (
	speakerNote       = "Note"
	speakerTranscript = "Conversation so far"
)

// spoken is a message of ours in a thread. Every message there shows under the bot's name (nothing in the Connector's
// description can change it), so the speaker stands before the words. The words are escaped for "xml", the one text
// format whose markup is known in full, and show as they were written.
func spoken(speaker, text string) message {
	return message{Type: "message", TextFormat: "xml", Text: "<b>" + escape(speaker) + ":</b> " + escape(text)}
}

// notice is a sentence of our own in a thread.
func notice(text string) message {
	return message{Type: "message", TextFormat: "xml", Text: "<i>" + escape(text) + "</i>"}
}

// escape writes a text as XML that shows it as it is: line ends are kept, and so are the blanks that markup would swallow,
// those beside others and at the ends of lines. What XML cannot hold is left out.
func escape(text string) string {
	var b strings.Builder
	runes := []rune(strings.ReplaceAll(text, "\r\n", "\n"))
	blank := func(i int) bool { return i < 0 || i == len(runes) || runes[i] == ' ' || runes[i] == '\n' }
	for i, r := range runes {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '\n' || r == '\r':
			b.WriteString("<br/>")
		case r == '\t':
			b.WriteString("&#160;&#160;&#160;&#160;")
		case r == ' ' && (blank(i-1) || blank(i+1)):
			b.WriteString("&#160;")
		case r < ' ', r == '\ufffe', r == '\uffff':
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// transcriptTexts writes what was said before in as few messages as possible.
func transcriptTexts(lines []conversation.Line) []string {
	var texts []string
	var page strings.Builder
	for _, l := range lines {
		words := connector.Words(l)
		if words == "" {
			continue
		}
		for _, part := range connector.SplitText(connector.Speaker(l)+": "+words, maxText-1) {
			if page.Len() > 0 && len([]rune(page.String()))+1+len([]rune(part)) > maxText {
				texts = append(texts, page.String())
				page.Reset()
			}
			page.WriteString("\n" + part)
		}
	}
	if page.Len() == 0 {
		return nil
	}
	return append(texts, page.String())
}

// customerName is how agents see the customer.
func customerName(known string) string {
	if known = strings.TrimSpace(known); known != "" {
		return connector.CutText(known, maxName)
	}
	return "Customer"
}

// maxName bounds a customer's name, who may have typed anything for it.
const maxName = 80
