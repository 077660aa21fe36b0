package livechat

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// ListMessages reads what webhooks may not have told: the words of the ticket's thread under the same ids, and as they
// were edited, the messages that were taken away, who has the ticket if that differs from what we believe, whether its
// agent is away, whether it is closed, and a thread that an agent opened after it.
func (c *Client) ListMessages(ctx context.Context, req connector.ListRequest) ([]connector.Inbound, error) {
	const op = "ListMessages"
	chatID, threadID, err := parseTicket(op, req.Ticket)
	if err != nil {
		return nil, err
	}
	newest, err := c.getChat(ctx, op, chatID, "")
	if err != nil {
		return nil, err
	}
	own := newest
	if newest.Thread.ID != threadID {
		if own, err = c.getChat(ctx, op, chatID, threadID); err != nil {
			return nil, err
		}
	}
	var list []connector.Inbound
	ref := connector.Ref{Ticket: req.Ticket.ID}
	add := func(events ...conversation.Event) {
		for _, ev := range events {
			list = append(list, connector.Inbound{Ref: ref, Event: ev})
		}
	}
	for _, e := range own.Thread.Events {
		for _, ev := range c.said(req.Ticket.ID, e) {
			// Our own sends are no news: FindSent settles the uncertain ones.
			if ev.Kind == conversation.SendProven {
				continue
			}
			add(ev)
			if again, ok := edited(ev); ok {
				add(again)
			}
		}
	}
	add(gaps(*own.Thread)...)
	if own.Thread.Active {
		add(c.standing(ctx, req, own)...)
		return list, nil
	}
	add(closed(req.Ticket.ID))
	if newest.Thread.ID != threadID && newest.Thread.Active && byAgent(*newest.Thread) {
		add(c.threadBegan(newest)...)
	}
	return list, nil
}

// maxGaps bounds the messages that are told to be gone.
const maxGaps = 100

// gaps gives the messages that a thread does not show any more, oldest first. Its events are numbered, so a number that
// is missing was taken away. The last one shows once something follows it, at the latest what LiveChat writes when the
// chat is closed.
func gaps(t thread) []conversation.Event {
	shown := map[int]bool{}
	last := 0
	for _, e := range t.Events {
		if n, err := strconv.Atoi(strings.TrimPrefix(e.ID, t.ID+"_")); err == nil {
			shown[n], last = true, max(last, n)
		}
	}
	var gone []conversation.Event
	for n := last - 1; n > 0 && len(gone) < maxGaps; n-- {
		if !shown[n] {
			gone = append(gone, deleted(t.ID+"_"+strconv.Itoa(n)))
		}
	}
	slices.Reverse(gone)
	return gone
}

// standing tells who has an open thread, where that differs from what we believe, and that its agent went away. It has
// no time: it is how things stand now. The same change may come again, so its id tells also what we believed and what was
// said last.
func (c *Client) standing(ctx context.Context, req connector.ListRequest, own chat) []conversation.Event {
	agents := c.agentsIn(own)
	believed := req.State == conversation.Assigned
	ev := conversation.Event{TicketID: req.Ticket.ID, Weak: true}
	switch {
	case len(agents) == 0 && believed:
		ev.Kind = conversation.AgentUnassigned
	case len(agents) == 0:
		return nil
	case believed && slices.ContainsFunc(agents, func(u user) bool { return u.ID == req.Agent }):
		away, looked := c.away(ctx, "ListMessages", req.Agent)
		if looked.IsZero() {
			return nil
		}
		ev.Kind, ev.Agent = conversation.AgentOnline, req.Agent
		if away {
			ev.Kind = conversation.AgentOffline
		}
		// The agent may go and come back any number of times: each look is another.
		ev.ID = weakID(c.connection, req.Ticket.ID, string(ev.Kind), ev.Agent, looked.UTC().Format(time.RFC3339Nano))
		return []conversation.Event{ev}
	default:
		ev.Kind, ev.Agent, ev.Author = conversation.AgentAssigned, agents[0].ID, c.author(agents[0].ID, agents[0].Name)
	}
	last := ""
	if n := len(own.Thread.Events); n > 0 {
		last = own.Thread.Events[n-1].ID
	}
	ev.ID = weakID(c.connection, req.Ticket.ID, string(ev.Kind), ev.Agent, string(req.State), req.Agent, last)
	return []conversation.Event{ev}
}
