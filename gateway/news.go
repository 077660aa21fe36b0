package gateway

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

// The events of a stream.
const (
	newsMessage    = "message.created"
	newsAttachment = "attachment.created"
	newsUpdate     = "message.updated"
	newsDeletion   = "message.deleted"
	newsState      = "conversation.updated"
	newsEnd        = "conversation.ended"
	newsTyping     = "agent.typing"
)

// place is how far a stream has come in a conversation: what its last event's id says. It speaks of the conversation's
// own numbers, so that any process can go on where another stopped.
type place struct {
	// engagement tells one conversation of a key from the next.
	engagement string
	// line is the last line, change the last change of state, and edit the last edit of a line, that was shown.
	line, change, edit int
}

// String writes the place as an event's id.
func (p place) String() string {
	return fmt.Sprintf("%s-%d-%d-%d", p.engagement, p.line, p.change, p.edit)
}

// placeOf reads an event's id; anything else is the beginning.
func placeOf(id string) place {
	parts := strings.Split(id, "-")
	if len(parts) != 4 {
		return place{}
	}
	var numbers [3]int
	for i := range numbers {
		n, err := strconv.ParseUint(parts[i+1], 10, 31)
		if err != nil {
			return place{}
		}
		numbers[i] = int(n)
	}
	return place{parts[0], numbers[0], numbers[1], numbers[2]}
}

// piece is one event of a stream.
type piece struct {
	at   place
	kind string
	data newsData
}

// newsData is what an event of a stream tells.
type newsData struct {
	Conversation string `json:"conversation"`
	// Number is the line's, from 1.
	Number     int                      `json:"number,omitempty"`
	Author     *newsAuthor              `json:"author,omitempty"`
	Text       string                   `json:"text,omitempty"`
	Attachment *conversation.Attachment `json:"attachment,omitempty"`
	Buttons    []conversation.Button    `json:"buttons,omitempty"`
	State      conversation.State       `json:"state,omitempty"`
	Previous   conversation.State       `json:"previous_state,omitempty"`
	Reason     conversation.Reason      `json:"reason,omitempty"`
	// Agent is who has the conversation now, or who types.
	Agent  *conversation.Author `json:"agent,omitempty"`
	Typing *bool                `json:"typing,omitempty"`
	At     time.Time            `json:"at"`
}

// newsAuthor is who spoke a line.
type newsAuthor struct {
	Role conversation.Role `json:"role"`
	Name string            `json:"name,omitempty"`
}

// write gives the event as it goes over the wire.
func (p piece) write() []byte {
	var data bytes.Buffer
	e := json.NewEncoder(&data)
	e.SetEscapeHTML(false)
	if e.Encode(p.data) != nil {
		return nil
	}
	if p.at == (place{}) {
		// What passes by has no place to come back to.
		return fmt.Appendf(nil, "event: %s\ndata: %s\n", p.kind, data.Bytes())
	}
	return fmt.Appendf(nil, "id: %s\nevent: %s\ndata: %s\n", p.at, p.kind, data.Bytes())
}

// reader is one stream's way through its conversation.
type reader struct {
	key string
	// files gives the addresses of attachments; nil leaves them as they are.
	files *files.Opener
	at    place
}

// news gives what the customer has not been shown yet, in order, and takes it for shown.
func (r *reader) news(v conversation.View) []piece {
	if v.ID == "" {
		return nil
	}
	engagement := strconv.FormatInt(v.Started.UnixMilli(), 36)
	if r.at.engagement != engagement {
		// Who comes now wants to know how things stand, not how they came to.
		r.at = place{engagement: engagement, change: max(0, v.HistoryCut+len(v.History)-1), edit: v.Transcript.Edits}
	}
	pieces := r.edits(v)
	lines, changes := r.lines(v), r.changes(v)
	for len(lines)+len(changes) > 0 {
		if len(lines) == 0 || len(changes) > 0 && !changes[0].At.After(lines[0].At) {
			pieces = append(pieces, r.change(v, changes[0]))
			changes = changes[1:]
			continue
		}
		r.at.line = lines[0].N
		if !lines[0].Deleted {
			pieces = append(pieces, r.line(v, lines[0]))
		}
		lines = lines[1:]
	}
	return pieces
}

