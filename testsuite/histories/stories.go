package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/worker"
	"github.com/handoff-engine/handoff/workflows"
)

// story is one conversation to record.
type story struct {
	name   string
	vendor *vendor
	route  func(*conversation.Route)
	tell   func(*teller)
}

const (
	channel = "channel"
	bot     = "bot"
	desk    = "desk"
	night   = "night-desk"
)

var mira = conversation.Author{ID: "mira@desk.example", Name: "Mira"}

// stories are the conversations that are recorded: each rule of the plumbing once, in lives that conversations have.
func stories() []story {
	second := conversation.Duration(time.Second)
	return []story{
		{name: "closed-by-agent", tell: func(t *teller) {
			t.handoff()
			t.desk(conversation.Event{Kind: conversation.AgentAssigned, Agent: mira.ID, Author: mira})
			t.desk(conversation.Event{Kind: conversation.AgentSaid, Text: "Hello", Author: mira})
			t.customer("My order is late")
			t.desk(conversation.Event{Kind: conversation.AgentNoted, Author: mira})
			t.desk(conversation.Event{Kind: conversation.AgentSaid, Text: "It comes tomorrow", Author: mira})
			t.desk(conversation.Event{Kind: conversation.TicketClosed})
			t.until(conversation.Ended)
			t.over()
		}},
		{name: "silent-agent", route: func(r *conversation.Route) {
			r.Policy.AgentIdle, r.Policy.FirstReplyWithin, r.Policy.AcceptWithin = second, 2*second, second
			r.Policy.Ladder = []conversation.Rung{{SameAgent: true}, {Group: "7"}}
			r.Policy.MaxWait = 4 * second
		}, tell: func(t *teller) {
			t.handoff()
			t.desk(conversation.Event{Kind: conversation.AgentSaid, Text: "Hello", Author: mira})
			t.customer("Are you there?")
			t.until(conversation.Reassigning)
			t.until(conversation.InBot)
			t.command(conversation.Event{Kind: conversation.CommandEnd})
			t.over()
		}},
		{name: "handed-back-and-again", tell: func(t *teller) {
			for range 3 {
				t.handoff()
				t.desk(conversation.Event{Kind: conversation.AgentSaid, Text: "Hello", Author: mira})
				t.until(conversation.Assigned)
				t.command(conversation.Event{Kind: conversation.CommandHandBack})
				t.until(conversation.InBot)
			}
			t.channel(conversation.Event{Kind: conversation.CustomerLeft})
			t.over()
		}},
		{name: "storm-continued-as-new", tell: func(t *teller) {
			t.handoff()
			t.desk(conversation.Event{Kind: conversation.AgentSaid, Text: "Hello", Author: mira})
			t.until(conversation.Assigned)
			for i := range 60 {
				t.customer("line " + strconv.Itoa(i))
				t.pause(20 * time.Millisecond)
			}
			t.command(conversation.Event{Kind: conversation.CommandEnd})
			t.over()
		}},
		{name: "called-bot-fails", vendor: &vendor{
			answers: []conversation.Answer{{Messages: []conversation.Message{{Text: "Hi"}}}},
			refuse:  map[string]refusal{"Deliver": {2, connector.Unavailable}, "Assign": {1, connector.Conflict}},
		}, route: func(r *conversation.Route) {
			r.Channel.HostsBot, r.Channel.Can = false, nil
			r.Bot = &conversation.Connection{Name: bot, Vendor: "recorded", Batch: true}
		}, tell: func(t *teller) {
			t.customer("hello")
			t.pause(2 * time.Second)
			t.customer("human")
			t.until(conversation.Waiting)
			t.opened()
			t.command(conversation.Event{Kind: conversation.CommandAssign, Agent: mira.ID})
			t.desk(conversation.Event{Kind: conversation.AgentAssigned, Agent: mira.ID, Author: mira})
			t.until(conversation.Assigned)
			t.command(conversation.Event{Kind: conversation.CommandNote, Text: "look"})
			t.command(conversation.Event{Kind: conversation.CommandEnd})
			t.over()
		}},
		{name: "unknown-outcome", vendor: &vendor{
			refuse: map[string]refusal{"Deliver": {1, connector.UncertainOutcome}},
		}, route: func(r *conversation.Route) {
			r.Channel.Batch = false
			r.Policy.OnUnknownSend = conversation.Hold
			r.Policy.Texts = map[conversation.TextName]string{conversation.TextWaiting: "", conversation.TextAssigned: ""}
		}, tell: func(t *teller) {
			t.handoff()
			t.desk(conversation.Event{Kind: conversation.AgentSaid, Text: "Hello", Author: mira})
			t.until(conversation.Assigned)
			t.settled()
			t.command(conversation.Event{Kind: conversation.CommandResend})
			t.channel(conversation.Event{Kind: conversation.ChannelDropped})
			t.settled()
			t.command(conversation.Event{Kind: conversation.CommandEnd})
			t.over()
		}},
		{name: "customer-idle", route: func(r *conversation.Route) {
			r.Policy.CustomerIdle, r.Policy.WarnBefore = 2*second, second
		}, tell: func(t *teller) {
			t.handoff()
			t.desk(conversation.Event{Kind: conversation.AgentSaid, Text: "Anything else?", Author: mira})
			t.until(conversation.Ended)
			t.customer("Oh yes")
			t.until(conversation.InBot)
			t.channel(conversation.Event{Kind: conversation.CustomerLeft})
			t.over()
		}},
		{name: "read-along-and-corrected", route: func(r *conversation.Route) {
			r.Desks[0].Can = append(r.Desks[0].Can, "mirror_ticket", "update_ticket", "edit_messages", "queue", "write_rating")
			r.Channel.Can = append(r.Channel.Can[:2:2], "edit_messages")
			r.Policy.Mirror, r.Policy.WaitNotice, r.Policy.SurveyWithin = conversation.On, second, 60*second
			r.Policy.Linger = 30 * second
		}, tell: func(t *teller) {
			t.customer("Hello")
			t.channel(conversation.Event{Kind: conversation.BotSaid, Text: "What is its number?"})
			t.wait("the mirrored ticket", func(v conversation.View) bool { return len(v.Tickets) == 1 && v.Tickets[0].Ticket.ID != "" })
			t.handoff()
			t.pause(1200 * time.Millisecond)
			t.desk(conversation.Event{Kind: conversation.AgentSaid, Text: "It costs 50", Author: mira, MessageID: "d-1"})
			t.channel(conversation.Event{Kind: conversation.CustomerSaid, Text: "Street 7", MessageID: "c-1"})
			t.settled()
			t.desk(conversation.Event{Kind: conversation.AgentEdited, Text: "It costs 15", Author: mira, Target: "d-1"})
			t.channel(conversation.Event{Kind: conversation.CustomerEdited, Text: "Street 17", Target: "c-1"})
			t.settled()
			t.desk(conversation.Event{Kind: conversation.TicketClosed})
			t.until(conversation.Ended)
			t.customer("5")
			t.wait("the rating", func(v conversation.View) bool { return v.Rating == 5 })
			t.settled()
			t.command(conversation.Event{Kind: conversation.CommandPolicy, Policy: &conversation.Policy{Linger: second}})
			t.over()
		}},
		{name: "buttons-and-words-that-wait", route: func(r *conversation.Route) {
			r.Channel.Can = append(r.Channel.Can[:2:2], "show_buttons")
			r.Policy.ReplyWindow, r.Policy.TicketFor = 2*second, 60*second
		}, tell: func(t *teller) {
			t.handoff()
			t.channel(conversation.Event{Kind: conversation.BotSaid, Text: "Which one?", Buttons: []conversation.Button{{Label: "This"}}})
			t.desk(conversation.Event{Kind: conversation.AgentSaid, Text: "When?", Author: mira, Buttons: []conversation.Button{{Label: "Now"}, {Label: "Later"}}})
			t.until(conversation.Assigned)
			t.settled()
			t.pause(2200 * time.Millisecond)
			t.desk(conversation.Event{Kind: conversation.AgentSaid, Text: "Still there?", Author: mira})
			t.wait("what is kept", func(v conversation.View) bool { return len(v.Pending) == 1 && v.Pending[0].Kept })
			t.customer("Later")
			t.settled()
			t.command(conversation.Event{Kind: conversation.CommandHandBack})
			t.until(conversation.InBot)
			t.settled()
			t.command(conversation.Event{Kind: conversation.CommandEnd})
			t.over()
		}},
		{name: "passed-over-and-found", vendor: &vendor{
			refuse: map[string]refusal{"Open": {1, connector.UncertainOutcome}},
		}, route: func(r *conversation.Route) {
			r.Desks = append(r.Desks, conversation.Connection{Name: night, Vendor: "recorded", Can: r.Desks[0].Can, Batch: true})
			r.Desks[0].Can = append(slices.Clone(r.Desks[0].Can), "find_ticket")
			r.Policy.DeskDownAfter = second / 2
		}, tell: func(t *teller) {
			t.handoff()
			t.wait("the second desk, and the first's ticket closed", func(v conversation.View) bool {
				return v.Desk == night && v.Tickets[0].Status == conversation.TicketDone
			})
			t.settled()
			t.signal(night, conversation.Event{Kind: conversation.AgentSaid, Text: "Hello", Author: mira})
			t.until(conversation.Assigned)
			t.command(conversation.Event{Kind: conversation.CommandEnd})
			t.over()
		}},
		{name: "moved-to-another-desk", route: func(r *conversation.Route) {
			r.Desks = append(r.Desks, conversation.Connection{Name: night, Vendor: "recorded", Can: r.Desks[0].Can, Batch: true})
			r.Policy.AcceptWithin, r.Policy.AgentAway, r.Policy.MaxWait = second, second, 6*second
			r.Policy.OnExhausted = conversation.ToEnd
		}, tell: func(t *teller) {
			t.handoff()
			t.wait("the second desk", func(v conversation.View) bool { return v.Desk == night })
			t.customer("Still there?")
			t.settled()
			t.signal(night, conversation.Event{Kind: conversation.AgentSaid, Text: "Yes", Author: mira})
			t.until(conversation.Assigned)
			t.signal(night, conversation.Event{Kind: conversation.AgentOffline, Agent: mira.ID})
			t.until(conversation.Reassigning)
			t.over()
		}},
		{name: "waits-for-the-opening", route: func(r *conversation.Route) {
			opens := time.Now().UTC().Add(75 * time.Second).Truncate(time.Minute)
			minute := opens.Hour()*60 + opens.Minute()
			r.Policy.Hours = &conversation.Hours{Open: []conversation.Opening{{
				First: opens.Weekday(), Last: opens.Weekday(), Span: conversation.Span{From: minute, To: minute + 5},
			}}}
			r.Policy.OnClosed = conversation.ToWait
		}, tell: func(t *teller) {
			t.customer("Hello")
			t.channel(conversation.Event{Kind: conversation.HandoffRequested})
			t.wait("the opening", func(v conversation.View) bool { return v.Reason == conversation.HoursBegin })
			t.opened()
			t.desk(conversation.Event{Kind: conversation.AgentSaid, Text: "Good morning", Author: mira})
			t.until(conversation.Assigned)
			t.command(conversation.Event{Kind: conversation.CommandEnd})
			t.over()
		}},
	}
}

