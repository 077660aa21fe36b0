package omnidesk

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"github.com/handoff-engine/handoff/connector"
)

// markup finds what is markup for certain: a tag or a character reference, which nobody writes by hand.
var markup = regexp.MustCompile(`(?i)</?(?:p|br|div|span|b|strong|i|em|u|s|a|ul|ol|li|img|blockquote|h[1-6]|pre|code|table|tbody|tr|td|th|font|hr)(?:\s[^<>]*)?/?>` +
	`|&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});`)

// plain gives an agent's words as text. Whether they come as text or as HTML is not documented, so that by default they
// are taken for HTML if they look like it.
func (c *Client) plain(words string) string {
	switch {
	case c.config.MessageFormat == formatText, c.config.MessageFormat != formatHTML && !markup.MatchString(words):
		return strings.TrimSpace(words)
	}
	return textOf(words)
}

// textOf reads HTML: blocks and breaks become lines, links and pictures keep their addresses, scripts and styles go.
func textOf(markup string) string {
	w := htmlText{tokens: html.NewTokenizer(strings.NewReader(markup))}
	for w.tokens.Next() != html.ErrorToken {
		w.take(w.tokens.Token())
	}
	var lines []string
	for line := range strings.SplitSeq(w.text.String(), "\n") {
		line = strings.TrimRight(line, " \t\r")
		// One empty line is enough to keep two blocks apart.
		if line != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// htmlText collects the text of HTML.
type htmlText struct {
	tokens *html.Tokenizer
	text   strings.Builder
	// href is the address of the link that is open, and label where its text begins.
	href  string
	label int
	// hidden counts the open elements whose text nobody sees.
	hidden int
	// kept counts the open elements whose blanks count.
	kept int
}

var blanks = regexp.MustCompile(`[ \t\r\n\f]+`)

func (w *htmlText) take(t html.Token) {
	switch {
	case t.Type == html.TextToken && w.hidden == 0:
		words := t.Data
		if w.kept == 0 {
			words = blanks.ReplaceAllString(words, " ")
			if text := w.text.String(); text == "" || strings.HasSuffix(text, "\n") {
				words = strings.TrimLeft(words, " ")
			}
		}
		w.text.WriteString(strings.ReplaceAll(words, "\u00a0", " "))
	case t.Type == html.StartTagToken:
		w.open(t)
	case t.Type == html.SelfClosingTagToken:
		w.empty(t)
	case t.Type == html.EndTagToken:
		w.close(t)
	}
}

func (w *htmlText) open(t html.Token) {
	switch t.Data {
	case "script", "style":
		w.hidden++
	case "pre":
		w.kept++
		w.newLine()
	case "a":
		w.href, w.label = attribute(t, "href"), w.text.Len()
	case "li":
		w.newLine()
		w.text.WriteString("- ")
	case "p", "div", "tr", "ul", "ol", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6":
		w.newLine()
	default:
		w.empty(t)
	}
}

// empty takes an element that has no end.
func (w *htmlText) empty(t html.Token) {
	switch t.Data {
	case "br", "hr":
		w.text.WriteByte('\n')
	case "img":
		if src := attribute(t, "src"); connector.IsWebAddress(src) {
			w.text.WriteString(src + " ")
		}
	}
}

func (w *htmlText) close(t html.Token) {
	switch t.Data {
	case "script", "style":
		w.hidden = max(0, w.hidden-1)
	case "pre":
		w.kept = max(0, w.kept-1)
		w.newLine()
	case "a":
		label := strings.TrimSpace(w.text.String()[min(w.label, w.text.Len()):])
		address := strings.TrimPrefix(w.href, "mailto:")
		if address != "" && label != address {
			w.text.WriteString(" (" + address + ")")
		}
		w.href = ""
	case "td", "th":
		w.text.WriteByte(' ')
	case "p", "div", "tr", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6":
		w.newLine()
	}
}

// newLine begins a line, unless one has just begun.
func (w *htmlText) newLine() {
	if text := w.text.String(); text != "" && !strings.HasSuffix(text, "\n") {
		w.text.WriteByte('\n')
	}
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}
