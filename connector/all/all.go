// Package all names every vendor. Only programs import it: a library user who needs one vendor imports that one.
package all

import (
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/app"
	"github.com/handoff-engine/handoff/connector/certainly"
	"github.com/handoff-engine/handoff/connector/crisp"
	"github.com/handoff-engine/handoff/connector/dialogflow"
	"github.com/handoff-engine/handoff/connector/httpbot"
	"github.com/handoff-engine/handoff/connector/httpdesk"
	"github.com/handoff-engine/handoff/connector/landbot"
	"github.com/handoff-engine/handoff/connector/livechat"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/connector/omnidesk"
	"github.com/handoff-engine/handoff/connector/slack"
	"github.com/handoff-engine/handoff/connector/teams"
	"github.com/handoff-engine/handoff/connector/tiledesk"
)

// Vendors gives a registry of every vendor that this program can connect.
func Vendors() *connector.Registry {
	return connector.NewRegistry(
		app.Factory(),
		certainly.Factory(),
		crisp.Factory(),
		dialogflow.Factory(),
		httpbot.Factory(),
		httpdesk.Factory(),
		landbot.Factory(),
		livechat.Factory(),
		memory.Factory(),
		omnidesk.Factory(),
		slack.Factory(),
		teams.Factory(),
		tiledesk.Factory(),
	)
}
