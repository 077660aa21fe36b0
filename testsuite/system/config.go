package system

import (
	"os"
	"strconv"

	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

// The connections, and the secrets that must show nowhere.
const (
	Channel = "landbot-shop"
	Desk    = "livechat-support"

	APIToken      = "operator-c4n4ry-6f1d"
	HookToken     = "hook-c4n4ry-20b7e5"
	WebhookSecret = "webhook-c4n4ry-91ac"
)

// Secrets lists every secret that the processes are given.
func Secrets() []string {
	return []string{
		APIToken, HookToken, WebhookSecret, landbot.DefaultToken, livechat.DefaultClientSecret, livechat.DefaultRefreshToken,
	}
}

const routesTemplate = `connections:
  ${channel}:
    vendor: landbot
    base_url: ${landbot_url}/v1
    api_token: ${api_token}
    hook_token: ${hook_token}
    channel_ids: [${channel_id}]
    agent_id: ${agent_id}
    agent_name: Middleware
    bot_id: ${bot_id}
    allow_hosts: [127.0.0.1]
${livechat}routes:
  shop:
    channel: ${channel}
    desk: ${desk}
    policy: ${policy}
`

const deskTemplate = `  ${desk}:
    vendor: livechat
    client_id: ${client_id}
    client_secret: ${client_secret}
    refresh_token: ${refresh_token}
    webhook_secret: ${webhook_secret}
    group: ${group}
    note_agent: ${note_agent}
    agent_names: {${mira}: Mira, ${leo}: Leo}
    base_url: ${livechat_url}
    token_url: ${livechat_url}
    files_url: ${livechat_url}
    allow_hosts: [127.0.0.1]
`

// routesFile is handoff.yaml with the fakes' addresses.
func (s *System) routesFile() string {
	if s.options.Routes != nil {
		return s.options.Routes(s)
	}
	number := strconv.Itoa
	values := map[string]string{
		"channel": Channel, "desk": Desk, "policy": s.options.Policy, "landbot_url": s.LandbotURL,
		"api_token": landbot.DefaultToken, "hook_token": HookToken, "channel_id": number(landbot.DefaultChannelID),
		"agent_id": number(landbot.DefaultAgentID), "bot_id": number(landbot.DefaultBotID), "livechat": s.LiveChatConnection(),
	}
	return os.Expand(routesTemplate, func(name string) string { return values[name] })
}

// LiveChatConnection is the desk among the connections of handoff.yaml.
func (s *System) LiveChatConnection() string {
	values := map[string]string{
		"desk": Desk, "livechat_url": s.LiveChatURL, "client_id": livechat.DefaultClientID, "client_secret": livechat.DefaultClientSecret,
		"refresh_token": livechat.DefaultRefreshToken, "webhook_secret": WebhookSecret, "group": strconv.Itoa(livechat.DefaultGroup),
		"note_agent": livechat.DefaultRequester, "mira": livechat.Mira, "leo": livechat.Leo,
	}
	return os.Expand(deskTemplate, func(name string) string { return values[name] })
}
