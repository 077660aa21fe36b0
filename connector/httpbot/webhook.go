package httpbot

import (
	"encoding/json"
	"regexp"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
)

// Verify checks the Standard Webhooks signature.
func (c *Client) Verify(d *connector.Delivery) error {
	if problem := sign.Standard(c.config.Secret, d); problem != "" {
		return connector.Errorf(Name, "Verify", connector.Unauthenticated, "%s", problem)
	}
	return nil
}

// conversationID is the shape of our ids, which the bot gives back as it got them.
var conversationID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}:[A-Za-z0-9_.:-]{1,128}$`)

// maxID is the longest id of a webhook that is taken.
const maxID = 128

// Decode reads the bot's request for a human. Types that it does not know are of no concern.
func (c *Client) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	const op = "Decode"
	var body Webhook
	if err := json.Unmarshal(d.Body, &body); err != nil || body.Type == "" {
		return nil, connector.Errorf(Name, op, connector.Invalid, "the body is no webhook of the contract")
	}
	id := d.Header.Get(sign.HeaderID)
	switch {
	case body.Type != TypeHandoffRequested:
		return nil, nil
	case !conversationID.MatchString(body.Conversation):
		return nil, connector.Errorf(Name, op, connector.Invalid, "conversation is no id of ours")
	case id == "" || len(id) > maxID:
		return nil, connector.Errorf(Name, op, connector.Invalid, "webhook-id is missing or longer than %d bytes", maxID)
	}
	return []connector.Inbound{{Ref: connector.Ref{ID: body.Conversation}, Event: conversation.Event{
		Kind: conversation.HandoffRequested, ID: id, At: d.ReceivedAt, Reason: conversation.ByBot,
		Agent: body.Agent, Group: body.Group, Customer: conversation.Customer{Fields: withReason(nil, body.Reason)},
	}}}, nil
}
