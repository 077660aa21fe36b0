package slack

import "strings"

func (c *call) authTest() (map[string]any, string) {
	return map[string]any{
		"url": c.base + "/", "team": "Acme", "user": "handoff", "team_id": Team, "user_id": BotUser, "bot_id": Bot, "is_enterprise_install": false,
	}, ""
}

func (c *call) channelInfo() (map[string]any, string) {
	ch := c.channels[c.args["channel"]]
	if ch == nil {
		return nil, "channel_not_found"
	}
	return map[string]any{"channel": map[string]any{
		"id": ch.id, "name": strings.ToLower(ch.id), "is_channel": true, "is_archived": ch.archived, "is_member": ch.member,
		"is_ext_shared": ch.external, "is_pending_ext_shared": false,
	}}, ""
}

func (c *call) permalink() (map[string]any, string) {
	m := c.find(c.args["channel"], c.args["message_ts"])
	if m == nil {
		return nil, "message_not_found"
	}
	link := c.base + "/archives/" + c.args["channel"] + "/p" + strings.ReplaceAll(m.TS, ".", "")
	return map[string]any{"channel": c.args["channel"], "permalink": link}, ""
}

func (c *call) userInfo() (map[string]any, string) {
	p := c.users[c.args["user"]]
	if p == nil {
		return nil, "user_not_found"
	}
	return map[string]any{"user": map[string]any{
		"id": p.id, "team_id": p.team, "name": p.name, "deleted": p.deleted, "is_bot": p.bot, "real_name": p.name,
		"profile": map[string]any{"real_name": p.name, "display_name": p.name},
	}}, ""
}

func (c *call) presence() (map[string]any, string) {
	p := c.users[c.args["user"]]
	switch {
	case p == nil:
		return nil, "user_not_found"
	case p.active:
		return map[string]any{"presence": "active"}, ""
	}
	return map[string]any{"presence": "away"}, ""
}

func (c *call) members() (map[string]any, string) {
	if c.args["usergroup"] != Helpers {
		return nil, "no_such_subteam"
	}
	return map[string]any{"users": []string{Sam, Mira}}, ""
}
