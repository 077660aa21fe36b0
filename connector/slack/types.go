package slack

import "encoding/json"

// envelope is around every event of the Events API [docs: Events API].
type envelope struct {
	TeamID   string `json:"team_id"`
	APIAppID string `json:"api_app_id"`
	// External says that people of other companies share the channel.
	External       bool            `json:"is_ext_shared_channel"`
	Authorizations []authorization `json:"authorizations"`
	Event          json.RawMessage `json:"event"`
}

type authorization struct {
	UserID string `json:"user_id"`
	IsBot  bool   `json:"is_bot"`
}

// message is a message event, and a message as conversations.replies and conversations.history list it [docs: message].
type message struct {
	Subtype  string `json:"subtype"`
	Channel  string `json:"channel"`
	User     string `json:"user"`
	Text     string `json:"text"`
	TS       string `json:"ts"`
	ThreadTS string `json:"thread_ts"`
	// ParentUser wrote the first message of the thread.
	ParentUser string `json:"parent_user_id"`
	BotID      string `json:"bot_id"`
	AppID      string `json:"app_id"`
	BotProfile *struct {
		AppID string `json:"app_id"`
	} `json:"bot_profile"`
	Edited *struct {
		TS string `json:"ts"`
	} `json:"edited"`
	Files    []file `json:"files"`
	Metadata *struct {
		EventType string          `json:"event_type"`
		Payload   json.RawMessage `json:"event_payload"`
	} `json:"metadata"`
	Blocks json.RawMessage `json:"blocks"`

	// DeletedTS, Message and Previous belong to the subtypes message_changed and message_deleted.
	DeletedTS string   `json:"deleted_ts"`
	Message   *message `json:"message"`
	Previous  *message `json:"previous_message"`
}

// file is a file object [docs: file object].
type file struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	MIMEType   string `json:"mimetype"`
	Size       int64  `json:"size"`
	URLPrivate string `json:"url_private"`
}

// page is one answer of conversations.replies or conversations.history.
type page struct {
	Messages []message `json:"messages"`
	HasMore  bool      `json:"has_more"`
	Metadata struct {
		NextCursor string `json:"next_cursor"`
	} `json:"response_metadata"`
}

// interaction is a click [docs: block_actions payload].
type interaction struct {
	APIAppID string `json:"api_app_id"`
	Team     *struct {
		ID string `json:"id"`
	} `json:"team"`
	Enterprise json.RawMessage `json:"enterprise"`
	User       struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		TeamID string `json:"team_id"`
	} `json:"user"`
	Channel *struct {
		ID string `json:"id"`
	} `json:"channel"`
	Container struct {
		MessageTS string `json:"message_ts"`
		ThreadTS  string `json:"thread_ts"`
		ChannelID string `json:"channel_id"`
	} `json:"container"`
	// Message is the card; its user is our bot.
	Message struct {
		User string `json:"user"`
	} `json:"message"`
	Actions []action `json:"actions"`
}

type action struct {
	ActionID     string `json:"action_id"`
	BlockID      string `json:"block_id"`
	Value        string `json:"value"`
	SelectedUser string `json:"selected_user"`
	ActionTS     string `json:"action_ts"`
}
