package conversation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// changePolicy changes the keys that p sets, for this conversation only. Deadlines that run are moved by the difference;
// a new ladder is climbed from its first rung.
func (c *Conversation) changePolicy(p Policy) {
	have := &c.Route.Policy
	c.retime(&have.AcceptWithin, p.AcceptWithin, AcceptBy)
	c.retime(&have.FirstReplyWithin, p.FirstReplyWithin, FirstReplyBy)
	c.retime(&have.AgentIdle, p.AgentIdle, AgentReplyBy)
	c.retime(&have.AgentAway, p.AgentAway, AgentBackBy)
	warning := have.CustomerIdle - have.WarnBefore
	c.retime(&have.CustomerIdle, p.CustomerIdle, CustomerBy)
	c.retime(&have.WarnBefore, p.WarnBefore)
	have.WarnBefore = min(have.WarnBefore, have.CustomerIdle/2)
	c.shift(CustomerWarnAt, have.CustomerIdle-have.WarnBefore-warning)
	c.retime(&have.MaxWait, p.MaxWait, WaitUntil)
	c.retime(&have.BotIdle, p.BotIdle, BotIdleAt)
	c.retime(&have.Linger, p.Linger, LingerUntil)
	c.retime(&have.TicketFor, p.TicketFor, TicketBy)
	c.retime(&have.WaitNotice, p.WaitNotice, NoticeAt)
	c.retime(&have.SurveyWithin, p.SurveyWithin)
	c.retime(&have.ReplyWindow, p.ReplyWindow, WindowUntil)
	for _, x := range []struct {
		have *Choice
		want Choice
	}{
		{&have.OnExhausted, p.OnExhausted},
		{&have.OnClose, p.OnClose},
		{&have.OnUnavailable, p.OnUnavailable},
		{&have.OnClosed, p.OnClosed},
		{&have.OnUnknownSend, p.OnUnknownSend},
		{&have.Reopen, p.Reopen},
	} {
		if x.want != "" {
			*x.have = x.want
		}
	}
	if p.Ladder != nil {
		have.Ladder, c.Rung = p.Ladder, 0
	}
	if len(p.Texts) > 0 {
		texts := maps.Clone(have.Texts)
		if texts == nil {
			texts = map[TextName]string{}
		}
		//workflowcheck:ignore the order of insertion does not matter
		maps.Copy(texts, p.Texts)
		have.Texts = texts
	}
}

// changeable says what is wrong with the keys that a running conversation is to take.
func (p Policy) changeable() error {
	for _, d := range []Duration{
		p.AcceptWithin, p.FirstReplyWithin, p.AgentIdle, p.AgentAway, p.CustomerIdle, p.WarnBefore, p.MaxWait, p.BotIdle, p.Linger, p.TicketFor,
		p.WaitNotice, p.SurveyWithin, p.ReplyWindow,
	} {
		if d < 0 {
			return errors.New("no deadline can be before now")
		}
	}
	for _, x := range []struct {
		key     string
		value   Choice
		choices []Choice
	}{
		{"on_exhausted", p.OnExhausted, []Choice{ToBot, ToEnd, ToTicket}},
		{"on_close", p.OnClose, []Choice{ToEnd, ToBot}},
		{"on_closed", p.OnClosed, []Choice{ToTicket, ToWait, ToBot, ToEnd}},
		{"on_unavailable", p.OnUnavailable, []Choice{ToQueue, ToBot, ToEnd, ToTicket}},
		{"on_unknown_send", p.OnUnknownSend, []Choice{Repeat, Hold}},
		{"reopen", p.Reopen, []Choice{ToBot, ToQueue, SameAgent}},
	} {
		if x.value != "" && !slices.Contains(x.choices, x.value) {
			return fmt.Errorf("%s is one of %q", x.key, x.choices)
		}
	}
	return nil
}

// retime changes a duration, and moves the deadline that was set by it.
func (c *Conversation) retime(have *Duration, want Duration, names ...DeadlineName) {
	if want == 0 {
		return
	}
	difference := want - *have
	*have = want
	for _, name := range names {
		c.shift(name, difference)
	}
}

// shift moves a deadline that runs.
func (c *Conversation) shift(name DeadlineName, by Duration) {
	if at, running := c.deadline(name); running && by != 0 {
		c.setDeadline(name, at.Add(time.Duration(by)))
	}
}
