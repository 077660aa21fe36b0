package slack

import (
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// The buttons. Their value is the conversation's id.
const (
	actionClaim    = "handoff_claim"
	actionRelease  = "handoff_release"
	actionTransfer = "handoff_transfer"
	actionBack     = "handoff_back"
	actionClose    = "handoff_close"
)

const (
	// maxName bounds the customer's name on the card and as an author.
	maxName = 60
	// howTo is the convention of the thread.
	howTo = "Answer in the thread. Lines that begin with // stay among agents."
)

// card is the first message of a thread: who asks, how things stand, and what can be done.
type card struct {
	// key makes the ids of the blocks; they must be new with each update.
	key      conversation.Key
	customer string
	state    conversation.State
	agent    conversation.Author
	// since is when the state began, or the customer began to wait.
	since   time.Time
	waiting bool
	// over says how it ended; there are no buttons then.
	over string
	// call is the user group that is mentioned.
	call string
}

// status is the line that says how things stand.
func (c card) status() string {
	switch {
	case c.over != "":
		return c.over
	case c.state == conversation.Assigned && c.waiting:
		return "With " + agentLabel(c.agent) + ". The customer waits for an answer since " + clock(c.since)
	case c.state == conversation.Assigned:
		return "With " + agentLabel(c.agent)
	case c.state == conversation.InBot:
		return "Back with the bot"
	case c.state == conversation.Ended:
		return "Ended"
	}
	line := "Waiting for an agent"
	if !c.since.IsZero() {
		line += " since " + clock(c.since)
	}
	if c.call != "" {
		line += " <!subteam^" + c.call + ">"
	}
	return line
}

// open reports whether agents can do something.
func (c card) open() bool {
	return c.over == "" && c.state != conversation.InBot && c.state != conversation.Ended
}

// text is what notifications show, and programs that show no blocks.
func (c card) text() string { return escape(c.name()) + ": " + c.status() }

func (c card) name() string {
	if strings.TrimSpace(c.customer) == "" {
		return "Customer"
	}
	return connector.CutText(c.customer, maxName)
}

// blocks are the card as it is shown. Its text and its blocks are always written together [docs: chat.update].
func (c card) blocks() []slack.Block {
	head := slack.NewSectionBlock(
		slack.NewTextBlockObject(slack.MarkdownType, "*"+escape(strings.ReplaceAll(c.name(), "*", ""))+"*\n"+c.status(), false, false), nil, nil,
		slack.SectionBlockOptionBlockID(blockID(c.key, 1)))
	if !c.open() {
		return []slack.Block{head}
	}
	return []slack.Block{
		head,
		slack.NewActionBlock(blockID(c.key, 0), c.buttons()...),
		slack.NewContextBlock(blockID(c.key, 2), slack.NewTextBlockObject(slack.PlainTextType, howTo, false, false)),
	}
}

func (c card) buttons() []slack.BlockElement {
	reference := conversationOf(string(c.key))
	button := func(action, label string) *slack.ButtonBlockElement {
		return slack.NewButtonBlockElement(action, reference, slack.NewTextBlockObject(slack.PlainTextType, label, false, false))
	}
	take := button(actionClaim, "Claim").WithStyle(slack.StylePrimary)
	if c.state == conversation.Assigned {
		take = button(actionRelease, "Release")
	}
	plain := func(text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.PlainTextType, text, false, false)
	}
	end := button(actionClose, "Close").WithStyle(slack.StyleDanger).WithConfirm(slack.NewConfirmationBlockObject(
		plain("Close?"), plain("The conversation with the customer ends."), plain("Close"), plain("No")))
	return []slack.BlockElement{
		take, slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plain("Transfer to"), actionTransfer), button(actionBack, "Back to bot"), end,
	}
}

// agentLabel names an agent without pinging: by name, else by a mention, which does not ping in an update.
func agentLabel(a conversation.Author) string {
	switch {
	case a.Name != "":
		return escape(a.Name)
	case isUser(a.ID):
		return "<@" + a.ID + ">"
	}
	return "an agent"
}

// clock is an instant that each reader sees in his own time zone [docs: formatting, dates].
func clock(at time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", at.Unix(), at.UTC().Format("2006-01-02 15:04 UTC"))
}
