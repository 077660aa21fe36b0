package memory

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/testsuite/fake"
)

// announce sends the next webhook of a conversation or a ticket. The caller
// holds the lock.
func (s *Server) announce(e memory.Envelope) {
	s.hooks = append(s.hooks, e)
	url, of := s.opts.ChannelURL, e.Conversation
	if e.Ticket != "" {
		url, of = s.opts.DeskURL, e.Ticket
	}
	if e.Seq == 0 {
		of = "" // typing waits for nobody
	}
	if url == "" {
		return
	}
	d := s.delivery(e, time.Now())
	s.outbox.Send(fake.Hook{Op: OpHook, URL: url, Header: d.Header, Body: d.Body, Of: of}, 0)
}

// event begins the conversation's next webhook.
func (c *chat) event(kind string, at time.Time) memory.Envelope {
	c.events++
	customer := c.customer
	return memory.Envelope{
		ID: c.id + "-" + strconv.FormatInt(c.events, 10), Type: kind, At: at, Seq: c.events,
		Conversation: c.id, Customer: &customer,
	}
}

// event begins the ticket's next webhook.
func (s *Server) event(t *ticket, kind, agent string) memory.Envelope {
	t.events++
	e := memory.Envelope{
		ID: t.id + "-" + strconv.FormatInt(t.events, 10), Type: kind, At: s.now(), Seq: t.events,
		Ticket: t.id, Conversation: t.Conversation,
	}
	if who, ok := s.person(agent); ok {
		e.Agent = &who
	}
	return e
}

// delivery makes the request that the gateway gets, signed at the given time.
func (s *Server) delivery(e memory.Envelope, at time.Time) *connector.Delivery {
	body, err := json.Marshal(e)
	if err != nil {
		panic(err) // an envelope of strings and times can always be written
	}
	return Sign(s.opts.Secret, e.ID, body, at)
}

// Sign makes the delivery of a body as the vendor sends it.
func Sign(secret, id string, body []byte, at time.Time) *connector.Delivery {
	timestamp, signature := sign.MakeStandard(connector.Secret(secret), id, at, body)
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set(memory.HeaderID, id)
	header.Set(memory.HeaderTimestamp, timestamp)
	header.Set(memory.HeaderSignature, signature)
	return &connector.Delivery{Method: http.MethodPost, Header: header, Body: body, ReceivedAt: at}
}

// Webhooks gives every webhook so far, in order, as if it arrived now.
func (s *Server) Webhooks() []*connector.Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*connector.Delivery
	for _, e := range s.hooks {
		list = append(list, s.delivery(e, time.Now()))
	}
	return list
}