// teller tells one story.
type teller struct {
	ctx   context.Context
	reach *workflows.Client
	id    string
	n     int
	err   error
}

// play plays a story and gives the ids of the workflows to record.
func play(ctx context.Context, temporal client.Client, s story) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	can := []string{"pause_bot", "resume_bot", "assign", "prepare_ticket", "close_ticket", "note", "list_messages"}
	route := conversation.Route{
		Name:    "recorded",
		Channel: conversation.Connection{Name: channel, Vendor: "recorded", Can: can[:2], HostsBot: true, Batch: true},
		Desks:   []conversation.Connection{{Name: desk, Vendor: "recorded", Can: can[2:], Batch: true}},
		Policy:  conversation.Policy{Linger: conversation.Duration(time.Second)},
	}
	if s.route != nil {
		s.route(&route)
	}
	if s.vendor == nil {
		s.vendor = &vendor{refuse: map[string]refusal{}}
	}
	queue := "record-" + s.name
	reach := workflows.NewClient(temporal, queue, []conversation.Route{route})
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- worker.Run(running, worker.Config{TaskQueue: queue, Connections: []worker.Connection{
			{Name: channel, Connector: s.vendor}, {Name: bot, Connector: s.vendor}, {Name: desk, Connector: s.vendor}, {Name: night, Connector: s.vendor},
		}}, temporal, reach)
	}()
	t := &teller{ctx: ctx, reach: reach, id: conversation.ID(channel, s.name)}
	s.tell(t)
	stop()
	return []string{t.id}, errors.Join(t.err, <-ended)
}

