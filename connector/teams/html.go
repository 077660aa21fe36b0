package teams

import (
	"strings"

	"golang.org/x/net/html"
)

// plainText gives the words of a message's HTML: line ends where blocks and breaks are, mentions as "<at>name</at>", and
// nothing else of the markup.
func plainText(markup string) string {
	var b strings.Builder
	line := func() {
		if b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
			b.WriteByte('\n')
		}
	}
	for z := html.NewTokenizer(strings.NewReader(markup)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(strings.ReplaceAll(b.String(), "\u00a0", " "))
		case html.TextToken:
			b.WriteString(z.Token().Data)
		case html.StartTagToken, html.SelfClosingTagToken:
			switch name, _ := z.TagName(); string(name) {
			case "br":
				b.WriteByte('\n')
			case "p", "div", "li", "tr", "blockquote":
				line()
			case "at":
				b.WriteString("<at>")
			}
		case html.EndTagToken:
			switch name, _ := z.TagName(); string(name) {
			case "p", "div", "li", "tr", "blockquote":
				line()
			case "at":
				b.WriteString("</at>")
			}
		case html.CommentToken, html.DoctypeToken:
		}
	}
}
