package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// Say says the task's texts, or its attachment, to the customer.
func (a *Activities) Say(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	channel, err := connection[connector.Channel](a, task)
	if err != nil {
		return nil, err
	}
	return a.send(ctx, task, channel.Traits().Deliver, channel, func(ctx context.Context, e conversation.Effect) (sent, error) {
		say := func(ctx context.Context, text string) (connector.Receipt, error) {
			return channel.Deliver(ctx, deliverRequest(task, e, text))
		}
		switch {
		case e.Attachment != nil:
			return a.attach(ctx, channel, task, e, say)
		case len(e.Buttons) > 0:
			return showButtons(ctx, channel, deliverRequest(task, e, e.Text), e, say)
		}
		receipt, err := say(ctx, e.Text)
		return sent{receipt, e.Degraded}, err
	})
}

func deliverRequest(task conversation.Task, e conversation.Effect, text string) connector.DeliverRequest {
	return connector.DeliverRequest{Key: e.Key, To: task.Ref, Text: text, Author: e.Author, At: e.At, Vendor: task.Vendor}
}

// Post adds the task's texts, or its attachment, to the ticket.
func (a *Activities) Post(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	desk, err := connection[connector.Desk](a, task)
	if err != nil {
		return nil, err
	}
	return a.send(ctx, task, desk.Traits().Post, desk, func(ctx context.Context, e conversation.Effect) (sent, error) {
		post := func(ctx context.Context, text string) (connector.Receipt, error) {
			return desk.Post(ctx, postRequest(task, e, text))
		}
		if e.Attachment != nil {
			return a.attach(ctx, desk, task, e, post)
		}
		receipt, err := post(ctx, e.Text)
		return sent{receipt, e.Degraded}, err
	})
}

func postRequest(task conversation.Task, e conversation.Effect, text string) connector.PostRequest {
	return connector.PostRequest{Key: e.Key, Ticket: *task.Ticket, Text: text, At: e.At, Vendor: task.Vendor}
}

// sent is a message that arrived, and what it lost because its side cannot show it.
type sent struct {
	connector.Receipt
	degraded conversation.Reason
}

type sender func(ctx context.Context, e conversation.Effect) (sent, error)

// send does the effects of a task in order, and stops at the first that may succeed later. What is settled by then is
// given back; with nothing settled the error is, and Temporal tries again.
func (a *Activities) send(
	ctx context.Context, task conversation.Task, promise connector.Idempotency, x connector.Connector, send sender,
) ([]conversation.Event, error) {
	defer alive(ctx)()
	info := activity.GetInfo(ctx)
	var events []conversation.Event
	confirmed := map[string]int{}
	for _, e := range task.Effects {
		again := e.Doubtful || info.Attempt > 1
		if again && promise == connector.ByLookup {
			receipt, found, err := a.find(ctx, x, task, e, firstTry(e, info), confirmed[e.Text])
			if err != nil {
				return stopped(events, err)
			}
			if found {
				confirmed[e.Text]++
				a.count(task, "found")
				events = append(events, conversation.Event{Kind: conversation.Delivered, Key: e.Key, MessageID: receipt.ID})
				continue
			}
		}
		if again && promise == connector.AtLeastOnce && task.Hold {
			a.count(task, "uncertain")
			events = append(events, conversation.Event{
				Kind: conversation.EffectUncertain, Key: e.Key, Reason: conversation.OutcomeUnknown,
			})
			continue
		}
		started := time.Now()
		arrived, err := send(ctx, e)
		if err == nil {
			confirmed[e.Text]++
			result := "delivered"
			retried := again && promise == connector.AtLeastOnce
			if retried {
				result = "repeated"
			}
			a.count(task, result)
			a.countDegraded(task, arrived.degraded)
			events = append(events, conversation.Event{
				Kind: conversation.Delivered, Key: e.Key, MessageID: arrived.ID, Retried: retried, Degraded: arrived.degraded,
			})
			continue
		}
		kind := connector.KindOf(err)
		a.count(task, string(kind))
		if kind.Permanent() {
			if len(events) == 0 && len(task.Effects) == 1 {
				return nil, translate(err)
			}
			events = append(events, conversation.Event{Kind: conversation.EffectFailed, Key: e.Key, Reason: conversation.Reason(kind)})
			continue
		}
		if len(events) > 0 && kind == connector.UncertainOutcome {
			events = append(events, conversation.Event{Kind: conversation.EffectDoubted, Key: e.Key, At: started})
			return events, nil
		}
		return stopped(events, err)
	}
	return events, nil
}

// stopped gives what is settled, or, if nothing is, the error.
func stopped(events []conversation.Event, err error) ([]conversation.Event, error) {
	if len(events) > 0 {
		return events, nil
	}
	return nil, translate(err)
}

// find looks for an earlier send, and gives the vendor's receipt of it.
func (a *Activities) find(
	ctx context.Context, x connector.Connector, task conversation.Task, e conversation.Effect, since time.Time, skip int,
) (connector.Receipt, bool, error) {
	finder, ok := x.(connector.SentFinder)
	if !ok {
		return connector.Receipt{}, false, nil
	}
	req := connector.FindRequest{
		Key: e.Key, To: task.Ref, Text: e.Text, Attachment: a.reachable(task.Source, e), Since: since, Skip: skip, Vendor: task.Vendor,
	}
	if task.Ticket != nil {
		req.Ticket = *task.Ticket
	}
	if e.Attachment == nil {
		return finder.FindSent(ctx, req)
	}
	req.Text = a.asText(task.Source, e)
	receipt, found, err := finder.FindSent(ctx, req)
	// It may also have been said that the file is not passed on, and why.
	req.Attachment, req.Skip = nil, 0
	for _, text := range a.saidInstead(task, e) {
		if found || err != nil {
			break
		}
		req.Text = text
		receipt, found, err = finder.FindSent(ctx, req)
	}
	return receipt, found, err
}

// firstTry is when the first attempt of an effect began.
func firstTry(e conversation.Effect, info activity.Info) time.Time {
	if e.Doubtful && !e.TriedAt.IsZero() {
		return e.TriedAt
	}
	return info.ScheduledTime
}

func asError(err error) (*connector.Error, bool) {
	var e *connector.Error
	ok := errors.As(err, &e)
	return e, ok
}
