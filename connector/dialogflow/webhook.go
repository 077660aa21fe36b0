package dialogflow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// handoffHookpoint is the address behind the connection's at which every request asks for a human.
const handoffHookpoint = "handoff"

// Verify compares the configured header, or the password of basic authentication, with our secrets. Dialogflow signs
// neither body nor time.
func (c *Client) Verify(d *connector.Delivery) error {
	refuse := func(why string) error { return connector.Errorf(Name, "Verify", connector.Unauthenticated, "%s", why) }
	header := c.config.WebhookHeader
	if c.config.WebhookUser != "" {
		header = "Authorization"
	}
	given := d.Header.Values(header)
	if len(given) != 1 || given[0] == "" {
		return refuse("the secret is missing or doubled")
	}
	secret := given[0]
	if c.config.WebhookUser != "" {
		user, password, ok := basicAuth(secret)
		if !ok || !(connector.Secrets{connector.Secret(c.config.WebhookUser)}).Match(user) {
			return refuse("the user is not the one of webhook_user")
		}
		secret = password
	}
	if !c.config.WebhookSecret.Match(secret) {
		return refuse("the secret does not match")
	}
	return nil
}

// basicAuth reads the value of an Authorization header.
func basicAuth(value string) (user, password string, ok bool) {
	return (&http.Request{Header: http.Header{"Authorization": {value}}}).BasicAuth()
}

// conversationID is the shape of our ids, which each turn carries and its webhooks bring back.
var conversationID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}:[A-Za-z0-9_.:-]{1,128}$`)

// Decode reads a fulfillment request that asks for a human, by the rules that answers are read by. Others are of no
// concern.
func (c *Client) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	const op = "Decode"
	var body webhook
	if json.Unmarshal(d.Body, &body) != nil || body.Session == "" && body.SessionInfo.Session == "" {
		return nil, connector.Errorf(Name, op, connector.Invalid, "the body is no fulfillment request")
	}
	w, parameters := c.wishOf(&body)
	if !w.handoff && d.Hookpoint != handoffHookpoint {
		return nil, nil
	}
	// All requests of one turn share this id, and one turn asks for a human once.
	turn := body.ResponseID + body.DetectIntentResponseID
	about := body.Payload.ConversationID
	if about == "" {
		about = body.OriginalDetectIntentRequest.Payload.ConversationID
	}
	switch {
	case turn == "":
		return nil, connector.Errorf(Name, op, connector.Invalid, "the response id is missing")
	case !conversationID.MatchString(about):
		return nil, connector.Errorf(Name, op, connector.Invalid, "the payload names no conversation of ours")
	}
	sum := sha256.Sum256([]byte(turn))
	return []connector.Inbound{{Ref: connector.Ref{ID: about}, Event: conversation.Event{
		Kind: conversation.HandoffRequested, ID: hex.EncodeToString(sum[:16]), At: d.ReceivedAt, Reason: conversation.ByBot,
		Agent: w.agent, Group: w.group, Customer: c.learnt(parameters, w.fields),
	}}}, nil
}

// wishOf finds the request for a human in a webhook of either edition.
func (c *Client) wishOf(body *webhook) (wish, map[string]json.RawMessage) {
	if r := body.QueryResult; r != nil {
		return c.wish(r, decoded(r.FulfillmentMessages, c.config.Channel)), r.Parameters
	}
	var w wish
	w.handoff = slices.Contains(c.config.HandoffActions, body.FulfillmentInfo.Tag) ||
		slices.Contains(c.config.HandoffIntents, body.IntentInfo.DisplayName)
	c.wishIn(&w, decoded(body.Messages, c.config.Channel), body.SessionInfo.Parameters)
	w.group = c.group(w.group, body.SessionInfo.Parameters)
	return w, body.SessionInfo.Parameters
}
