package teams

import (
	"encoding/json"

	"github.com/golang-jwt/jwt/v5"
)

// claims are those of a webhook's token (learn: rest-api-connector-authentication).
type claims struct {
	jwt.RegisteredClaims
	ServiceURL string `json:"serviceurl"`
}

// envelope is what is looked at before an activity is trusted.
type envelope struct {
	ServiceURL   string           `json:"serviceUrl"`
	ChannelID    string           `json:"channelId"`
	Conversation conversationInfo `json:"conversation"`
	ChannelData  struct {
		Tenant struct {
			ID string `json:"id"`
		} `json:"tenant"`
	} `json:"channelData"`
}

// tenant is the directory that an activity comes from.
func (e envelope) tenant() string {
	if e.ChannelData.Tenant.ID != "" {
		return e.ChannelData.Tenant.ID
	}
	return e.Conversation.TenantID
}

// activity is one webhook (Connector API v3, Activity).
type activity struct {
	Type         string           `json:"type"`
	ID           string           `json:"id"`
	Timestamp    string           `json:"timestamp"`
	ServiceURL   string           `json:"serviceUrl"`
	Name         string           `json:"name"`
	Action       string           `json:"action"`
	From         account          `json:"from"`
	Conversation conversationInfo `json:"conversation"`
	ReplyToID    string           `json:"replyToId"`
	Text         string           `json:"text"`
	Attachments  []attachment     `json:"attachments"`
	Entities     []entity         `json:"entities"`
	Value        json.RawMessage  `json:"value"`
	ChannelData  struct {
		EventType string `json:"eventType"`
		Channel   idOnly `json:"channel"`
	} `json:"channelData"`
}

// account is a person ("29:…") or a bot ("28:…").
type account struct {
	ID          string `json:"id"`
	Name        string `json:"name,omitempty"`
	AADObjectID string `json:"aadObjectId,omitempty"`
	Role        string `json:"role,omitempty"`
}

type conversationInfo struct {
	ID       string `json:"id"`
	TenantID string `json:"tenantId"`
}

// attachment is a file, a card, or the HTML of the text.
type attachment struct {
	ContentType string          `json:"contentType"`
	ContentURL  string          `json:"contentUrl,omitempty"`
	Name        string          `json:"name,omitempty"`
	Content     json.RawMessage `json:"content,omitempty"`
}

// entity is a mention, a quotation, or something about the client.
type entity struct {
	Type      string  `json:"type"`
	Text      string  `json:"text,omitempty"`
	Mentioned account `json:"mentioned"`
}

// click is the value of an invoke: which button of a card, and what it carries (learn: universal actions).
type click struct {
	Action struct {
		Verb string     `json:"verb"`
		Data actionData `json:"data"`
	} `json:"action"`
}

// actionData is what our buttons carry, with the choice of the person to transfer to. Verb is set for clients that know
// no Action.Execute and send an Action.Submit instead.
type actionData struct {
	Ticket string `json:"ticket,omitempty"`
	Verb   string `json:"verb,omitempty"`
	Agent  string `json:"agent,omitempty"`
}

// message is an activity that we post.
type message struct {
	Type        string       `json:"type"`
	TextFormat  string       `json:"textFormat,omitempty"`
	Text        string       `json:"text,omitempty"`
	Summary     string       `json:"summary,omitempty"`
	Attachments []cardHolder `json:"attachments,omitempty"`
	Entities    []mention    `json:"entities,omitempty"`
}

// mention names a person in a text, who is told of it.
type mention struct {
	Type      string  `json:"type"`
	Text      string  `json:"text"`
	Mentioned account `json:"mentioned"`
}

// cardHolder is an Adaptive Card as an attachment.
type cardHolder struct {
	ContentType string `json:"contentType"`
	Content     card   `json:"content"`
}

// newConversation opens a thread (Connector API v3, ConversationParameters).
type newConversation struct {
	IsGroup     bool           `json:"isGroup"`
	Bot         account        `json:"bot"`
	TenantID    string         `json:"tenantId"`
	ChannelData newChannelData `json:"channelData"`
	Activity    message        `json:"activity"`
}

type newChannelData struct {
	Channel idOnly `json:"channel"`
	Tenant  idOnly `json:"tenant"`
}

type idOnly struct {
	ID string `json:"id"`
}

// created is the answer of both ways to post: newConversation gives the thread, an activity its own id.
type created struct {
	ID         string `json:"id"`
	ActivityID string `json:"activityId"`
	ServiceURL string `json:"serviceUrl"`
}

// members is one page of a channel's roster (learn: get-teams-context).
type members struct {
	Members           []account `json:"members"`
	ContinuationToken string    `json:"continuationToken"`
}

// card is an Adaptive Card, version 1.5.
type card struct {
	Type    string       `json:"type"`
	Schema  string       `json:"$schema"`
	Version string       `json:"version"`
	Body    []element    `json:"body"`
	Actions []cardAction `json:"actions,omitempty"`
}

// element is a RichTextBlock, whose runs are shown as they are, an Input.ChoiceSet, or an Image.
type element struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
	// Inlines are those of a RichTextBlock.
	Inlines []textRun `json:"inlines,omitempty"`
	// Style, Placeholder and Choices are those of an Input.ChoiceSet.
	Style       string   `json:"style,omitempty"`
	Placeholder string   `json:"placeholder,omitempty"`
	Choices     []choice `json:"choices,omitempty"`
	// URL and AltText are those of an Image.
	URL          string      `json:"url,omitempty"`
	AltText      string      `json:"altText,omitempty"`
	SelectAction *cardAction `json:"selectAction,omitempty"`
}

type textRun struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Weight   string `json:"weight,omitempty"`
	Size     string `json:"size,omitempty"`
	IsSubtle bool   `json:"isSubtle,omitempty"`
}

type choice struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

// cardAction is a button: Action.Execute with an Action.Submit to fall back to, or Action.OpenUrl.
type cardAction struct {
	Type     string      `json:"type"`
	Title    string      `json:"title,omitempty"`
	Verb     string      `json:"verb,omitempty"`
	Data     *actionData `json:"data,omitempty"`
	Fallback *cardAction `json:"fallback,omitempty"`
	URL      string      `json:"url,omitempty"`
}

// apiFailure is the Connector's error (Connector API v3, ErrorResponse).
type apiFailure struct {
	Error struct {
		Code string `json:"code"`
	} `json:"error"`
}
