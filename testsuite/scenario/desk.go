package scenario

import (
	"context"
	"fmt"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// desk plays one of the route's desks.
type desk struct {
	actor
	*office
	// can are its abilities; nobody says that nobody is there.
	can    conversation.Connection
	nobody bool
}

// office is where the agents are. They see what all desks show.
type office struct {
	tickets []*ticket
	// away names those who are not there.
	away map[string]bool
	// asks are whom it was asked for, oldest first.
	asks []ask
	seen []message
	// notes are handoff's own, for agents only.
	notes []message
	// words are the agents' own messages, by id.
	words []agentWords
	// edits are the customer's messages that were changed, rating the customer's, shows the state that the ticket shows.
	edits  []edit
	rating int
	shows  conversation.State
	// happened is what the desk's list of messages shows, told or not.
	happened []conversation.Event
}

type ticket struct {
	id     string
	key    conversation.Key
	desk   string
	closed bool
	gone   bool
	// shown is the last line that a mirrored ticket shows.
	shown int
}

// ask is one time that the desk was asked for somebody, by a new ticket or for the one it has.
type ask struct {
	whom    string
	opening bool
}

type agentWords struct {
	id, agent, text string
}

// current gives the newest ticket, or nil.
func (d *office) current() *ticket {
	if len(d.tickets) == 0 {
		return nil
	}
	return d.tickets[len(d.tickets)-1]
}

func (d *office) find(id string) *ticket {
	for _, t := range d.tickets {
		if t.id == id {
			return t
		}
	}
	return nil
}

// add makes a ticket.
func (d *desk) add(key conversation.Key) *ticket {
	t := &ticket{id: fmt.Sprintf("ticket-%d", len(d.tickets)+1), key: key, desk: d.name}
	d.tickets = append(d.tickets, t)
	return t
}

// whom names who is asked, as stories do.
func whom(agent, group string) string {
	switch {
	case agent != "" && group != "":
		return "agent " + agent + " of group " + group
	case agent != "":
		return "agent " + agent
	case group != "":
		return "group " + group
	}
	return "the queue"
}

// PrepareTicket makes the customer known.
func (d *desk) PrepareTicket(context.Context, connector.OpenRequest) (map[string]string, error) {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := d.mood.call(d.name, "PrepareTicket", s.now()); err != nil {
		return nil, err
	}
	return map[string]string{"customer": "known"}, nil
}

// Open opens a ticket, once for each key.
func (d *desk) Open(_ context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	lost, err := d.mood.send(d.name, "Open", s.now())
	if err != nil {
		return conversation.Ticket{}, err
	}
	t := d.byKey(req.Key)
	if t == nil {
		if req.Mirrored != nil {
			t = d.find(req.Mirrored.ID)
		}
		if t == nil {
			t = d.add(req.Key)
		}
		t.key = req.Key
		d.asks = append(d.asks, ask{whom(req.Agent, req.Group), true})
		s.log(agentSide, fmt.Sprintf("(%s is opened for %s)", t.id, whom(req.Agent, req.Group)))
		d.history(req.Transcript)
	}
	if lost {
		return conversation.Ticket{}, unanswered(d.name, "Open")
	}
	return conversation.Ticket{ID: t.id}, nil
}

// history shows what was said before.
func (d *desk) history(lines []conversation.Line) {
	for _, line := range lines {
		m := message{at: d.stage.now(), text: line.Text, who: string(line.Role), history: true}
		if line.Attachment != nil {
			m.file = fileName(*line.Attachment)
		}
		d.seen = append(d.seen, m)
		d.stage.log(agentSide, "  | "+m.said())
	}
}

// Mirror shows the agents what the bot does, each line once.
func (d *desk) Mirror(_ context.Context, req connector.MirrorRequest) (conversation.Ticket, error) {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	lost, err := d.mood.send(d.name, "Mirror", s.now())
	if err != nil {
		return conversation.Ticket{}, err
	}
	t := d.find(req.Ticket.ID)
	if t == nil {
		if t = d.byKey(req.Key); t == nil {
			t = d.add(req.Key)
			s.log(agentSide, "("+t.id+" shows what the bot does)")
		}
	}
	for _, line := range req.Lines {
		if line.N > t.shown {
			t.shown = line.N
			d.history([]conversation.Line{line})
		}
	}
	if lost {
		return conversation.Ticket{}, unanswered(d.name, "Mirror")
	}
	return conversation.Ticket{ID: t.id}, nil
}

// UpdateTicket has the ticket show how things stand.
func (d *desk) UpdateTicket(_ context.Context, req connector.UpdateRequest) error {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := d.mood.call(d.name, "UpdateTicket", s.now()); err != nil {
		return err
	}
	d.shows = req.Change.To
	return nil
}

// EditMessage changes or removes what the customer said.
func (d *desk) EditMessage(_ context.Context, req connector.EditRequest) error {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := d.mood.call(d.name, "EditMessage", s.now()); err != nil {
		return err
	}
	return change(d.seen, &d.edits, req)
}

// WriteRating keeps how the customer liked the help.
func (d *desk) WriteRating(_ context.Context, req connector.RatingReport) error {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := d.mood.call(d.name, "WriteRating", s.now()); err != nil {
		return err
	}
	d.rating = req.Rating
	s.log(agentSide, fmt.Sprintf("(the customer's rating is %d)", req.Rating))
	return nil
}

func (d *office) byKey(key conversation.Key) *ticket {
	for _, t := range d.tickets {
		if t.key == key {
			return t
		}
	}
	return nil
}

// Post shows the customer's text to the agents.
func (d *desk) Post(_ context.Context, req connector.PostRequest) (connector.Receipt, error) {
	return d.show("Post", req.Ticket.ID, message{key: req.Key, text: req.Text})
}

// SendAttachment shows the customer's file to the agents.
func (d *desk) SendAttachment(_ context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	if !d.can.Able(string(connector.CanAttach)) {
		return connector.Receipt{}, connector.Errorf(d.name, "SendAttachment", connector.Unsupported, "no files")
	}
	return d.show("SendAttachment", req.Ticket.ID, message{key: req.Key, text: req.Text, file: fileName(req.Attachment)})
}

func (d *desk) show(op, id string, m message) (connector.Receipt, error) {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	lost, err := d.mood.send(d.name, op, s.now())
	if err != nil {
		return connector.Receipt{}, err
	}
	if err := d.takes(op, id); err != nil {
		return connector.Receipt{}, err
	}
	if d.traits.Post != connector.ByKey || !sent(d.seen, m.key) {
		m.at = s.now()
		d.seen = append(d.seen, m)
		s.log(agentSide, "customer: "+m.said())
	}
	if lost {
		return connector.Receipt{}, unanswered(d.name, op)
	}
	return connector.Receipt{ID: string(m.key)}, nil
}

// takes reports why a ticket takes nothing more.
func (d *desk) takes(op, id string) error {
	t := d.find(id)
	switch {
	case t == nil || t.gone:
		return connector.Errorf(d.name, op, connector.NotFound, "no such ticket")
	case t.closed:
		return connector.Errorf(d.name, op, connector.Conflict, "the ticket is closed")
	}
	return nil
}

// FindSent looks through what the agents see.
func (d *desk) FindSent(_ context.Context, req connector.FindRequest) (connector.Receipt, bool, error) {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := d.mood.call(d.name, "FindSent", s.now()); err != nil {
		return connector.Receipt{}, false, err
	}
	return connector.Receipt{ID: string(req.Key)}, sent(d.seen, req.Key), nil
}

// WriteNote shows a note of handoff's own to the agents.
func (d *desk) WriteNote(_ context.Context, req connector.NoteRequest) error {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := d.mood.call(d.name, "WriteNote", s.now()); err != nil {
		return err
	}
	if !sent(d.notes, req.Key) {
		d.notes = append(d.notes, message{at: s.now(), key: req.Key, text: req.Text})
		s.log(agentSide, "(note: "+req.Text+")")
	}
	return nil
}

// Assign asks for an agent, a group or the queue.
func (d *desk) Assign(_ context.Context, req connector.AssignRequest) error {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := d.mood.call(d.name, "Assign", s.now()); err != nil {
		return err
	}
	if err := d.takes("Assign", req.Ticket.ID); err != nil {
		return err
	}
	who := whom(req.Agent, req.Group)
	d.asks = append(d.asks, ask{who, false})
	named := req.Agent != "" || req.Group != ""
	if named && d.nobody || d.away[strings.ToLower(req.Agent)] {
		s.log(agentSide, "("+who+" is asked: nobody there)")
		return connector.Errorf(d.name, "Assign", connector.Conflict, "nobody is there")
	}
	s.log(agentSide, "("+who+" is asked)")
	return nil
}

// FindTicket finds the ticket that was opened under a key.
func (d *desk) FindTicket(_ context.Context, req connector.OpenRequest) (conversation.Ticket, bool, error) {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := d.mood.call(d.name, "FindTicket", s.now()); err != nil {
		return conversation.Ticket{}, false, err
	}
	t := d.byKey(req.Key)
	if t == nil || t.desk != d.name {
		return conversation.Ticket{}, false, nil
	}
	return conversation.Ticket{ID: t.id}, true, nil
}

// CloseTicket closes a ticket.
func (d *desk) CloseTicket(_ context.Context, req connector.CloseRequest) error {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := d.mood.call(d.name, "CloseTicket", s.now()); err != nil {
		return err
	}
	if t := d.find(req.Ticket.ID); t != nil && !t.closed {
		t.closed = true
		s.log(agentSide, "("+t.id+" is closed)")
	}
	return nil
}

// Availability says whether somebody is there.
func (d *desk) Availability(context.Context, connector.AvailabilityRequest) (connector.Availability, error) {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if !d.can.Able(string(connector.CanAvailability)) {
		return connector.AvailabilityUnknown, nil
	}
	if err := d.mood.call(d.name, "Availability", s.now()); err != nil {
		return connector.AvailabilityUnknown, err
	}
	if d.nobody {
		return connector.Offline, nil
	}
	return connector.Online, nil
}

// ListMessages lists what happened on the ticket, whether the webhooks told it or not.
func (d *desk) ListMessages(_ context.Context, req connector.ListRequest) ([]connector.Inbound, error) {
	s := d.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := d.mood.call(d.name, "ListMessages", s.now()); err != nil {
		return nil, err
	}
	var listed []connector.Inbound
	for _, ev := range d.happened {
		if ev.TicketID == req.Ticket.ID {
			listed = append(listed, connector.Inbound{Ref: connector.Ref{Ticket: ev.TicketID}, Event: ev})
		}
	}
	return listed, nil
}
