package certainly

import (
	"cmp"
	"encoding/json"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/loose"
	"github.com/handoff-engine/handoff/conversation"
)

// vendorClaimEnd is the key under which a conversation carries where the bot wants to go on.
const vendorClaimEnd = "claim_end"

// The bot's variables that mean something to handoff. The rest is shown to the agent.
const (
	variableAgent    = "handoff_agent"
	variableGroup    = "handoff_group"
	variableClaimEnd = "handoff_claim_end"
)

// claimKeys are the keys of the documented claim, which are not the bot's variables. From holds a token.
func claimKeys() []string {
	return []string{
		"attachedMedia", "botId", "botTrainedModelId", "customVariables", "direction", "extractedData", "firstName", "from",
		"lastName", "moduleId", "reply", "replyData", "sessionId", "to", "user_id",
		variableAgent, variableGroup, variableClaimEnd,
	}
}

// decodeClaim reads the webhook by which the bot asks for a human. A webhook made in the newer Webhook Builder has the
// keys that the bot's designer chose, so that any object that names a user is taken, and keys of its own count as
// variables.
func (c *Client) decodeClaim(d *connector.Delivery) ([]connector.Inbound, error) {
	const op = "Decode"
	var body loose.Object
	if err := json.Unmarshal(d.Body, &body); err != nil || len(body) == 0 {
		return nil, connector.Errorf(Name, op, connector.Invalid, "the body is no JSON object")
	}
	user := firstUser(body.Text("to"), body.Text("user_id"), body.Text("from"))
	if user == "" {
		return nil, connector.Errorf(Name, op, connector.Invalid, "the claim names no user")
	}
	variables := body.Object("customVariables")
	customer := conversation.Customer{Name: lineOf(body.Text("firstName"), body.Text("lastName"))}
	addVariables(&customer, body, claimKeys()...)
	addVariables(&customer, variables, variableAgent, variableGroup, variableClaimEnd)
	if file := body.Text("attachedMedia"); connector.IsWebAddress(file) {
		addVariables(&customer, loose.Object{"attached_media": body["attachedMedia"]})
	}
	variable := func(name string) string { return cmp.Or(variables.Text(name), body.Text(name)) }
	ev := conversation.Event{
		Kind: conversation.HandoffRequested, At: d.ReceivedAt, Ref: user, Reason: conversation.ByBot,
		Agent: variable(variableAgent), Group: variable(variableGroup), Customer: customer,
	}
	if value := variable(variableClaimEnd); value != "" && len(value) <= maxClaimEnd {
		ev.Vendor = map[string]string{vendorClaimEnd: value}
	}
	// A claim has no id and no time. Equal ones of one second are one; later ones find the handoff under way.
	ev.ID, ev.Weak = connector.MadeID(c.connection, "claim", user, second(d), string(d.Body)), true
	return []connector.Inbound{inbound(user, ev)}, nil
}
