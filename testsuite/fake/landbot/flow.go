package landbot

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// Flow is the script of the hosted bot.
type Flow struct {
	BotID int64
	Start string
	Nodes map[string]Node
}

// Node is a place in the flow. When it runs, it calls its Webhook block, if it
// has one, says its lines, and waits for the customer.
type Node struct {
	Says []string
	// Next leads on by the customer's words, in lower case; "*" is any others.
	Next map[string]string
	// Asks makes it a Webhook block that asks for a human, with this reason.
	Asks string
	// Resume is the node that the block tells the other side to go on at.
	Resume string
}

// DefaultFlow answers, asks for a human at the word "human", keeps the customer
// in a closed loop until somebody speaks, and has a node to come back to.
func DefaultFlow() Flow {
	loop := map[string]string{"human": "handoff0", "*": "answer00"}
	return Flow{
		BotID: DefaultBotID,
		Start: "welcome0",
		Nodes: map[string]Node{
			"welcome0": {Says: []string{"Hello, I am the bot."}, Next: loop},
			"answer00": {Says: []string{"I am only a bot. Say human to talk to one."}, Next: loop},
			"handoff0": {
				Says: []string{"Please wait."}, Next: map[string]string{"*": "waiting0"}, Asks: "asked", Resume: "resume00",
			},
			"waiting0": {Next: map[string]string{"*": "waiting0"}},
			"resume00": {Says: []string{"The bot is back."}, Next: loop},
		},
	}
}

// hear lets the bot react to the customer, if it is in control.
func (s *Server) hear(c *customer, words string) {
	if c.bot == 0 {
		return
	}
	if c.landing {
		s.runNode(c)
		return
	}
	next := s.opts.Flow.Nodes[c.node].Next
	to, ok := next[strings.ToLower(strings.TrimSpace(words))]
	if !ok {
		to, ok = next["*"]
	}
	if ok {
		c.node = to
		s.runNode(c)
	}
}

// runNode runs the customer's node and shows in the journal that it did.
func (s *Server) runNode(c *customer) {
	c.landing = false
	node := s.opts.Flow.Nodes[c.node]
	s.see(c, "bot", "node", c.node)
	if node.Asks != "" {
		s.askForHuman(c, map[string]any{"reason": node.Asks, "resume_node": node.Resume})
	}
	for _, line := range node.Says {
		s.botSays(c, line)
	}
}

func (s *Server) botSays(c *customer, words string) {
	s.see(c, "bot", "text", words)
	s.deliver(s.record(c, author{"bot", s.opts.Flow.BotID, "Bot"}, text(words)))
}

// askForHuman makes the request of the flow's Webhook block: its body is what
// the bot's designer wrote, here with the keys that handoff documents.
func (s *Server) askForHuman(c *customer, more map[string]any) {
	if s.block.URL == "" {
		return
	}
	fields := map[string]any{
		"customer_id": c.id, "channel_id": c.channel.ID, "bot_id": s.opts.Flow.BotID, "name": c.name,
	}
	if email, ok := c.fields["email"]; ok {
		fields["email"] = email.Value
	}
	maps.Copy(fields, more)
	body, _ := json.Marshal(fields)
	header := http.Header{"Content-Type": {"application/json"}}
	if s.block.Token != "" {
		header.Set("Authorization", "Token "+s.block.Token)
	}
	s.blocks.Send(fake.Hook{Op: OpBlock, URL: s.block.URL, Header: header, Body: body}, 0)
	s.see(c, "bot", "asked", strconv.FormatInt(c.id, 10))
}
