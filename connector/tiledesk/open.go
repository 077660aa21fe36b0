package tiledesk

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// patience is how often the desk may refuse to route a conversation before it is taken for a no.
const patience = 3

// Open asks for an agent: for the mirror that agents have read along, or for a conversation made now, with what was said
// before. The same Key opens one ticket however often it is called, because its id is the key's. Where the project's
// quota is used up, or the department is gone, it is Unavailable at first and Conflict at the third time.
func (c *Client) Open(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	o := opening{req: req, showing: showing{
		Client: c, op: "Open", key: req.Key, conversation: req.Conversation, customer: req.Customer,
		id: c.ticketID(req.Key), group: req.Group, link: req.Link,
	}}
	if req.Group != "" {
		if err := c.isDepartment(ctx, o.op, req.Group); err != nil {
			return conversation.Ticket{}, err
		}
	}
	o.as.id = c.knownIn(req)
	earlier, err := o.mirrored(ctx)
	if err != nil {
		return conversation.Ticket{}, err
	}
	if err := o.find(ctx); err != nil {
		return conversation.Ticket{}, err
	}
	if o.now.Status == statusClosed {
		// An earlier call with this key opened it, and somebody has closed it since.
		return o.ticket(), nil
	}
	lines := o.lines(req.Transcript)
	if req.Mirrored == nil || req.Mirrored.ID == "" {
		lines = o.folded(req.Transcript)
	}
	if err := o.show(ctx, append(earlier, lines...)); err != nil {
		return conversation.Ticket{}, err
	}
	if err := o.tellFields(ctx); err != nil {
		return conversation.Ticket{}, err
	}
	if err := o.tellPriority(ctx); err != nil {
		return conversation.Ticket{}, err
	}
	if len(o.now.people()) > 0 {
		return o.ticket(), nil
	}
	return o.ticket(), o.ask(ctx)
}

// FindTicket looks for the conversation that Open made, whose id is the key's.
func (c *Client) FindTicket(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, bool, error) {
	s := showing{Client: c, op: "FindTicket", id: c.ticketID(req.Key)}
	now, err := c.getRequest(ctx, s.op, s.id)
	if connector.KindOf(err) == connector.NotFound {
		return conversation.Ticket{}, false, nil
	}
	if err != nil {
		return conversation.Ticket{}, false, err
	}
	s.as.id, s.as.name = now.Lead.LeadID, req.Customer.Name
	return s.ticket(), true, nil
}

// opening is one call of Open.
type opening struct {
	showing
	req connector.OpenRequest
}

