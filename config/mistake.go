package config

import (
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing that is wrong in the configuration.
type Mistake struct {
	// File is the file as the user named it; empty for the process settings.
	File string
	// Line is where it is, counted from 1; 0 where there is no line.
	Line int
	// Key is the path of the key, such as connections.shop.api_token, or the name of the variable.
	Key string
	// Text is a sentence that says what to write. It never holds a secret.
	Text string
}

// String gives the mistake as file:line: key: text, which editors and terminals make clickable.
func (m Mistake) String() string {
	var b strings.Builder
	if m.File != "" {
		b.WriteString(m.File)
		if m.Line > 0 {
			fmt.Fprintf(&b, ":%d", m.Line)
		}
		b.WriteString(": ")
	}
	if m.Key != "" {
		b.WriteString(m.Key + ": ")
	}
	b.WriteString(m.Text)
	return b.String()
}

// Mistakes are all the things that are wrong, in the order of their lines. It is the error of Load, Parse and
// ReadSettings.
type Mistakes []Mistake

// Error gives one line per mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, mistake := range m {
		lines[i] = mistake.String()
	}
	return strings.Join(lines, "\n")
}

// sorted puts the mistakes into the order of their lines and drops repeats, which an anchor used twice would give.
func (m Mistakes) sorted() Mistakes {
	slices.SortStableFunc(m, func(a, b Mistake) int { return a.Line - b.Line })
	var unique Mistakes
	for _, mistake := range m {
		repeat := slices.ContainsFunc(unique, func(u Mistake) bool {
			return u.Line > 0 && u.Line == mistake.Line && u.Text == mistake.Text && lastKey(u.Key) == lastKey(mistake.Key)
		})
		if !repeat {
			unique = append(unique, mistake)
		}
	}
	return unique
}

// lastKey is the end of a path.
func lastKey(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }
