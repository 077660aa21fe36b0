package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// PauseBot takes the conversation from the bot that the channel hosts.
func (a *Activities) PauseBot(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.BotPauser](a, task)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, task, func(ctx context.Context, e conversation.Effect) error {
		return x.PauseBot(ctx, connector.PauseRequest{Key: e.Key, To: task.Ref, Vendor: task.Vendor})
	})
}

// ResumeBot gives the conversation back to the bot that the channel hosts. It is tried again even if our credentials are
// refused: they can be mended, and until then the customer would be left with a mute bot.
func (a *Activities) ResumeBot(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.BotResumer](a, task)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, task, func(ctx context.Context, e conversation.Effect) error {
		err := x.ResumeBot(ctx, connector.ResumeRequest{
			Key: e.Key, To: task.Ref, Node: e.Node, Launch: !e.End, Vendor: task.Vendor, Context: task.Transcript,
			Again: e.Doubtful || activity.GetInfo(ctx).Attempt > 1,
		})
		if kind := connector.KindOf(err); kind == connector.Unauthenticated || kind == connector.Forbidden {
			return &connector.Error{Connector: task.Connection, Op: "ResumeBot", Kind: connector.Unavailable, Err: err}
		}
		return err
	})
}

// Notify tells the channel of a change of state.
func (a *Activities) Notify(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.StateNotifier](a, task)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, task, func(ctx context.Context, e conversation.Effect) error {
		return x.NotifyState(ctx, connector.StateRequest{Key: e.Key, To: task.Ref, Change: *e.Change, Vendor: task.Vendor})
	})
}

// AskBot asks a bot that we call what it answers.
func (a *Activities) AskBot(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.Bot](a, task)
	if err != nil {
		return nil, err
	}
	defer alive(ctx)()
	e := task.Effects[0]
	req := connector.ReplyRequest{
		Key: e.Key, Conversation: task.Conversation, Text: e.Text, Attachment: a.reachable(task.Source, e), Context: task.Transcript, Vendor: task.Vendor,
	}
	if task.Customer != nil {
		req.Customer = *task.Customer
	}
	answer, err := x.Reply(ctx, req)
	if err != nil {
		a.count(task, string(connector.KindOf(err)))
		return nil, translate(err)
	}
	a.count(task, "delivered")
	return []conversation.Event{{Kind: conversation.BotAnswered, Key: e.Key, Answer: &answer}}, nil
}