// mirrored takes the mirror for the ticket if it is open. Of one that was closed it gives the messages, for the new one.
func (o *opening) mirrored(ctx context.Context) ([]outgoing, error) {
	mirror := o.req.Mirrored
	if mirror == nil || mirror.ID == "" {
		return nil, nil
	}
	now, err := o.getRequest(ctx, o.op, mirror.ID)
	switch {
	case connector.KindOf(err) == connector.NotFound:
		return nil, nil
	case err != nil:
		return nil, err
	case now.Status != statusClosed:
		o.id = mirror.ID
		return nil, nil
	}
	messages, err := o.getMessages(ctx, o.op, mirror.ID)
	if err != nil {
		return nil, err
	}
	var lines []outgoing
	for _, m := range messages {
		mark := m.Attributes.text(markAttribute)
		if mark == "" || m.Attributes.has(subtypeAttribute) {
			continue
		}
		line := compose(mark, o.conversation, person{m.Sender, m.SenderFullname}, m.Text)
		if m.Metadata.Src != "" {
			file := m.Metadata
			line.Type, line.Metadata = m.Type, &file
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// find reads the ticket as it is now, if it is there.
func (o *opening) find(ctx context.Context) error {
	now, err := o.getRequest(ctx, o.op, o.id)
	if connector.KindOf(err) == connector.NotFound {
		o.have = map[string]string{}
		o.as.name = o.customer.Name
		return nil
	}
	if err != nil {
		return err
	}
	o.now = now
	if o.as.id == "" {
		o.as.id = now.Lead.LeadID
	}
	if err := o.look(ctx); err != nil {
		return err
	}
	o.exists = true
	return nil
}

// ask gets somebody: the agent who is asked for, if he can have it, else whoever the department finds.
func (o *opening) ask(ctx context.Context) error {
	if o.req.Agent != "" {
		err := o.give(ctx, o.op, o.now, o.id, o.req.Agent)
		if err == nil || !connector.KindOf(err).Permanent() {
			return err
		}
		o.log.Warn("conversation was opened and not given to the agent asked for", "op", o.op, "key", o.key, "kind", connector.KindOf(err))
	}
	var err error
	if o.now.Status < statusAssigned {
		_, err = o.assign(ctx, o.op, o.key, o.id, o.departmentOf(o.req.Group, o.now))
	} else {
		// A bot of the desk has it.
		_, err = o.route(ctx, o.op, o.key, requestPath(o.id, "/departments"), routing{NoBot: true, Department: o.departmentOf(o.req.Group, o.now)})
	}
	return err
}

// tellFields writes what the bot collected as a note, unless it is there.
func (o *opening) tellFields(ctx context.Context) error {
	fields := maps.Clone(o.customer.Fields)
	if fields == nil {
		fields = map[string]string{}
	}
	if o.customer.Phone != "" {
		fields["phone"] = o.customer.Phone
	}
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if fields[key] != "" {
			lines = append(lines, key+": "+fields[key])
		}
	}
	text := strings.Join(lines, "\n")
	if text == "" || slices.ContainsFunc(o.now.Notes, func(n note) bool { return n.Text == text }) {
		return nil
	}
	err := o.addNote(ctx, o.op, o.id, text)
	if connector.KindOf(err).Permanent() {
		// It does not keep the customer from an agent.
		o.log.Warn("what the bot collected was not noted", "op", o.op, "key", o.key, "kind", connector.KindOf(err))
		return nil
	}
	return err
}

// tellPriority says how urgent it is, in Tiledesk's words.
func (o *opening) tellPriority(ctx context.Context) error {
	priority := o.req.Priority
	if priority == "normal" {
		priority = "medium"
	}
	if priority == "" || priority == o.now.Priority {
		return nil
	}
	err := o.patch(ctx, o.op, o.id, map[string]any{"priority": priority})
	if connector.KindOf(err).Permanent() {
		o.log.Warn("priority was not taken", "op", o.op, "key", o.key, "kind", connector.KindOf(err))
		return nil
	}
	return err
}

// departmentOf is the department to ask: the one named, else the connection's, else the conversation's own, because a
// call that names none moves it to the default one (observed).
func (c *Client) departmentOf(group string, now request) string {
	for _, id := range []string{group, c.config.Department, now.Department.ID} {
		if id != "" {
			return id
		}
	}
	return ""
}

// assign has the department find somebody for a conversation that nobody has. It changes nothing about one that somebody
// has, or that is closed, so it may be repeated (observed).
func (c *Client) assign(ctx context.Context, op string, key conversation.Key, id, department string) (request, error) {
	return c.route(ctx, op, key, requestPath(id, "/assign"), routing{NoBot: true, Department: department})
}

// routing is the body of the calls that have a department find somebody.
type routing struct {
	NoBot      bool   `json:"nobot"`
	Department string `json:"departmentid,omitempty"`
}

// route makes such a call. What the desk refuses again and again it will not do: its quota is used up for the month.
func (c *Client) route(ctx context.Context, op string, key conversation.Key, path string, body any) (request, error) {
	var now request
	err := c.call(ctx, call{op: op, method: http.MethodPut, path: path, body: body}, &now)
	if err == nil && now.Status == 0 {
		return now, connector.Errorf(Name, op, connector.UncertainOutcome, "the conversation has no status")
	}
	if connector.CodeOf(err) != codeRouting {
		c.refused.Forget(key)
		return now, err
	}
	times := c.refused.Of(key) + 1
	c.refused.Set(key, times)
	if times < patience {
		return now, err
	}
	c.refused.Forget(key)
	c.log.Error("conversation cannot be routed: the department is gone or the project's quota is used up", "op", op, "key", key)
	return now, &connector.Error{Connector: Name, Op: op, Kind: connector.Conflict, Status: http.StatusInternalServerError, Code: codeRouting}
}
