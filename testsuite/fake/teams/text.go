package teams

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// shown is what people see of a text with markup.
type shown struct {
	// speaker is bold at the beginning, with a colon.
	speaker, text string
	// mentions are the texts of the mentions, as they were written.
	mentions []string
}

// show renders the subset of XHTML that textFormat xml takes. It is strict: whatever is no well-formed markup of that
// subset is refused. White space is shown as HTML shows it.
func show(markup string) (shown, error) {
	var s shown
	var b strings.Builder
	d := xml.NewDecoder(strings.NewReader("<m>" + markup + "</m>"))
	bold := false
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s, fmt.Errorf("text is not well-formed: %w", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch name := t.Name.Local; {
			case !slices.Contains([]string{"m", "b", "strong", "i", "em", "at", "br", "a", "pre"}, name):
				return s, fmt.Errorf("text has the unknown element %q", name)
			case name == "br":
				b.WriteByte('\n')
			case name == "b":
				bold = b.Len() == 0
			case name == "at":
				rest := markup[strings.Index(markup, "<at>"):]
				end := strings.Index(rest, "</at>") + len("</at>")
				s.mentions = append(s.mentions, rest[:end])
			}
		case xml.EndElement:
			if t.Name.Local == "b" && bold && strings.HasSuffix(b.String(), ":") {
				s.speaker = strings.TrimSuffix(b.String(), ":")
				b.Reset()
				b.WriteByte('\n') // swallows the blank behind it
			}
			bold = false
		case xml.CharData:
			for _, r := range string(t) {
				if r == '\n' || r == '\t' || r == ' ' {
					if out := b.String(); out != "" && !strings.HasSuffix(out, " ") && !strings.HasSuffix(out, "\n") {
						b.WriteByte(' ')
					}
					continue
				}
				b.WriteRune(r)
			}
		case xml.Comment, xml.ProcInst, xml.Directive:
			return s, errors.New("text holds something that is no text")
		}
	}
	text := strings.ReplaceAll(b.String(), " \n", "\n")
	if s.speaker != "" {
		text = strings.TrimPrefix(text, "\n")
	}
	s.text = strings.ReplaceAll(strings.TrimSuffix(text, " "), "\u00a0", " ")
	return s, nil
}
