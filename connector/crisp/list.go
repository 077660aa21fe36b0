package crisp

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// maxPages bounds how far back a list goes, and costOfLook is what a look usually costs.
	maxPages   = 20
	costOfLook = 2
	// maxLooks bounds for how many tickets the last look is remembered.
	maxLooks = 4096
)

// looks is when tickets were read last. The zero value is ready.
type looks struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// due reports whether a ticket may be read again, and notes that it is.
func (l *looks) due(id string, every time.Duration, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, is := l.last[id]; is && now.Sub(last) < every {
		return false
	}
	if l.last == nil || len(l.last) >= maxLooks {
		l.last = map[string]time.Time{}
	}
	l.last[id] = now
	return true
}

// ListMessages reads what web hooks may not have told: what operators said, under the same ids, who has the conversation
// if that differs from what we believe, and whether it is resolved. Each look costs calls of the day's quota, so a ticket
// is read once in heal_every at most, and only while calls can be spared; in between nothing is news. The last look before
// a close, which comes without an agent, is always taken.
func (c *Client) ListMessages(ctx context.Context, req connector.ListRequest) ([]connector.Inbound, error) {
	const op = "ListMessages"
	id, err := sessionOf(op, req.Ticket)
	if err != nil {
		return nil, err
	}
	last := req.State == conversation.Assigned && req.Agent == ""
	now := time.Now()
	if !last && (!c.looks.due(id, time.Duration(c.config.HealEvery), now) || !c.spare.AllowN(now, costOfLook)) {
		return nil, nil
	}
	var s session
	if err := c.call(ctx, op, http.MethodGet, c.session(id, ""), nil, &s); err != nil {
		return nil, err
	}
	messages, err := c.messages(ctx, op, id, req.Ticket.Vendor[openingKey])
	if err != nil {
		return nil, err
	}
	var list []connector.Inbound
	add := func(ev conversation.Event) {
		list = append(list, connector.Inbound{Ref: connector.Ref{Ticket: id}, Event: ev})
	}
	for _, m := range messages {
		ev, ok := c.said(id, m)
		if !ok || ev.Kind == conversation.SendProven {
			continue
		}
		add(ev)
		if ev.Kind == conversation.AgentSaid && m.Edited {
			if edited, ok := edited(id, m.Fingerprint, m.Content, 0); ok {
				add(edited)
			}
		}
	}
	if s.State == stateResolved {
		add(closed(id))
		return list, nil
	}
	if ev, ok := c.standing(id, req, s, messages); ok {
		add(ev)
	}
	return list, nil
}

// messages reads a conversation back to its first message, oldest first.
func (c *Client) messages(ctx context.Context, op, id, opening string) ([]message, error) {
	var all []message
	path, oldest := c.session(id, "/messages"), int64(math.MaxInt64)
	for range maxPages {
		var page []message
		if err := c.call(ctx, op, http.MethodGet, path, nil, &page); err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		slices.SortStableFunc(page, func(a, b message) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
		if page[0].Timestamp >= oldest {
			break
		}
		oldest = page[0].Timestamp
		all = append(page, all...)
		if slices.ContainsFunc(page, func(m message) bool { return fingerprintText(m.Fingerprint) == opening }) {
			break
		}
		path = c.session(id, "/messages?"+url.Values{"timestamp_before": {strconv.FormatInt(oldest, 10)}}.Encode())
	}
	return all, nil
}

// standing tells who has the conversation, where that differs from what we believe. It has no time: it is how things
// stand now. The same change may come again, so its id tells also what we believed and what was said last.
func (c *Client) standing(id string, req connector.ListRequest, s session, messages []message) (conversation.Event, bool) {
	believed := req.State == conversation.Assigned
	ev := conversation.Event{TicketID: id, Weak: true}
	switch who := s.Assigned.UserID; {
	case who == "" && believed && req.Agent != "" && !spoke(req.Agent, messages):
		ev.Kind = conversation.AgentUnassigned
	case who == "" || believed && (who == req.Agent || req.Agent == ""):
		return ev, false
	default:
		ev.Kind, ev.Agent, ev.Author = conversation.AgentAssigned, who, c.author(user{ID: who})
	}
	last := ""
	if n := len(messages); n > 0 {
		last = fingerprintText(messages[n-1].Fingerprint)
	}
	ev.ID = weakID(c.config.WebsiteID, id, string(ev.Kind), ev.Agent, string(req.State), req.Agent, last)
	return ev, true
}

// spoke reports whether an operator wrote to the customer: who answers has a conversation without being assigned to it.
func spoke(userID string, messages []message) bool {
	return slices.ContainsFunc(messages, func(m message) bool { return m.From == fromOperator && m.User.ID == userID })
}
