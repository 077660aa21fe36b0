// Package workflows makes conversations last: the Conversation workflow around the pure model, LateEvent for events that
// overtook their conversation, Healing for lost webhooks, and the Client that the other processes use. It holds the
// plumbing and no rule: the rules are in package conversation.
package workflows

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"go.temporal.io/sdk/temporal"
)

// Names that others keep: histories, workers of other versions, saved views. Never rename one.
const (
	// DefaultTaskQueue is the task queue of workflows, and of the activities of connections without a rate limit.
	DefaultTaskQueue = "handoff"

	// ConversationType, LateEventType and HealingType are the workflow types.
	ConversationType = "Conversation"
	LateEventType    = "LateEvent"
	HealingType      = "Healing"

	// SignalEvent carries every event. There is one signal name, because order between several is not kept.
	SignalEvent = "event"
	// SignalWake makes Healing look at once.
	SignalWake = "wake"
	// UpdateCommand carries an operator's command.
	UpdateCommand = "command"
	// QueryView gives a conversation.View, QueryMissing those of the given events that the conversation does not know.
	QueryView    = "view"
	QueryMissing = "missing"

	latePrefix    = "late:"
	healingPrefix = "healing:"
)

// The search attributes. They hold no personal data.
//
//nolint:gochecknoglobals // typed names of search attributes, never changed
var (
	AttributeState   = temporal.NewSearchAttributeKeyKeyword("HandoffState")
	AttributeRoute   = temporal.NewSearchAttributeKeyKeyword("HandoffRoute")
	AttributeChannel = temporal.NewSearchAttributeKeyKeyword("HandoffChannel")
	AttributeDesk    = temporal.NewSearchAttributeKeyKeyword("HandoffDesk")
	AttributeTicket  = temporal.NewSearchAttributeKeyKeyword("HandoffTicket")
	AttributeAgent   = temporal.NewSearchAttributeKeyKeyword("HandoffAgent")
	AttributeReason  = temporal.NewSearchAttributeKeyKeyword("HandoffReason")
	AttributeSince   = temporal.NewSearchAttributeKeyTime("HandoffSince")
)

// AttributeNames lists the search attributes that the namespace needs, with their types as the server's tools name them.
func AttributeNames() map[string]string {
	return map[string]string{
		AttributeState.GetName(): "Keyword", AttributeRoute.GetName(): "Keyword", AttributeChannel.GetName(): "Keyword",
		AttributeDesk.GetName(): "Keyword", AttributeTicket.GetName(): "Keyword", AttributeAgent.GetName(): "Keyword",
		AttributeReason.GetName(): "Keyword", AttributeSince.GetName(): "Datetime",
	}
}

// AgentAttribute is how an agent appears in search attributes: desks that name agents by mail address get a hash.
func AgentAttribute(id string) string {
	if !strings.Contains(id, "@") {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "agent-" + hex.EncodeToString(sum[:4])
}

// LateEventID is the id of the LateEvent workflow of an event: one event, one workflow.
func LateEventID(connection, eventID string) string {
	sum := sha256.Sum256([]byte(eventID))
	return latePrefix + connection + ":" + hex.EncodeToString(sum[:8])
}

// HealingID is the id of a connection's Healing workflow.
func HealingID(connection string) string { return healingPrefix + connection }
