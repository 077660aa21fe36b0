package landbot

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/handoff-engine/handoff/connector"
)

// hookName is how our hooks show in the vendor's list.
const hookName = "handoff"

// Subscribe leaves one message hook with our address and token on each channel. Two hooks would tell us everything
// twice, and there is no call to change one.
func (c *Client) Subscribe(ctx context.Context, webhookURL string) error {
	const op = "Subscribe"
	channels, err := c.channels(ctx, op)
	if err != nil {
		return err
	}
	for _, channel := range channels {
		if err := c.subscribe(ctx, op, channel, webhookURL); err != nil {
			return err
		}
	}
	return nil
}

// channels gives the configured ones, else the only one that the account has.
func (c *Client) channels(ctx context.Context, op string) ([]int64, error) {
	if len(c.config.ChannelIDs) > 0 {
		return c.config.ChannelIDs, nil
	}
	there, err := c.listChannels(ctx, op)
	if err != nil {
		return nil, err
	}
	if len(there) != 1 {
		return nil, connector.Errorf(Name, op, connector.Invalid, "the account has %d channels: set channel_ids", len(there))
	}
	return there, nil
}

// listChannels reads all pages.
func (c *Client) listChannels(ctx context.Context, op string) ([]int64, error) {
	const page = 100
	var ids []int64
	for {
		var answer channelsAnswer
		path := fmt.Sprintf("/channels/?offset=%d&limit=%d", len(ids), page)
		if err := c.call(ctx, op, http.MethodGet, path, nil, &answer); err != nil {
			return nil, err
		}
		for _, ch := range answer.Channels {
			ids = append(ids, ch.ID)
		}
		if len(answer.Channels) < page {
			return ids, nil
		}
	}
}

func (c *Client) subscribe(ctx context.Context, op string, channel int64, webhookURL string) error {
	path := fmt.Sprintf("/channels/%d/message_hooks/", channel)
	var have hooksAnswer
	if err := c.call(ctx, op, http.MethodGet, path, nil, &have); err != nil {
		return err
	}
	token := c.config.HookToken.First().Reveal()
	kept := false
	for _, h := range have.Hooks {
		if h.URL != webhookURL {
			continue
		}
		if h.Token == token && !kept {
			kept = true
			continue
		}
		err := c.call(ctx, op, http.MethodDelete, fmt.Sprintf("%s%d/", path, h.ID), nil, nil)
		if err != nil && connector.KindOf(err) != connector.NotFound {
			return err
		}
	}
	if kept {
		return nil
	}
	return c.call(ctx, op, http.MethodPost, path, hookRequest{URL: webhookURL, Token: token, Name: hookName}, nil)
}

// Check reads the channels, which proves the token, and compares the configured ids with what the account has.
func (c *Client) Check(ctx context.Context) error {
	const op = "Check"
	there, err := c.listChannels(ctx, op)
	if err != nil {
		return err
	}
	for _, id := range c.config.ChannelIDs {
		if !slices.Contains(there, id) {
			return connector.Errorf(Name, op, connector.NotFound, "channel_ids: the account has no channel %d", id)
		}
	}
	return c.checkAgent(ctx, op)
}

// checkAgent looks for the configured agent. The list is not in the vendor's current reference: where it is not there,
// nothing is checked.
func (c *Client) checkAgent(ctx context.Context, op string) error {
	if c.config.AgentID == 0 {
		return nil
	}
	var answer agentsAnswer
	err := c.call(ctx, op, http.MethodGet, "/agents/", nil, &answer)
	if connector.KindOf(err) == connector.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	for _, a := range answer.Agents {
		if a.ID == c.config.AgentID {
			return nil
		}
	}
	return connector.Errorf(Name, op, connector.NotFound, "agent_id: the account has no agent %d", c.config.AgentID)
}
