package tiledesk

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// subscribed are the events that we want to be told of (docs: Webhooks). Typing is told where the chat engine passes it
// on (code: channels/chat21).
func subscribed() []string {
	return []string{"message.create", "request.create", "request.update", "request.close", "event.emit.typing.start"}
}

// Subscribe registers our webhook for each event. It lists first, because registering one twice may answer with that of
// somebody else (observed); ours with another secret, and doubled ones, are removed, those of others are left alone.
func (c *Client) Subscribe(ctx context.Context, webhookURL string) error {
	const op = "Subscribe"
	have, err := c.subscriptions(ctx, op)
	if err != nil {
		return err
	}
	webhookURL = strings.TrimRight(webhookURL, "/")
	target := webhookURL + "/" + c.config.WebhookSecret.First().Reveal()
	missing := map[string]bool{}
	for _, event := range subscribed() {
		missing[event] = true
	}
	var stale []subscription
	for _, s := range have {
		switch {
		case s.Target == target && missing[s.Event]:
			missing[s.Event] = false
		case s.Target == webhookURL || strings.HasPrefix(s.Target, webhookURL+"/"):
			stale = append(stale, s)
		}
	}
	// New ones come first, so that nothing is missed in between.
	for _, event := range subscribed() {
		if !missing[event] {
			continue
		}
		body := map[string]string{"event": event, "target": target}
		if err := c.call(ctx, call{op: op, method: http.MethodPost, path: "/subscriptions", body: body}, &subscription{}); err != nil {
			return err
		}
	}
	for _, s := range stale {
		err := c.call(ctx, call{op: op, method: http.MethodDelete, path: "/subscriptions/" + url.PathEscape(s.ID)}, nil)
		if err != nil && connector.KindOf(err) != connector.NotFound {
			return err
		}
	}
	return nil
}

func (c *Client) subscriptions(ctx context.Context, op string) ([]subscription, error) {
	var have []subscription
	err := c.call(ctx, call{op: op, method: http.MethodGet, path: "/subscriptions"}, &have)
	return have, err
}

// Check proves our user and his role, by what only an admin of the project may read. It warns if he is available: then
// Tiledesk gives conversations to him.
func (c *Client) Check(ctx context.Context) error {
	const op = "Check"
	if _, err := c.subscriptions(ctx, op); err != nil {
		return err
	}
	var users []user
	if err := c.call(ctx, call{op: op, method: http.MethodGet, path: "/project_users"}, &users); err != nil {
		return err
	}
	if slices.ContainsFunc(users, func(u user) bool { return u.Available && strings.EqualFold(u.User.Email, c.config.Email) }) {
		c.log.Warn("our own user is available: unless a person uses it too, switch that off in tiledesk, or it is given conversations", "op", op)
	}
	if department := c.config.Department; department != "" {
		if err := c.isDepartment(ctx, op, department); err != nil {
			return err
		}
	}
	return c.checkCustomerSecret(ctx, op)
}

// checkCustomerSecret proves that customer_jwt_secret is the project's, by the token of somebody unknown: a right one is
// told that he does not belong there.
func (c *Client) checkCustomerSecret(ctx context.Context, op string) error {
	if c.config.CustomerJWTSecret == "" {
		return nil
	}
	token, err := c.tokenOf(op, "handoff-check-"+digest(c.connection)[:16], conversation.Customer{Name: "handoff"})
	if err != nil {
		return err
	}
	err = c.send(ctx, call{op: op, method: http.MethodGet}, c.address(requestPath(c.ours+strings.Repeat("0", 24), "/messages")), token, nil)
	switch connector.KindOf(err) {
	case "", connector.Forbidden, connector.NotFound:
		return nil
	case connector.Unauthenticated:
		return connector.Errorf(Name, op, connector.Unauthenticated, "customer_jwt_secret is not the project's jwtSecret")
	default:
		return err
	}
}
