package connector

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// SplitText cuts a text into parts of at most limit runes, behind white space where there is some in the last tenth of a
// part. The parts together are the text; a part of nothing but white space, which vendors refuse, is left out.
func SplitText(text string, limit int) []string {
	var parts []string
	for text != "" {
		part := CutText(text, limit)
		if len(part) < len(text) {
			least := len(CutText(part, limit-limit/10))
			if at := strings.LastIndexFunc(part, unicode.IsSpace); at >= least {
				_, width := utf8.DecodeRuneInString(part[at:])
				part = part[:at+width]
			}
		}
		text = text[len(part):]
		if strings.TrimSpace(part) != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// CutText gives the first runes of a text, at most limit of them.
func CutText(text string, limit int) string {
	for at := range text {
		if limit == 0 {
			return text[:at]
		}
		limit--
	}
	return text
}
