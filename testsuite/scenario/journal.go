package scenario

import (
	"fmt"
	"strings"
	"time"
)

// side is a column of the story as it is printed.
type side int

const (
	customerSide side = iota
	agentSide
	// middle is for what concerns both.
	middle
)

// entry is one line of the story so far.
type entry struct {
	at   time.Time
	side side
	text string
}

// log notes what happened. The caller holds the lock.
func (s *stage) log(where side, text string) {
	s.entries = append(s.entries, entry{s.now(), where, text})
}

// note is log for those who do not hold the lock.
func (s *stage) note(where side, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log(where, text)
}

// columnWidth is how wide each side is printed.
const columnWidth = 52

// soFar tells the story so far: on the left what the customer sees and says, on the right what the agents do.
func (s *stage) soFar() string {
	s.mu.Lock()
	entries := append([]entry(nil), s.entries...)
	s.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "  %-12s %-*s | %s\n", "the story", columnWidth, "customer", "agents")
	for _, e := range entries {
		left, right := wrap(e.text), []string{""}
		switch e.side {
		case agentSide:
			left, right = right, left
		case middle:
			left = wrap("--- " + e.text)
		case customerSide:
		}
		for i := range max(len(left), len(right)) {
			at := ""
			if i == 0 {
				at = s.since(e.at)
			}
			row := fmt.Sprintf("  %-12s %-*s | %s", at, columnWidth, part0(left, i), part0(right, i))
			b.WriteString(strings.TrimRight(row, " ") + "\n")
		}
	}
	v := s.look()
	fmt.Fprintf(&b, "  it is %s; state %s because %s", s.since(s.now()), v.State, v.Reason)
	for _, d := range v.Deadlines {
		fmt.Fprintf(&b, "; %s in %s", d.Name, d.At.Sub(s.now()).Round(time.Second))
	}
	for _, e := range v.Trouble {
		fmt.Fprintf(&b, "\n  in trouble: %s %s because %s", strings.ReplaceAll(string(e.Kind), "_", " "), e.Status, e.Reason)
	}
	return b.String() + "\n"
}

// since is a time as a story counts it, from its beginning.
func (s *stage) since(at time.Time) string {
	d := at.Sub(s.story.begins).Truncate(time.Second)
	if days := int(d / (24 * time.Hour)); days > 0 {
		return fmt.Sprintf("%dd+%s", days, clock(d%(24*time.Hour)))
	}
	return clock(d)
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}

func part0(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// wrap breaks a text into lines of a column.
func wrap(text string) []string {
	var lines []string
	line := ""
	for w := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(w)) > columnWidth {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(lines, line)
}
