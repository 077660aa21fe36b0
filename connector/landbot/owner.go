package landbot

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// The keys that a conversation carries for us.
const (
	vendorBot  = "bot_id"      // the bot that the customer came from
	vendorNode = "resume_node" // where the flow wants to go on
)

// owner is who has the customer at the vendor; agent 0 is nobody, or a bot.
type owner struct {
	agent    int64
	archived bool
	name     string
}

// owner reads the customer. This is the source of truth: what an event is called is not documented.
func (c *Client) owner(ctx context.Context, op, path string) (owner, error) {
	var answer customerAnswer
	if err := c.call(ctx, op, http.MethodGet, path, nil, &answer); err != nil {
		return owner{}, err
	}
	o := owner{archived: answer.Customer.Archived, name: answer.Customer.Name}
	if answer.Customer.Agent != nil {
		o.agent = *answer.Customer.Agent
	}
	return o, nil
}

// isOther reports whether an agent who has the customer is surely not ours.
func (c *Client) isOther(agent int64) bool {
	return agent != 0 && c.config.AgentID != 0 && agent != c.config.AgentID
}

// assign gives the customer to our agent, who may have it already.
func (c *Client) assign(ctx context.Context, op, path string) error {
	call := "assign/"
	if c.config.AgentID != 0 {
		call += strconv.FormatInt(c.config.AgentID, 10) + "/"
	}
	return c.call(ctx, op, http.MethodPut, path+call, nil, nil)
}

// PauseBot assigns the customer to our agent, which silences the bot. It also takes back a customer whom the vendor has
// unassigned.
func (c *Client) PauseBot(ctx context.Context, req connector.PauseRequest) error {
	const op = "PauseBot"
	path, err := customerPath(op, req.To)
	if err != nil {
		return err
	}
	if err := c.mark(ctx, op, path, req.Key); err != nil {
		return err
	}
	err = c.assign(ctx, op, path)
	if connector.KindOf(err) != connector.Conflict {
		return err
	}
	who, readErr := c.owner(ctx, op, path)
	switch {
	case readErr != nil:
		return readErr
	case c.isOther(who.agent):
		return anotherAgent(op)
	case who.agent != 0 && who.agent == c.config.AgentID:
		return nil
	case who.agent == 0 && who.archived:
		if err := c.call(ctx, op, http.MethodPut, path+"unarchive/", nil, nil); err != nil {
			return err
		}
		return c.assign(ctx, op, path)
	}
	return err
}

// ResumeBot gives the customer back to the bot. After a hand-back the bot speaks at once, at the request's block, else
// the flow's, else the configuration's. After the end it waits for the customer's next message.
func (c *Client) ResumeBot(ctx context.Context, req connector.ResumeRequest) error {
	const op = "ResumeBot"
	path, err := customerPath(op, req.To)
	if err != nil {
		return err
	}
	bot := req.Vendor[vendorBot]
	if bot == "" && c.config.BotID != 0 {
		bot = strconv.FormatInt(c.config.BotID, 10)
	}
	if id, err := strconv.ParseInt(bot, 10, 64); err != nil || id <= 0 {
		return connector.Errorf(Name, op, connector.Invalid, "nobody named the bot: set bot_id")
	}
	body := botBody{Launch: req.Launch, Node: c.nodeOf(req)}
	who, err := c.owner(ctx, op, path)
	if err != nil {
		return err
	}
	if c.isOther(who.agent) {
		return anotherAgent(op)
	}
	if req.Again && who.agent == 0 {
		// The first try may have launched the bot, and launching runs the block once more. Without launch the bot is
		// in charge all the same.
		body.Launch = false
	}
	if err := c.unmark(ctx, op, path); err != nil {
		return err
	}
	if err := c.optOut(ctx, op, path, req); err != nil {
		return err
	}
	if err := c.tellContext(ctx, op, path, req); err != nil {
		return err
	}
	if !req.Launch {
		if err := c.letGo(ctx, op, path); err != nil {
			return err
		}
	}
	if err := c.assignBot(ctx, op, path, bot, body); err != nil {
		return err
	}
	if !req.Launch && c.config.ArchiveOnEnd {
		return c.call(ctx, op, http.MethodPut, path+"archive/", nil, nil)
	}
	return nil
}

// nodeOf chooses the block; "" is the bot's first. After the end, the request's is where a hand-back would go on, so that
// the configuration goes first.
func (c *Client) nodeOf(req connector.ResumeRequest) string {
	choices := []string{req.Node, req.Vendor[vendorNode], c.config.ResumeNode}
	if !req.Launch {
		choices = []string{c.config.EndNode, req.Node}
	}
	for _, n := range choices {
		if node.MatchString(n) {
			return n
		}
	}
	return ""
}

// letGo unassigns our agent; that another one has the customer is for the next call to tell.
func (c *Client) letGo(ctx context.Context, op, path string) error {
	err := c.call(ctx, op, http.MethodPut, path+"unassign/", nil, nil)
	if connector.KindOf(err) == connector.Conflict {
		return nil
	}
	return err
}

// assignBot falls back to the bot's first block if the block is gone: a customer is never left with a mute bot.
func (c *Client) assignBot(ctx context.Context, op, path, bot string, body botBody) error {
	call := path + "assign_bot/" + bot + "/"
	err := c.call(ctx, op, http.MethodPut, call, body, nil)
	if kind := connector.KindOf(err); body.Node == "" || kind != connector.Invalid && kind != connector.NotFound {
		return err
	}
	c.log.Warn("block refused, giving the customer to the bot's first block", "node", body.Node)
	body.Node = ""
	return c.call(ctx, op, http.MethodPut, call, body, nil)
}

// ListMessages tells only how things stand: whether the vendor has taken the customer from our agent while we believe
// that an agent has it. The transcript cannot heal lost words, because its entries have no ids to know them by.
func (c *Client) ListMessages(ctx context.Context, req connector.ListRequest) ([]connector.Inbound, error) {
	const op = "ListMessages"
	if req.State != conversation.Assigned {
		return nil, nil
	}
	path, err := customerPath(op, req.To)
	if err != nil {
		return nil, err
	}
	who, err := c.owner(ctx, op, path)
	if err != nil {
		return nil, err
	}
	if who.agent != 0 && !c.isOther(who.agent) {
		return nil, nil
	}
	now := time.Now().UTC()
	return []connector.Inbound{{
		Ref: connector.Ref{Conversation: req.To},
		Event: conversation.Event{
			ID: connector.MadeID(c.connection, "poll", req.To, strconv.FormatInt(now.UnixMilli(), 10)), Weak: true,
			Kind: conversation.ChannelDropped, At: now, Ref: req.To,
		},
	}}, nil
}
