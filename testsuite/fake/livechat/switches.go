package livechat

import "github.com/handoff-engine/handoff/testsuite/fake"

// Switches settle what the vendor's documentation leaves open, and put the
// account into states that are rare. The zero value is the likeliest vendor.
type Switches struct {
	// Region, if set, is where the account lives: calls without that X-Region
	// are misdirected.
	Region string `json:"region,omitempty"`
	// EmptyBody answers "no response payload" with no body instead of {}.
	EmptyBody bool `json:"empty_body,omitempty"`
	// OtherStatus replaces the HTTP status of each error type whose status is not documented.
	OtherStatus int `json:"other_status,omitempty"`
	// ChatLimitType replaces chat_limit_reached, which is documented for the browser SDK only.
	ChatLimitType string `json:"chat_limit_type,omitempty"`
	// AlreadyActiveType replaces chat_already_active, likewise.
	AlreadyActiveType string `json:"already_active_type,omitempty"`
	// RequesterAbsentType replaces the error of an agent call whose requester is not in the chat.
	RequesterAbsentType string `json:"requester_absent_type,omitempty"`
	// RejectDuplicateCustomID refuses a custom_id that the chat already has.
	RejectDuplicateCustomID bool `json:"reject_duplicate_custom_id,omitempty"`
	// EmptyCustomID shows custom_id as "" on events that have none.
	EmptyCustomID bool `json:"empty_custom_id,omitempty"`
	// AutoAssign gives new and transferred chats at once to the agent with the fewest.
	AutoAssign bool `json:"auto_assign,omitempty"`
	// BotsGrab gives a new chat to a bot of the group unless routing.ignore_bots is set.
	BotsGrab bool `json:"bots_grab,omitempty"`
	// AssignOffline lets a transfer that ignores availability give the chat to an agent who is not there, instead of queuing it.
	AssignOffline bool `json:"assign_offline,omitempty"`
	// UnassignOffline takes the chats of an agent who goes offline back to the queue.
	UnassignOffline bool `json:"unassign_offline,omitempty"`
	// UserType adds the user_type of older payloads to user_added_to_chat and user_removed_from_chat.
	UserType bool `json:"user_type,omitempty"`
	// NoAdditionalData leaves additional_data out of chat_transferred, as the documented sample does.
	NoAdditionalData bool `json:"no_additional_data,omitempty"`
	// FilesNeedToken asks for a token when a file is downloaded.
	FilesNeedToken bool `json:"files_need_token,omitempty"`
	// Legacy and Deprecation are the headers of API versions that end on that date.
	Legacy      string `json:"legacy,omitempty"`
	Deprecation string `json:"deprecation,omitempty"`
	// PropertiesPending makes registered properties not work yet, as for up to two minutes after registering.
	PropertiesPending bool `json:"properties_pending,omitempty"`
	// NotInstalled sends no license webhook: the private app was not installed.
	NotInstalled bool `json:"not_installed,omitempty"`
	// MaxExpiresIn bounds expires_in of customer tokens; 0 is 28800.
	MaxExpiresIn int `json:"max_expires_in,omitempty"`
	// LoseActions are webhook actions that are never sent.
	LoseActions []string `json:"lose_actions,omitempty"`
}

// Switch changes the switches.
func (s *Server) Switch(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.switches)
}

// note writes a line into the journal, under the chat's id.
func (s *Server) note(c *chat, who, kind, text string) {
	s.Journal.Add(fake.Entry{Conversation: c.id, Who: who, Kind: kind, Text: text, At: s.lastNow})
}
