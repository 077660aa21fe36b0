package main

import (
	"context"
	"strings"
	"sync"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// vendor is a channel, a bot and a desk that do what a story wants of them.
type vendor struct {
	mu sync.Mutex
	// refuse counts down calls that are answered with an error of a kind, by operation.
	refuse map[string]refusal
	// listed is what ListMessages gives.
	listed []conversation.Event
	// answers are the bot's answers, one for each call; then it asks for a human.
	answers []conversation.Answer
}

type refusal struct {
	times int
	kind  connector.Kind
}

func (v *vendor) Name() string { return "recorded" }

func (v *vendor) Traits() connector.Traits {
	return connector.Traits{Deliver: connector.ByKey, Post: connector.ByKey, Open: connector.ByKey, HostsBot: true}
}

func (v *vendor) Verify(*connector.Delivery) error                        { return nil }
func (v *vendor) Decode(*connector.Delivery) ([]connector.Inbound, error) { return nil, nil }

// call refuses the operation if the story wants it.
func (v *vendor) call(op string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	r := v.refuse[op]
	if r.times == 0 {
		return nil
	}
	r.times--
	v.refuse[op] = r
	return connector.Errorf("recorded", op, r.kind, "as the story wants")
}

func (v *vendor) Deliver(context.Context, connector.DeliverRequest) (connector.Receipt, error) {
	return connector.Receipt{ID: "m"}, v.call("Deliver")
}

func (v *vendor) SendButtons(context.Context, connector.ButtonsRequest) (connector.Receipt, error) {
	return connector.Receipt{}, v.call("SendButtons")
}

func (v *vendor) PauseBot(context.Context, connector.PauseRequest) error { return v.call("PauseBot") }

func (v *vendor) ResumeBot(context.Context, connector.ResumeRequest) error {
	return v.call("ResumeBot")
}

func (v *vendor) Reply(context.Context, connector.ReplyRequest) (conversation.Answer, error) {
	if err := v.call("Reply"); err != nil {
		return conversation.Answer{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.answers) == 0 {
		return conversation.Answer{Handoff: true}, nil
	}
	answer := v.answers[0]
	v.answers = v.answers[1:]
	return answer, nil
}

func (v *vendor) PrepareTicket(context.Context, connector.OpenRequest) (map[string]string, error) {
	return map[string]string{"customer": "k-1"}, v.call("PrepareTicket")
}

func (v *vendor) Open(_ context.Context, r connector.OpenRequest) (conversation.Ticket, error) {
	if r.Mirrored != nil {
		return *r.Mirrored, v.call("Open")
	}
	return ticket(r.Key), v.call("Open")
}

func (v *vendor) FindTicket(_ context.Context, r connector.OpenRequest) (conversation.Ticket, bool, error) {
	return ticket(r.Key), true, v.call("FindTicket")
}

// ticket is named after the effect that made it.
func ticket(key conversation.Key) conversation.Ticket {
	return conversation.Ticket{ID: "t-" + string(key[strings.LastIndexByte(string(key), '-')+1:]), URL: "https://desk.example/t"}
}

func (v *vendor) Mirror(_ context.Context, r connector.MirrorRequest) (conversation.Ticket, error) {
	if r.Ticket.ID != "" {
		return r.Ticket, v.call("Mirror")
	}
	return ticket(r.Key), v.call("Mirror")
}

func (v *vendor) Post(_ context.Context, r connector.PostRequest) (connector.Receipt, error) {
	return connector.Receipt{ID: string(r.Key)}, v.call("Post")
}

func (v *vendor) UpdateTicket(context.Context, connector.UpdateRequest) error {
	return v.call("UpdateTicket")
}

func (v *vendor) EditMessage(context.Context, connector.EditRequest) error {
	return v.call("EditMessage")
}

func (v *vendor) Queue(context.Context, connector.QueueRequest) (conversation.Queue, error) {
	return conversation.Queue{Position: 2}, v.call("Queue")
}

func (v *vendor) WriteRating(context.Context, connector.RatingReport) error {
	return v.call("WriteRating")
}

func (v *vendor) Assign(context.Context, connector.AssignRequest) error  { return v.call("Assign") }
func (v *vendor) WriteNote(context.Context, connector.NoteRequest) error { return v.call("WriteNote") }

func (v *vendor) CloseTicket(context.Context, connector.CloseRequest) error {
	return v.call("CloseTicket")
}

func (v *vendor) ListMessages(context.Context, connector.ListRequest) ([]connector.Inbound, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var in []connector.Inbound
	for _, ev := range v.listed {
		in = append(in, connector.Inbound{Event: ev})
	}
	return in, nil
}
