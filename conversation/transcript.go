package conversation

import "time"

// Role says who spoke a line.
type Role string

// The roles.
const (
	RoleCustomer Role = "customer"
	RoleBot      Role = "bot"
	RoleAgent    Role = "agent"
	// RoleNotice is what handoff itself said to the customer.
	RoleNotice Role = "notice"
)

const (
	// maxLines and maxTranscript bound the transcript, so that the state fits a payload many times over.
	maxLines      = 200
	maxTranscript = 64 << 10
)

// Line is one thing said in public. Private notes are never lines.
type Line struct {
	// N numbers the lines of an engagement from 1.
	N          int         `json:"n"`
	Role       Role        `json:"role"`
	Name       string      `json:"name,omitempty"`
	At         time.Time   `json:"at"`
	Text       string      `json:"text,omitempty"`
	Attachment *Attachment `json:"attachment,omitempty"`
	// Buttons are what the customer could press below the words.
	Buttons []Button `json:"buttons,omitempty"`
	// MessageID is the vendor's id of the message, for later edits of it.
	MessageID string `json:"message_id,omitempty"`
	// Sent is the vendor's id of the copy that the other side got, where that side can change it.
	Sent string `json:"sent,omitempty"`
	// Deleted marks a line that its author deleted.
	Deleted bool `json:"deleted,omitempty"`
	// Edit is the number of the line's last edit or deletion; 0 means that it is as it was said.
	Edit int `json:"edit,omitempty"`
}

// Transcript is what was said, oldest first, and how much of the beginning was cut.
type Transcript struct {
	Lines []Line `json:"lines,omitempty"`
	// Last is the number of the newest line ever written.
	Last int `json:"last,omitempty"`
	// Edits counts the edits and deletions.
	Edits int `json:"edits,omitempty"`
	// Cut counts the lines that were dropped at the beginning.
	Cut int `json:"cut,omitempty"`
	// Bytes is the size of the texts held.
	Bytes int `json:"bytes,omitempty"`
}

// add writes a line and gives its number.
func (t *Transcript) add(l Line) int {
	t.Last++
	l.N = t.Last
	t.Lines = append(t.Lines, l)
	t.Bytes += l.size()
	for len(t.Lines) > maxLines || t.Bytes > maxTranscript && len(t.Lines) > 1 {
		t.Bytes -= t.Lines[0].size()
		t.Lines = t.Lines[1:]
		t.Cut++
	}
	return l.N
}

// edited numbers an edit of l.
func (t *Transcript) edited(l *Line) {
	t.Edits++
	l.Edit = t.Edits
}

// find gives the line with the vendor's message id, or nil.
func (t *Transcript) find(messageID string) *Line {
	for i := range t.Lines {
		if messageID != "" && t.Lines[i].MessageID == messageID {
			return &t.Lines[i]
		}
	}
	return nil
}

// reword gives a line its new words.
func (t *Transcript) reword(l *Line, text string) {
	t.Bytes += len(text) - len(l.Text)
	l.Text = text
	t.edited(l)
}

// line gives the line numbered n, or nil.
func (t *Transcript) line(n int) *Line {
	for i := range t.Lines {
		if t.Lines[i].N == n {
			return &t.Lines[i]
		}
	}
	return nil
}

// Between gives the lines numbered from+1 to to, as agents and bots read them: with buttons as lines below the words.
func (t *Transcript) Between(from, to int) []Line {
	var lines []Line
	for _, l := range t.Lines {
		if l.N > from && l.N <= to {
			l.Text, l.Buttons = inWords(l.Text, l.Buttons, 0), nil
			lines = append(lines, l)
		}
	}
	return lines
}

func (l Line) size() int {
	n := len(l.Text) + len(l.Name)
	if l.Attachment != nil {
		n += len(l.Attachment.URL) + len(l.Attachment.Name)
	}
	for _, b := range l.Buttons {
		n += len(b.Label) + len(b.Value) + len(b.URL)
	}
	return n
}