// lines gives the lines that the customer is to be shown now. What the bot or handoff itself wants to say waits until
// it is settled whether it is said: a change of owner may withhold it.
func (r *reader) lines(v conversation.View) []conversation.Line {
	undecided, withheld := map[int]bool{}, map[int]bool{}
	for _, e := range v.Pending {
		undecided[e.Line] = undecided[e.Line] || e.Kind == conversation.Say && !e.Human
	}
	for _, e := range v.Trouble {
		withheld[e.Line] = withheld[e.Line] || e.Kind == conversation.Say && e.Status == conversation.Withheld
	}
	var lines []conversation.Line
	for _, l := range v.Transcript.Lines {
		switch {
		case l.N <= r.at.line || withheld[l.N]:
		case undecided[l.N]:
			return lines
		default:
			lines = append(lines, l)
		}
	}
	return lines
}

// changes gives the changes of state that were not shown.
func (r *reader) changes(v conversation.View) []conversation.Transition {
	skip := min(max(0, r.at.change-v.HistoryCut), len(v.History))
	if missed := v.HistoryCut - r.at.change; missed > 0 {
		r.at.change = v.HistoryCut
	}
	return v.History[skip:]
}

func (r *reader) change(v conversation.View, t conversation.Transition) piece {
	r.at.change++
	p := piece{at: r.at, kind: newsState, data: newsData{
		Conversation: r.key, State: t.To, Previous: t.From, Reason: t.Reason, At: t.At,
	}}
	if t.To == conversation.Ended {
		p.kind = newsEnd
	}
	if r.at.change == v.HistoryCut+len(v.History) {
		p.data.Agent = v.Agent
	}
	return p
}

func (r *reader) line(v conversation.View, l conversation.Line) piece {
	kind := newsMessage
	if l.Attachment != nil {
		kind = newsAttachment
		l.Attachment = r.reachable(v, l)
	}
	return piece{at: r.at, kind: kind, data: newsData{
		Conversation: r.key, Number: l.N, Author: &newsAuthor{l.Role, l.Name}, Text: l.Text, Attachment: l.Attachment,
		Buttons: l.Buttons, At: l.At,
	}}
}

// reachable gives a line's attachment with the address under which the customer's device finds it.
func (r *reader) reachable(v conversation.View, l conversation.Line) *conversation.Attachment {
	if r.files == nil {
		return l.Attachment
	}
	source := v.Channel
	if l.Role == conversation.RoleAgent {
		source = v.Desk
	}
	file := *l.Attachment
	file.URL = r.files.Address(source, file, l.At)
	return &file
}

// typing shows that an agent types, or stopped.
func (r *reader) typing(notice connector.Typing, now time.Time) piece {
	agent := notice.Author
	return piece{kind: newsTyping, data: newsData{Conversation: r.key, Agent: &agent, Typing: &notice.On, At: now.UTC()}}
}

// edits gives what was changed in lines that the customer has, in order. Lines that follow are shown as they are now.
func (r *reader) edits(v conversation.View) []piece {
	var edited []conversation.Line
	for _, l := range v.Transcript.Lines {
		if l.N <= r.at.line && l.Edit > r.at.edit {
			edited = append(edited, l)
		}
	}
	slices.SortFunc(edited, func(a, b conversation.Line) int { return cmp.Compare(a.Edit, b.Edit) })
	var pieces []piece
	for _, l := range edited {
		r.at.edit = l.Edit
		p := piece{at: r.at, kind: newsUpdate, data: newsData{Conversation: r.key, Number: l.N, Text: l.Text, At: l.At}}
		if l.Deleted {
			p.kind, p.data.Text = newsDeletion, ""
		}
		pieces = append(pieces, p)
	}
	r.at.edit = v.Transcript.Edits
	return pieces
}
