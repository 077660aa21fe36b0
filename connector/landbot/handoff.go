package landbot

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/loose"
	"github.com/handoff-engine/handoff/conversation"
)

// decodeHandoff reads the request of the flow's Webhook block, whose body the bot's designer writes:
//
//	{"customer_id":61200345,"channel_id":812,"bot_id":2200456,"resume_node":"Abc12def3",
//	 "name":"Ana","email":"ana@example.com","reason":"billing","group":"sales"}
//
// customer_id is needed, the rest is welcome; keys that are not ours become fields of the customer. Variables of the
// builder may come as texts where numbers are meant.
func (c *Client) decodeHandoff(d *connector.Delivery) ([]connector.Inbound, error) {
	const op = "Decode"
	var body loose.Object
	if err := json.Unmarshal(d.Body, &body); err != nil || len(body) == 0 {
		return nil, connector.Errorf(Name, op, connector.Invalid, "the body is no JSON object")
	}
	customer := body.Int("customer_id")
	if customer <= 0 {
		return nil, connector.Errorf(Name, op, connector.Invalid, "customer_id is missing or no number")
	}
	if channel := body.Int("channel_id"); channel != 0 && !c.serves(channel) {
		return nil, connector.Errorf(Name, op, connector.Invalid, "channel_id is none of this connection's channels")
	}
	key := strconv.FormatInt(customer, 10)
	ev := conversation.Event{
		Kind: conversation.HandoffRequested, At: d.ReceivedAt, Ref: key, Reason: conversation.ByBot,
		Agent: body.Text("agent"), Group: body.Text("group"),
		Customer: personOf(body, "customer_id", "channel_id", "bot_id", "resume_node", "agent", "group"),
		Vendor:   map[string]string{},
	}
	if bot := body.Int("bot_id"); bot > 0 {
		ev.Vendor[vendorBot] = strconv.FormatInt(bot, 10)
	}
	if n := body.Text("resume_node"); node.MatchString(n) {
		ev.Vendor[vendorNode] = n
	}
	// The request has no id. Equal ones of one second are one; later ones find the handoff under way.
	ev.ID, ev.Weak = connector.MadeID(c.connection, "handoff", key, string(d.Body), d.ReceivedAt.UTC().Format(time.DateTime)), true
	return []connector.Inbound{{Ref: connector.Ref{Conversation: key}, Event: ev}}, nil
}
