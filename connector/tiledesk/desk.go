package tiledesk

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// What a change of agent is remembered by, on the conversation itself: the key of the last one, and who had it before.
// While that is who has it still, the conversation tells nothing new about it (standing).
const (
	assignKeyAttribute  = "handoff_assign_key"
	assignFromAttribute = "handoff_assign_from"
)

// Assign gives the conversation to an agent (by his user id or e-mail), to a department, or to the next available agent
// of its department. It looks first, because the desk's own calls would move it on at each repeat. An agent who is away,
// and a department of which nobody is available, are Conflict; with nobody named, the conversation waits in the queue.
func (c *Client) Assign(ctx context.Context, req connector.AssignRequest) error {
	const op = "Assign"
	id := req.Ticket.ID
	now, err := c.getRequest(ctx, op, id)
	if err != nil {
		return err
	}
	if now.Status == statusClosed {
		// The next calls would open it again (observed).
		return connector.Errorf(Name, op, connector.Conflict, "the conversation is closed")
	}
	nobody := now.Status < statusAssigned
	switch {
	case req.Agent != "":
		return c.give(ctx, op, now, id, req.Agent)
	case req.Group != "":
		if err := c.isDepartment(ctx, op, req.Group); err != nil {
			return err
		}
		if nobody && now.Department.ID == req.Group {
			now, err = c.assign(ctx, op, req.Key, id, req.Group)
		} else {
			now, err = c.moveOnce(ctx, op, req.Key, now, requestPath(id, "/departments"), routing{NoBot: true, Department: req.Group})
		}
		if err == nil && now.Status != statusAssigned && now.Department.Routing == "assigned" {
			return connector.Errorf(Name, op, connector.Conflict, "nobody of the department is available")
		}
		return err
	case nobody:
		_, err = c.assign(ctx, op, req.Key, id, c.departmentOf(now.Department.ID, now))
		return err
	}
	_, err = c.moveOnce(ctx, op, req.Key, now, requestPath(id, "/agent"), struct{}{})
	return err
}

// moveOnce makes a call that moves a conversation to another agent each time it is made. Who has it now is written down
// under the key first: a repeat that finds somebody else has nothing left to do.
func (c *Client) moveOnce(ctx context.Context, op string, key conversation.Key, now request, path string, body any) (request, error) {
	from := now.holders()
	if now.Attributes.text(assignKeyAttribute) == string(key) {
		if now.Attributes.text(assignFromAttribute) != from {
			return now, nil
		}
	} else {
		intent := map[string]string{assignKeyAttribute: string(key), assignFromAttribute: from}
		if err := c.call(ctx, call{op: op, method: http.MethodPatch, path: requestPath(now.RequestID, "/attributes"), body: intent}, nil); err != nil {
			return now, err
		}
	}
	return c.route(ctx, op, key, path, body)
}

// give makes an agent the one who has a conversation. The desk checks neither that there is such an agent nor that he is
// there (observed), so we do.
func (c *Client) give(ctx context.Context, op string, now request, id, agent string) error {
	if slices.Equal(now.people(), []string{agent}) {
		return nil
	}
	var users []user
	if err := c.call(ctx, call{op: op, method: http.MethodGet, path: "/project_users"}, &users); err != nil {
		return err
	}
	i := slices.IndexFunc(users, func(u user) bool {
		return isStaff(u.User.ID) && (u.User.ID == agent || strings.EqualFold(u.User.Email, agent))
	})
	switch {
	case i < 0:
		return connector.Errorf(Name, op, connector.NotFound, "the project has no such agent")
	case slices.Equal(now.people(), []string{users[i].User.ID}):
		return nil
	case !users[i].Available:
		return connector.Errorf(Name, op, connector.Conflict, "the agent is not available")
	}
	return c.call(ctx, call{op: op, method: http.MethodPut, path: requestPath(id, "/participants"), body: []string{users[i].User.ID}}, &request{})
}

// isDepartment proves that a department is there: to route to one that is not looks like any failure of the server.
func (c *Client) isDepartment(ctx context.Context, op, id string) error {
	if !objectID.MatchString(id) {
		return connector.Errorf(Name, op, connector.Invalid, "the group is not the id of a department")
	}
	var got entity
	err := c.call(ctx, call{op: op, method: http.MethodGet, path: "/departments/" + id}, &got)
	if err == nil && got.ID != id {
		return connector.Errorf(Name, op, connector.NotFound, "the project has no such department")
	}
	return err
}

// CloseTicket closes the conversation. One that is closed is left alone: closing it again would be told once more
// (observed).
func (c *Client) CloseTicket(ctx context.Context, req connector.CloseRequest) error {
	const op = "CloseTicket"
	now, err := c.getRequest(ctx, op, req.Ticket.ID)
	if err != nil || now.Status == statusClosed {
		return err
	}
	return c.call(ctx, call{op: op, method: http.MethodPut, path: requestPath(req.Ticket.ID, "/close"), body: struct{}{}}, &request{})
}

// WriteNote writes an internal note. Notes carry nothing of ours, so one of unknown outcome that is repeated may be there
// twice.
func (c *Client) WriteNote(ctx context.Context, req connector.NoteRequest) error {
	return c.addNote(ctx, "WriteNote", req.Ticket.ID, req.Text)
}

// addNote adds a note. To one for a conversation that is not there the server answers as if all were well, with null
// (observed).
func (c *Client) addNote(ctx context.Context, op, id, text string) error {
	var now request
	err := c.call(ctx, call{op: op, method: http.MethodPost, path: requestPath(id, "/notes"), body: note{text}}, &now)
	if err == nil && now.Status == 0 {
		return connector.Errorf(Name, op, connector.NotFound, "the conversation is gone")
	}
	return err
}

// WriteRating keeps how the customer liked the help, on the conversation, closed or not (code: routes/request.js).
func (c *Client) WriteRating(ctx context.Context, req connector.RatingReport) error {
	rating := map[string]any{"rating": req.Rating}
	if req.Comment != "" {
		rating["rating_message"] = req.Comment
	}
	return c.patch(ctx, "WriteRating", req.Ticket.ID, rating)
}

// patch changes what is told of a conversation. Doing it again changes nothing.
func (c *Client) patch(ctx context.Context, op, id string, fields map[string]any) error {
	return c.call(ctx, call{op: op, method: http.MethodPatch, path: requestPath(id, ""), body: fields}, &request{})
}

// Availability asks who is available, by the agents' own switches and the project's hours. The call needs no
// credentials.
func (c *Client) Availability(ctx context.Context, req connector.AvailabilityRequest) (connector.Availability, error) {
	const op = "Availability"
	address := c.config.BaseURL + "/projects/" + c.config.ProjectID + "/users/availables"
	if department := c.departmentOf(req.Group, request{}); department != "" {
		address += "?department=" + url.QueryEscape(department)
	}
	var there []struct{}
	if err := c.send(ctx, call{op: op, method: http.MethodGet}, address, "", &there); err != nil {
		return connector.AvailabilityUnknown, err
	}
	if len(there) == 0 {
		return connector.Offline, nil
	}
	return connector.Online, nil
}
