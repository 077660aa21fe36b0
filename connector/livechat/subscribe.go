package livechat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/handoff-engine/handoff/connector"
)

// maxHooks is how many webhooks an app may have for one action.
const maxHooks = 3

// subscription is an action that we want to be told of.
type subscription struct {
	action string
	// byAgents keeps what customers write, our own sends, from coming back. Only some actions know it.
	byAgents bool
}

func subscriptions() []subscription {
	return []subscription{
		{action: "incoming_chat"},
		{action: "incoming_event", byAgents: true},
		{action: "event_updated", byAgents: true},
		{action: "event_deleted"},
		{action: "chat_transferred"},
		{action: "user_added_to_chat"},
		{action: "user_removed_from_chat"},
		{action: "chat_deactivated"},
		{action: "events_marked_as_seen"},
	}
}

// Subscribe registers our webhooks and properties. A registration cannot be edited, so one of ours with another address
// or secret is replaced; those of others are left alone. Changes may take the vendor two minutes to act.
func (c *Client) Subscribe(ctx context.Context, webhookURL string) error {
	var have []registration
	if err := c.configure(ctx, "list_webhooks", c.owner(), &have); err != nil {
		return err
	}
	for _, s := range subscriptions() {
		if err := c.subscribe(ctx, s, webhookURL, have); err != nil {
			return err
		}
	}
	state := struct {
		Enabled *bool `json:"license_webhooks_enabled"`
	}{}
	if err := c.configure(ctx, "get_license_webhooks_state", c.owner(), &state); err != nil {
		return err
	}
	if state.Enabled != nil && !*state.Enabled {
		if err := c.configure(ctx, "enable_license_webhooks", c.owner(), nil); err != nil {
			return err
		}
	}
	return c.registerProperties(ctx)
}

// subscribe leaves one registration of ours for an action.
func (c *Client) subscribe(ctx context.Context, s subscription, webhookURL string, have []registration) error {
	want := c.registration(s, webhookURL)
	registered, all := false, 0
	var stale []registration
	for _, r := range have {
		if r.Action != s.action {
			continue
		}
		all++
		switch {
		case r.URL == want.URL && r.Description == want.Description && !registered:
			registered = true
		case r.URL == want.URL || strings.HasPrefix(r.Description, c.descriptionPrefix()):
			stale = append(stale, r)
		}
	}
	// The new one comes first where there is room, so that nothing is missed in between.
	if !registered && all < maxHooks {
		if err := c.configure(ctx, "register_webhook", want, nil); err != nil {
			return err
		}
		registered = true
	}
	for _, r := range stale {
		body := map[string]string{"id": r.ID, "owner_client_id": c.config.ClientID}
		if err := c.configure(ctx, "unregister_webhook", body, nil); err != nil && connector.KindOf(err) != connector.NotFound {
			return err
		}
	}
	if registered {
		return nil
	}
	return c.configure(ctx, "register_webhook", want, nil)
}

func (c *Client) registration(s subscription, webhookURL string) registration {
	r := registration{
		Action: s.action, URL: webhookURL, SecretKey: c.config.WebhookSecret.First().Reveal(), Type: "license",
		OwnerClientID: c.config.ClientID, Description: c.descriptionPrefix() + c.fingerprint(s),
		AdditionalData: []string{"chat_properties", "chat_presence_user_ids"},
		Filters:        &filters{OnlyMyChats: true},
	}
	if s.byAgents {
		r.Filters.AuthorType = "agent"
	}
	return r
}

// descriptionPrefix tells our registrations from those of others and of other connections.
func (c *Client) descriptionPrefix() string { return "handoff " + c.connection + " " }

// fingerprint changes with the secret and with what is registered, because lists do not show the secret. It is too
// short to find the secret by.
func (c *Client) fingerprint(s subscription) string {
	const layout = "1"
	sum := sha256.Sum256([]byte(layout + "\x00" + s.action + "\x00" + c.config.WebhookSecret.First().Reveal()))
	return hex.EncodeToString(sum[:4])
}

// registerProperties makes the properties known by which chats carry our reference. Until they work, and where they
// cannot be registered, chats go without: events are found by the ticket.
func (c *Client) registerProperties(ctx context.Context) error {
	for _, property := range []string{conversationProperty, connectionProperty} {
		err := c.configure(ctx, "register_property", map[string]any{
			"name": property, "owner_client_id": c.config.ClientID, "type": "string", "description": "handoff",
			"access": map[string]any{"chat": map[string][]string{"agent": {"read", "write"}, "customer": {"read", "write"}}},
		}, nil)
		switch connector.KindOf(err) {
		case "", connector.Invalid, connector.Conflict:
			// Invalid is what a property that exists is answered with.
		case connector.Forbidden:
			c.log.Warn("properties cannot be registered: chats carry no reference", "op", "Subscribe", "kind", connector.Forbidden)
			return nil
		default:
			return err
		}
	}
	return nil
}

// Check proves the credentials of both sides and that webhooks are on.
func (c *Client) Check(ctx context.Context) error {
	const op = "Check"
	if _, err := c.tokens.agent(ctx, op); err != nil {
		return err
	}
	if !c.tokens.may("customers:own") {
		return connector.Errorf(Name, op, connector.Forbidden, "scope customers:own is missing: authorize the app anew as an administrator")
	}
	if err := c.call(ctx, request{op: op, api: agentAPI, action: "list_chats", body: map[string]any{"limit": 1}}, nil); err != nil {
		return err
	}
	state := struct {
		Enabled *bool `json:"license_webhooks_enabled"`
	}{}
	if err := c.call(ctx, request{op: op, api: configurationAPI, action: "get_license_webhooks_state", body: c.owner()}, &state); err != nil {
		return err
	}
	if state.Enabled != nil && !*state.Enabled {
		return connector.Errorf(Name, op, connector.Forbidden, "webhooks are off: install the app by its Private installation tab")
	}
	return nil
}

func (c *Client) owner() map[string]string {
	return map[string]string{"owner_client_id": c.config.ClientID}
}

func (c *Client) configure(ctx context.Context, action string, body, into any) error {
	return c.call(ctx, request{op: "Subscribe", api: configurationAPI, action: action, body: body}, into)
}
