package crisp

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// The availabilities of the workspace and of operators (go-crisp-api, website_availability.go and website_operator.go).
const (
	statusOnline  = "online"
	statusAway    = "away"
	statusOffline = "offline"
)

// Assign gives the conversation to an operator, named by his user_id, or moves it to a sub-inbox, where nobody has it,
// or takes it from whoever has it. Whether Crisp refuses an operator who is not there is not known, so the list of
// operators is asked first: an unknown one is NotFound, one who is offline a Conflict.
func (c *Client) Assign(ctx context.Context, req connector.AssignRequest) error {
	const op = "Assign"
	id, err := sessionOf(op, req.Ticket)
	if err != nil {
		return err
	}
	var to routing
	if req.Agent != "" {
		if err := c.there(ctx, op, req.Agent); err != nil {
			return err
		}
		to.Assigned = &assigned{UserID: req.Agent}
	}
	if req.Group != "" {
		if err := c.move(ctx, op, id, req.Group); err != nil {
			return err
		}
	}
	return c.call(ctx, op, http.MethodPatch, c.session(id, "/routing"), to, nil)
}

// there gives an error unless the operator can take a conversation.
func (c *Client) there(ctx context.Context, op, userID string) error {
	operators, err := c.listOperators(ctx, op)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(operators, func(o operator) bool { return o.Details.UserID == userID })
	switch {
	case i < 0:
		return connector.Errorf(Name, op, connector.NotFound, "the workspace has no such operator")
	case operators[i].Details.Availability == statusOffline:
		return connector.Errorf(Name, op, connector.Conflict, "the operator is offline")
	}
	return nil
}

// listOperators gives the operators as they were within the last minute.
func (c *Client) listOperators(ctx context.Context, op string) ([]operator, error) {
	if operators, fresh := c.operators.get(time.Now()); fresh {
		return operators, nil
	}
	var operators []operator
	if err := c.call(ctx, op, http.MethodGet, c.website("/operators/list"), nil, &operators); err != nil {
		return nil, err
	}
	c.operators.set(operators, time.Now())
	return operators, nil
}

// CloseTicket resolves the conversation, and says in a note that the customer left, if so: Crisp itself does not tell
// who resolved it.
func (c *Client) CloseTicket(ctx context.Context, req connector.CloseRequest) error {
	const op = "CloseTicket"
	id, err := sessionOf(op, req.Ticket)
	if err != nil {
		return err
	}
	if req.ByCustomer {
		if err := c.note(ctx, op, id, req.Key, "The customer left."); err != nil {
			return err
		}
	}
	if err := c.call(ctx, op, http.MethodPatch, c.session(id, "/state"), map[string]string{"state": stateResolved}, nil); err != nil {
		return err
	}
	c.closed.Set(conversation.Key(id), 1)
	return nil
}

// Availability says what the workspace's chat would show: there is one answer for all sub-inboxes. It is kept for a
// minute. When the day's calls are used up nobody can be asked for, so nobody is there; when only what can be spared is
// used up, it is unknown.
func (c *Client) Availability(ctx context.Context, _ connector.AvailabilityRequest) (connector.Availability, error) {
	const op = "Availability"
	if c.limit.gone(time.Now()) {
		return connector.Offline, nil
	}
	if known, fresh := c.available.get(time.Now()); fresh {
		return known, nil
	}
	if !c.spare.Allow() {
		return connector.AvailabilityUnknown, nil
	}
	var got struct {
		Status string `json:"status"`
	}
	if err := c.call(ctx, op, http.MethodGet, c.website("/availability/status"), nil, &got); err != nil {
		return connector.AvailabilityUnknown, err
	}
	there := connector.AvailabilityUnknown
	switch got.Status {
	case statusOnline:
		there = connector.Online
	case statusAway, statusOffline:
		there = connector.Offline
	}
	c.available.set(there, time.Now())
	return there, nil
}

// Check proves that the token works, that a plugin is installed on the workspace, and that operators, availability and
// conversations may be read. Scopes that only writing needs show with the first call that needs them.
func (c *Client) Check(ctx context.Context) error {
	const op = "Check"
	for _, path := range []string{"/availability/status", "/operators/list", "/conversations/1"} {
		if err := c.call(ctx, op, http.MethodGet, c.website(path), nil, nil); err != nil {
			return err
		}
	}
	return nil
}
