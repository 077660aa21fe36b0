package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/handoff-engine/handoff/conversation"
)

// attributes are the values of the search attributes.
type attributes struct {
	state, reason, route, desk, ticket, agent string
	since                                     time.Time
}

func attributesOf(c *conversation.Conversation) attributes {
	a := attributes{state: string(c.State), since: c.Since, reason: string(c.Reason), ticket: c.CurrentTicket()}
	if c.Rules >= conversation.RulesFlows && (c.State == conversation.Waiting || c.State == conversation.Reassigning) {
		// The place in the queue goes by when the customer began to wait, whoever has been asked since.
		a.since = c.WaitingSince
	}
	if c.Parked != "" {
		a.reason = string(c.Parked)
	}
	a.route, a.desk = c.Route.Name, c.DeskName()
	if c.State == conversation.Assigned {
		a.agent = AgentAttribute(c.Agent.ID)
	}
	return a
}

// show tells the web UI and visibility how things stand: one upsert when something searchable changed, and the current
// details, which cost no history.
func (r *runner) show(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, details(r.c))
	now := attributesOf(r.c)
	if now == r.shown {
		return
	}
	was := r.shown
	r.shown = now
	var updates []temporal.SearchAttributeUpdate
	keyword := func(key temporal.SearchAttributeKeyKeyword, old, value string) {
		switch {
		case old == value:
		case value == "":
			updates = append(updates, key.ValueUnset())
		default:
			updates = append(updates, key.ValueSet(value))
		}
	}
	keyword(AttributeState, was.state, now.state)
	keyword(AttributeReason, was.reason, now.reason)
	keyword(AttributeRoute, was.route, now.route)
	keyword(AttributeDesk, was.desk, now.desk)
	keyword(AttributeTicket, was.ticket, now.ticket)
	keyword(AttributeAgent, was.agent, now.agent)
	if !was.since.Equal(now.since) {
		updates = append(updates, AttributeSince.ValueSet(now.since))
	}
	if len(updates) == 0 {
		return
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		workflow.GetLogger(ctx).Error("search attributes not set", "error", err)
	}
}

// details is what a person sees on the conversation's page of the web UI.
func details(c *conversation.Conversation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", c.State)
	owner := c.Owner()
	if c.State == conversation.Assigned {
		owner = "agent " + c.Agent.Name
		if c.Agent.Name == "" {
			owner = "agent " + AgentAttribute(c.Agent.ID)
		}
	}
	fmt.Fprintf(&b, "**Owner** %s, since %s", escape(owner), stamp(c.Since))
	if c.Reason != "" {
		fmt.Fprintf(&b, " (%s)", c.Reason)
	}
	b.WriteString("\n\n")
	if c.Parked != "" {
		fmt.Fprintf(&b, "**Nobody is expected** before the deadline: %s\n\n", c.Parked)
	}
	if c.Rating > 0 {
		fmt.Fprintf(&b, "**Rating** %d of 5\n\n", c.Rating)
	}
	if d, ok := c.NextDeadline(); ok {
		fmt.Fprintf(&b, "**Next deadline** %s at %s\n\n", d.Name, stamp(d.At))
	}
	if t := c.CurrentTicket(); t != "" {
		fmt.Fprintf(&b, "**Ticket** `%s`\n\n", t)
	}
	k := c.Counts
	fmt.Fprintf(&b, "**Events** %d received: %d applied, %d duplicates, %d ignored  \n", k.Received, k.Applied, k.Duplicates, k.Ignored)
	fmt.Fprintf(&b, "**Effects** %d decided: %d delivered, %d pending, %d withheld, %d uncertain, %d failed\n\n",
		k.Decided, k.Delivered, c.Pending(), k.Withheld, k.Uncertain, k.Failed)
	if trouble := c.Trouble(); len(trouble) > 0 {
		b.WriteString("#### Sends in trouble\n\n")
		for _, e := range trouble[max(0, len(trouble)-10):] {
			fmt.Fprintf(&b, "- `%s` %s: **%s** (%s)\n", e.Key, e.Kind, e.Status, e.Reason)
		}
		b.WriteString("\n")
	}
	lines := c.Transcript.Lines
	if len(lines) > 0 {
		b.WriteString("#### Last lines\n\n")
	}
	for _, l := range lines[max(0, len(lines)-8):] {
		text := l.Text
		if l.Attachment != nil {
			text += " [attachment]"
		}
		fmt.Fprintf(&b, "- %s **%s** %s\n", l.At.UTC().Format("15:04:05"), l.Role, escape(cut(text, 160)))
	}
	return b.String()
}

// summary is what an activity is called in the timeline: its kind and how many, never what was said.
func summary(task conversation.Task) string {
	first := task.Effects[0]
	s := fmt.Sprintf("%s → %s", strings.ReplaceAll(string(first.Kind), "_", " "), task.Connection)
	if len(task.Effects) > 1 {
		s += fmt.Sprintf(" (%d)", len(task.Effects))
	}
	return s
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// escape keeps what people wrote from being read as Markdown or HTML.
func escape(s string) string {
	return strings.NewReplacer("\n", " ", "\r", " ", "<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "#", `\#`, "|", `\|`).Replace(s)
}

func cut(s string, runes int) string {
	n := 0
	for i := range s {
		if n == runes {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
