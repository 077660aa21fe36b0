package landbot

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// vendorOptOut is the key under which a conversation carries that the customer wants no more messages.
const vendorOptOut = "opt_out"

// optsOut reports whether a message is a WhatsApp customer's wish to get no more.
func (c *Client) optsOut(m hookMessage, text string) bool {
	return strings.HasPrefix(string(m.Channel.Type), "whatsap") && slices.ContainsFunc(c.config.OptOutWords, func(word string) bool {
		return strings.EqualFold(strings.TrimSpace(word), strings.TrimSpace(text))
	})
}

// withOptOut adds to the customer's words that the conversation is over, where they say so. Other words take an earlier
// wish back: who writes again is in a new conversation.
func (c *Client) withOptOut(m hookMessage, said connector.Inbound) []connector.Inbound {
	if len(c.config.OptOutWords) == 0 || said.Event.Kind != conversation.CustomerSaid {
		return []connector.Inbound{said}
	}
	if !c.optsOut(m, said.Event.Text) {
		said.Event.Vendor = map[string]string{vendorOptOut: ""}
		return []connector.Inbound{said}
	}
	left := connector.Inbound{Ref: said.Ref, Event: conversation.Event{
		ID: said.Event.ID + ":opt_out", Weak: said.Event.Weak, Kind: conversation.CustomerLeft, At: said.Event.At, Seq: said.Event.Seq,
		Ref: said.Event.Ref, Vendor: map[string]string{vendorOptOut: "yes"},
	}}
	return []connector.Inbound{said, left}
}

// optOut takes the customer's opt-ins back (vendor's integration at n8n, "Delete opt-ins of a specific customer"). Doing so
// twice changes nothing, and a refusal does not keep the customer from the bot.
func (c *Client) optOut(ctx context.Context, op, path string, req connector.ResumeRequest) error {
	if req.Launch || req.Vendor[vendorOptOut] == "" {
		return nil
	}
	return c.tolerate(op, c.call(ctx, op, http.MethodDelete, path+"opt_out/", nil, nil))
}