func (t *teller) signal(source string, ev conversation.Event) {
	if t.err != nil {
		return
	}
	t.n++
	ev.ID, ev.Source, ev.At = fmt.Sprintf("%s-%d", source, t.n), source, time.Now()
	if source == channel {
		ev.Ref = "c-1"
	}
	_, t.err = t.reach.Signal(t.ctx, conversation.Arrival{Connection: source, ID: t.id, Starts: source == channel, Event: ev})
}

func (t *teller) channel(ev conversation.Event) { t.signal(channel, ev) }
func (t *teller) desk(ev conversation.Event)    { t.signal(desk, ev) }

func (t *teller) customer(text string) {
	t.channel(conversation.Event{Kind: conversation.CustomerSaid, Text: text})
}

// handoff brings the conversation to where a ticket is open.
func (t *teller) handoff() {
	t.customer("Hello")
	t.channel(conversation.Event{Kind: conversation.BotSaid, Text: "One moment"})
	t.channel(conversation.Event{Kind: conversation.HandoffRequested, Customer: conversation.Customer{Name: "Ada"}})
	t.opened()
}

func (t *teller) command(ev conversation.Event) {
	if t.err != nil {
		return
	}
	t.n++
	ev.ID, ev.Source = "command:"+strconv.Itoa(t.n), "operator"
	_, t.err = t.reach.Command(t.ctx, t.id, ev)
}

// wait waits until the conversation looks as it should.
func (t *teller) wait(what string, looks func(conversation.View) bool) {
	for t.err == nil {
		view, err := t.reach.View(t.ctx, t.id)
		if err == nil && looks(view) {
			return
		}
		if t.ctx.Err() != nil {
			t.err = fmt.Errorf("waiting for %s: %w", what, t.ctx.Err())
		}
		t.pause(20 * time.Millisecond)
	}
}

func (t *teller) until(state conversation.State) {
	t.wait(string(state), func(v conversation.View) bool { return v.State == state })
}

func (t *teller) opened() {
	t.wait("the ticket", func(v conversation.View) bool {
		return len(v.Tickets) > 0 && v.Tickets[len(v.Tickets)-1].Status == conversation.TicketOpen
	})
}

func (t *teller) settled() {
	t.wait("the sends", func(v conversation.View) bool { return len(v.Pending) == 0 })
}

// over waits until the conversation has lingered out.
func (t *teller) over() {
	t.until(conversation.Ended)
	t.settled()
	t.pause(2 * time.Second)
}

func (t *teller) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-t.ctx.Done():
	}
}
