package connector

import (
	"context"
	"time"

	"github.com/handoff-engine/handoff/conversation"
)

// ConversationAPI is a channel whose other side is a program of the team's own, such as an app, that calls us. The
// gateway answers it below /v1/channels/<connection>/conversations/<key>/:
//
//	POST …/events   an event; it comes to Verify and Decode with the hookpoint "conversations/<key>/events"
//	POST …/tokens   a customer token, from MintToken
//	GET  …/stream   what the customer sees, as server-sent events, to whom AllowRead lets in
//
// Keys match KeyPattern. None of the methods does I/O, and the clock is d.ReceivedAt.
type ConversationAPI interface {
	// MintToken makes a token that lets the customer's own device take part in conversation key for a while. Who may not
	// ask for one gets an error of kind Unauthenticated.
	MintToken(d *Delivery, key string) (CustomerToken, error)

	// AllowRead says until when d may read conversation key, or gives an error of kind Unauthenticated. The zero time
	// means without an end.
	AllowRead(d *Delivery, key string) (until time.Time, err error)

	// AllowOrigin reports whether pages of this origin may call from a browser.
	AllowOrigin(origin string) bool
}

// KeyPattern is how a team may name its conversations on a ConversationAPI: the name is part of an address.
const KeyPattern = `^[A-Za-z0-9_.:-]{1,128}$`

// CustomerToken lets one customer's device into one conversation for a while.
type CustomerToken struct {
	Token     Secret
	ExpiresAt time.Time
}

// StateNotifier is told of every change of a conversation's state, once each, in order with what is said to the
// customer. It is for channels that show who has the conversation.
type StateNotifier interface {
	NotifyState(ctx context.Context, req StateRequest) error
}

// StateRequest is one change of state.
type StateRequest struct {
	Key conversation.Key
	// To is the channel vendor's key of the conversation.
	To     string
	Change conversation.Change
	Vendor map[string]string
}
