package slack

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
)

// Check proves the token, its scopes, and that the bot may read and write in every channel.
func (c *Client) Check(ctx context.Context) error {
	const op = "Check"
	who, err := c.api.AuthTestContext(within(ctx, op))
	if err != nil {
		return failed(op, err)
	}
	if want := c.config.TeamID; want != "" && who.TeamID != want {
		return connector.Errorf(Name, op, connector.Forbidden, "bot_token belongs to another workspace than team_id")
	}
	if missing := c.missingScopes(who.Header); len(missing) > 0 {
		return connector.Errorf(Name, op, connector.Forbidden, "the app lacks the scopes %s: add them and install it again", strings.Join(missing, ", "))
	}
	for _, channel := range c.channels() {
		c.admitted.Delete(channel)
		if err := c.admit(ctx, op, channel); err != nil {
			return err
		}
		// Whether a bot's token may read threads is told in two ways [docs: conversations.replies]: this proves it.
		first := func(message) bool { return true }
		if err := c.read(ctx, op, channel, "", "", first); err != nil {
			return err
		}
	}
	return nil
}

// missingScopes compares the scopes that are granted, which the vendor tells in a header, with those that are needed.
func (c *Client) missingScopes(h http.Header) []string {
	header := h.Get("X-OAuth-Scopes")
	if header == "" {
		return nil
	}
	var granted []string
	for scope := range strings.SplitSeq(header, ",") {
		granted = append(granted, strings.TrimSpace(scope))
	}
	needed := []string{"chat:write", "files:read", "files:write", "users:read"}
	if c.config.Usergroup != "" || len(c.config.Usergroups) > 0 {
		needed = append(needed, "usergroups:read")
	}
	missing := slices.DeleteFunc(needed, func(s string) bool { return slices.Contains(granted, s) })
	for _, either := range []string{"history", "read"} {
		// Public channels want one, private ones the other; a call to each channel tells which.
		if !slices.Contains(granted, "channels:"+either) && !slices.Contains(granted, "groups:"+either) {
			missing = append(missing, "groups:"+either)
		}
	}
	return missing
}
