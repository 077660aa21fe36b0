package slack

import "time"

// Switches settle what the vendor's documentation leaves open, and put the workspace into states that are rare. The zero
// value is the likeliest vendor.
type Switches struct {
	// ClientMsgID says what a second message with the same client_msg_id does: "" shows it, "first" answers with the first,
	// "refuse" answers duplicate_message_not_found.
	ClientMsgID string
	// DeletedCard says what a reply to a deleted first message does: "" puts it into the channel in silence, "refuse"
	// answers thread_not_found.
	DeletedCard string
	// HideMetadata gives no metadata to readers, and none with events.
	HideMetadata bool
	// QuietEvents leaves the metadata out of events alone.
	QuietEvents bool
	// DropFileBlocks forgets the blocks of a shared file.
	DropFileBlocks bool
	// FilesShowAfter is how much later a shared file shows.
	FilesShowAfter time.Duration
	// NoSubtype leaves bot_message out, as for newer apps.
	NoSubtype bool
	// NoParentUser leaves parent_user_id out of events.
	NoParentUser bool
	// NoPrevious leaves previous_message out of edits.
	NoPrevious bool
	// UndeletableUsername refuses to delete messages with an overridden name.
	UndeletableUsername bool
	// MaxPage bounds a page of messages, as for new commercial apps outside the Marketplace: 15.
	MaxPage int
	// TokenRevoked refuses the token.
	TokenRevoked bool
	// PageForFiles answers a download with the page for signing in.
	PageForFiles bool
	// Mentions sends app_mention besides the message, as for apps that subscribe to it.
	Mentions bool
}

// Switch changes the switches.
func (s *Server) Switch(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.switches)
}
