package omnidesk

import (
	"context"
	"net/http"
	"net/url"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// Availability asks whether agents are there. The vendor tells when nobody is, if "Hide chat when there are no agents
// available" is ticked at the token, and never that somebody is. It knows no groups.
func (c *Client) Availability(ctx context.Context, _ connector.AvailabilityRequest) (connector.Availability, error) {
	got, err := c.chatConfig(ctx, "Availability")
	if err != nil {
		return connector.AvailabilityUnknown, err
	}
	if got.Instructions == nil {
		return connector.AvailabilityUnknown, nil
	}
	for _, i := range got.Instructions {
		if i.Type == noAgents {
			return connector.Offline, nil
		}
	}
	return connector.Online, nil
}

// CloseTicket ends the session. A customer who left is shown as one whose window was closed first. A refusal is taken
// for a session that has ended already: the agent's stop and ours may cross, and what the vendor answers then is not
// documented.
func (c *Client) CloseTicket(ctx context.Context, req connector.CloseRequest) error {
	const op = "CloseTicket"
	session, err := c.openSession(op, req.Ticket)
	if connector.KindOf(err) == connector.Conflict {
		return nil
	}
	if err != nil {
		return err
	}
	if req.ByCustomer {
		if err := c.tell(ctx, op, req.Ticket, eventMinimized); err != nil {
			c.log.Debug("agents are not shown that the customer left", "op", op, "key", req.Key, "kind", connector.KindOf(err))
		}
	}
	end := func(path string) func() (answer, error) {
		return func() (answer, error) {
			return c.post(ctx, op, path, []field{{"chatSessionID", session}, {"chatServer", c.chatServer}}, nil)
		}
	}
	_, err = either(&c.endPath, end(endPathGuide), end(endPathSpec))
	switch kind := connector.KindOf(err); kind {
	case connector.Invalid, connector.NotFound, connector.Conflict:
		c.log.Warn("end of a session was refused; it has ended already, it seems", "op", op, "key", req.Key, "kind", kind)
		err = nil
	default:
	}
	if err == nil {
		c.ended.Set(conversation.Key(session), 1)
	}
	return err
}

// chatConfig asks for what the chat window would be told: of the chat server, as the guide has it, which wants a token
// that not every account has, or of the account, as the specification has it.
func (c *Client) chatConfig(ctx context.Context, op string) (answer, error) {
	account := c.config.ChatAccountToken.First().Reveal()
	fromAccount := func() (answer, error) {
		return c.post(ctx, op, configPathSpec, []field{{"chatServer", c.chatServer}, {"chatAccountToken", account}}, nil)
	}
	token := c.config.ChatServerToken.First().Reveal()
	if token == "" {
		return fromAccount()
	}
	return either(&c.configPath, func() (answer, error) {
		q := url.Values{"chatAccountToken": {account}, "chatServerToken": {token}}
		return c.do(ctx, httpx.Request{
			Op: op, Method: http.MethodGet, URL: c.config.ChatURL + configPathGuide + "?" + q.Encode(),
		})
	}, fromAccount)
}
