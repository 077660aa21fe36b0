package scenario

import (
	"context"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// channel plays where the customer is, and the bot that its vendor hosts.
type channel struct {
	actor
	seen []message
	// muted says that the hosted bot does not answer: it was paused, or silenced by a message of ours.
	muted bool
	// pauses, launches and nodes are what the hosted bot was told.
	pauses   int
	launches int
	node     string
	// shows is who has the conversation, as the channel was told: "bot", "nobody" or an agent's id.
	shows string
	// edits are the messages that were changed, surveys how often the customer was asked for a rating.
	edits   []edit
	surveys int
}

// Deliver shows a text to the customer.
func (c *channel) Deliver(_ context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	return c.show("Deliver", message{key: req.Key, text: req.Text, who: req.Author.Name})
}

// SendAttachment shows a file to the customer.
func (c *channel) SendAttachment(_ context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	if !c.stage.story.route.Channel.Able(string(connector.CanAttach)) {
		return connector.Receipt{}, connector.Errorf(c.name, "SendAttachment", connector.Unsupported, "no files")
	}
	return c.show("SendAttachment", message{key: req.Key, text: req.Text, file: fileName(req.Attachment), who: req.Author.Name})
}

// SendButtons shows a text with buttons to the customer.
func (c *channel) SendButtons(_ context.Context, req connector.ButtonsRequest) (connector.Receipt, error) {
	m := message{key: req.Key, text: req.Text, who: req.Author.Name}
	for _, b := range req.Buttons {
		m.buttons = append(m.buttons, b.Label)
	}
	return c.show("SendButtons", m)
}

func (c *channel) show(op string, m message) (connector.Receipt, error) {
	s := c.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	lost, err := c.mood.send(c.name, op, s.now())
	if err != nil {
		return connector.Receipt{}, err
	}
	if c.traits.Deliver != connector.ByKey || !sent(c.seen, m.key) {
		m.at = s.now()
		c.seen = append(c.seen, m)
		s.log(customerSide, m.said())
	}
	if c.traits.SendingTakesOver {
		c.muted = true
	}
	if lost {
		return connector.Receipt{}, unanswered(c.name, op)
	}
	return connector.Receipt{ID: string(m.key)}, nil
}

// FindSent looks through what the customer sees.
func (c *channel) FindSent(_ context.Context, req connector.FindRequest) (connector.Receipt, bool, error) {
	s := c.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := c.mood.call(c.name, "FindSent", s.now()); err != nil {
		return connector.Receipt{}, false, err
	}
	return connector.Receipt{ID: string(req.Key)}, sent(c.seen, req.Key), nil
}

// PauseBot takes the conversation from the hosted bot.
func (c *channel) PauseBot(context.Context, connector.PauseRequest) error {
	s := c.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := c.mood.call(c.name, "PauseBot", s.now()); err != nil {
		return err
	}
	c.muted, c.pauses = true, c.pauses+1
	s.log(customerSide, "(the bot is paused)")
	return nil
}

// ResumeBot gives the conversation back to the hosted bot.
func (c *channel) ResumeBot(_ context.Context, req connector.ResumeRequest) error {
	s := c.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := c.mood.call(c.name, "ResumeBot", s.now()); err != nil {
		return err
	}
	c.muted = false
	if !req.Launch {
		s.log(customerSide, "(the bot has it again)")
		return nil
	}
	c.launches, c.node = c.launches+1, req.Node
	s.log(customerSide, "(the bot is launched "+req.Node+")")
	return nil
}

// NotifyState shows who has the conversation.
func (c *channel) NotifyState(_ context.Context, req connector.StateRequest) error {
	s := c.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := c.mood.call(c.name, "NotifyState", s.now()); err != nil {
		return err
	}
	switch req.Change.To {
	case conversation.InBot:
		c.shows = "bot"
	case conversation.Assigned:
		c.shows = req.Change.Agent.ID
	case conversation.Waiting, conversation.Reassigning, conversation.Ended:
		c.shows = "nobody"
	}
	s.log(customerSide, "(the channel shows "+c.shows+")")
	return nil
}

// EditMessage changes or removes what the customer was told.
func (c *channel) EditMessage(_ context.Context, req connector.EditRequest) error {
	s := c.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := c.mood.call(c.name, "EditMessage", s.now()); err != nil {
		return err
	}
	s.log(customerSide, "(a message now reads: "+req.Text+")")
	return change(c.seen, &c.edits, req)
}

// AskRating asks the customer how the help was.
func (c *channel) AskRating(context.Context, connector.RatingRequest) error {
	s := c.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := c.mood.call(c.name, "AskRating", s.now()); err != nil {
		return err
	}
	c.surveys++
	s.log(customerSide, "(the channel asks for a rating)")
	return nil
}

// bot plays a bot that is called for each message. What it answers is written behind the customer's words in the story.
type bot struct {
	actor
	asked []connector.ReplyRequest
}

// Reply answers what the story says.
func (b *bot) Reply(_ context.Context, req connector.ReplyRequest) (conversation.Answer, error) {
	s := b.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := b.mood.call(b.name, "Reply", s.now()); err != nil {
		return conversation.Answer{}, err
	}
	b.asked = append(b.asked, req)
	if b.mood.refuses || b.mood.refuseNext > 0 {
		b.mood.refuseNext = max(0, b.mood.refuseNext-1)
		return conversation.Answer{}, connector.Errorf(b.name, "Reply", connector.Invalid, "the story has it fail")
	}
	return s.asking, nil
}
