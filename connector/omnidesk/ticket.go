package omnidesk

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// read reads a ticket with its timeline; nil without an API key, or where the vendor did not tell the ticket's number.
func (c *Client) read(ctx context.Context, op string, t conversation.Ticket) (*ticket, error) {
	id := t.Vendor[vendorTicket]
	if len(c.config.APIKey) == 0 || id == "" {
		return nil, nil
	}
	got, err := c.call(ctx, httpx.Request{
		Op: op, Method: http.MethodGet, URL: c.config.BaseURL + ticketPath + url.PathEscape(id) + "?getTicketHistory=true",
	})
	if err == nil && got.Item == nil {
		return nil, connector.Errorf(Name, op, connector.UncertainOutcome, "the answer shows no ticket")
	}
	return got.Item, err
}

// FindSent looks for an earlier send in the ticket's timeline: for its words, or for a file's name and caption. It is asked
// only where timeline_zone is set, because the vendor's times name no zone. How a message looks in the timeline is not
// documented: notes, events and what an agent wrote are passed over, and so is everything from before the second of the
// first try; times are whole seconds there.
func (c *Client) FindSent(ctx context.Context, req connector.FindRequest) (connector.Receipt, bool, error) {
	t, err := c.read(ctx, "FindSent", req.Ticket)
	if err != nil || t == nil {
		return connector.Receipt{}, false, err
	}
	count := func(shows func(e entry) bool) (times int) {
		for _, e := range t.Timeline {
			at, err := time.ParseInLocation(time.DateTime, string(e.CreatedAt), c.zone)
			if err == nil && !at.Before(req.Since.Truncate(time.Second)) && e.fromCustomer() && shows(e) {
				times++
			}
		}
		return times
	}
	says := func(text string) func(e entry) bool {
		// The last part: parts are sent in order, so that it is there if all are.
		parts := connector.SplitText(text, maxText)
		return func(e entry) bool { return len(parts) > 0 && sameText(string(e.Content), parts[len(parts)-1]) }
	}
	if count(says(req.Text)) > req.Skip {
		return connector.Receipt{}, true, nil
	}
	a := req.Attachment
	if a == nil || a.Name == "" || count(func(e entry) bool { return holds(e.whole, a.Name) }) <= req.Skip {
		return connector.Receipt{}, false, nil
	}
	caption := strings.TrimSpace(strings.TrimSuffix(req.Text, a.Name+"\n"+a.URL))
	return connector.Receipt{}, caption == "" || count(says(caption)) > req.Skip, nil
}

// holds reports whether a text is anywhere in a value of JSON.
func holds(value any, text string) bool {
	switch v := value.(type) {
	case string:
		return v == text
	case []any:
		return slices.ContainsFunc(v, func(x any) bool { return holds(x, text) })
	case map[string]any:
		for _, x := range v {
			if holds(x, text) {
				return true
			}
		}
	}
	return false
}

// fromCustomer reports whether the customer may have written it.
func (e entry) fromCustomer() bool {
	return e.UserID == 0 && e.Type != "note" && e.Type != "event"
}

// sameText compares a text of the vendor's, which may be HTML, with one of ours.
func sameText(have, want string) bool {
	want = strings.TrimSpace(want)
	return want != "" && (strings.TrimSpace(have) == want || textOf(have) == want)
}

// ListMessages tells how the ticket stands, if there is an API key: that it is closed, and, while nobody is known to have
// it, to whom it is assigned. It tells no words: the timeline has no ids that the hookpoints have too, so that what was
// said could not be told from what is missing.
func (c *Client) ListMessages(ctx context.Context, req connector.ListRequest) ([]connector.Inbound, error) {
	t, err := c.read(ctx, "ListMessages", req.Ticket)
	if err != nil || t == nil {
		return nil, err
	}
	session := req.Ticket.ID
	switch agent := idOf(t.AssignedUserID); {
	case t.closed():
		return []connector.Inbound{c.closing(time.Time{}, session)}, nil
	case agent != "" && req.State == conversation.Waiting && req.Agent == "":
		return []connector.Inbound{inbound(session, conversation.Event{
			Kind: conversation.AgentAssigned, ID: connector.MadeID(c.connection, "assigned", session, agent), Agent: agent,
			Author: conversation.Author{ID: agent},
		})}, nil
	}
	return nil, nil
}
