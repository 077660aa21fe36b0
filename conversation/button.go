package conversation

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// maxButtons bounds the buttons of one answer of a bot, and of one message of an agent.
const maxButtons = 50

// Button is an answer that the customer can give by pressing it, or a link to follow.
type Button struct {
	// Label is what the customer reads.
	Label string `json:"label"`
	// Value is what the bot is told when it is pressed; empty means the label.
	Value string `json:"value,omitempty"`
	// URL is opened instead, where it is set: nothing is said then.
	URL string `json:"url,omitempty"`
}

// usable gives the buttons that can be shown.
func usable(buttons []Button) []Button {
	var kept []Button
	for _, b := range buttons {
		if b.Label == "" {
			b.Label = cmp.Or(b.Value, b.URL)
		}
		if b.Label != "" && len(kept) < maxButtons {
			kept = append(kept, b)
		}
	}
	return kept
}

// joined gives buttons that have no words of their own to the message before them.
func joined(messages []Message) []Message {
	var list []Message
	for _, m := range messages {
		m.Buttons = usable(m.Buttons)
		if last := len(list) - 1; len(m.Buttons) > 0 && m.Text == "" && m.Attachment == nil && last >= 0 && list[last].Attachment == nil {
			list[last].Buttons = append(slices.Clip(list[last].Buttons), m.Buttons...)
			continue
		}
		list = append(list, m)
	}
	return list
}

// inWords writes buttons as lines below the text, for whom cannot press them. Answers are numbered from first, so that a
// number is an answer; with first zero, and for links, there are dashes instead.
func inWords(text string, buttons []Button, first int) string {
	lines := []string{}
	if text != "" {
		lines = append(lines, text)
	}
	for _, b := range buttons {
		switch {
		case b.URL != "" && b.URL != b.Label:
			lines = append(lines, "- "+b.Label+": "+b.URL)
		case b.URL != "" || first == 0:
			lines = append(lines, "- "+b.Label)
		default:
			lines = append(lines, strconv.Itoa(first)+". "+b.Label)
			first++
		}
	}
	return strings.Join(lines, "\n")
}

// Words gives the effect's text with its buttons as lines below it.
func (e Effect) Words() string { return inWords(e.Text, e.Buttons, 0) }

// offer gives e the message's words and buttons: buttons to press where the channel shows them, else lines. Pressable says
// that what is pressed is an answer to a bot that we call.
func (c *Conversation) offer(e *Effect, text string, buttons []Button, pressable bool) {
	e.Text = text
	if len(buttons) == 0 {
		return
	}
	first := 0
	if pressable {
		first = len(c.Offered) + 1
		for _, b := range buttons {
			if b.URL == "" {
				c.Offered = append(slices.Clip(c.Offered), b)
			}
		}
	}
	if c.Route.Channel.Able(canButtons) && text != "" && e.Attachment == nil {
		e.Buttons = buttons
		return
	}
	e.Text, e.Degraded = inWords(text, buttons, first), ButtonsAsText
}

// pressed gives what the bot is told for the customer's words, and the words as people read them. The label of a button,
// or, where buttons are numbered lines, its number, tells the bot the button's value; a value is read as its label. The last
// result is false for words that are no button.
func (c *Conversation) pressed(text string) (said, read string, ok bool) {
	words := strings.TrimSpace(text)
	for _, b := range c.Offered {
		if strings.EqualFold(words, b.Label) {
			return b.said(), text, true
		}
	}
	for _, b := range c.Offered {
		if b.Value != "" && words == b.Value {
			return b.Value, b.Label, true
		}
	}
	if n, err := strconv.Atoi(words); err == nil && n >= 1 && n <= len(c.Offered) && !c.Route.Channel.Able(canButtons) {
		return c.Offered[n-1].said(), text, true
	}
	return text, text, false
}

// said is what pressing the button says.
func (b Button) said() string {
	if b.Value == "" {
		return b.Label
	}
	return b.Value
}
