package omnidesk

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"

	"github.com/handoff-engine/handoff/connector/loose"
)

// channelLiveChat is the vendor's number of the channel live chat (guide, notifyUserNewChatMessage).
const channelLiveChat = 8

// The paths of the API. The guide and the specification name different ones for the end of a session.
const (
	messagePath    = "/api/v2/chat/notifyUserNewChatMessage"
	attachmentPath = "/api/v2/chat/addAttachment"
	eventPath      = "/api/v2/chat/notifyUserNewChatEvent"
	endPathGuide   = "/api/v2/message/notifyUserEndChat"
	endPathSpec    = "/api/v2/chat/notifyUserEndChat"
	configPathSpec = "/api/v2/chat/requestChatConfig"
	// configPathGuide is a path of the chat server.
	configPathGuide = "/requestChatConfig"
	chatbotPath     = "/api/v2/message/chatbot"
	ticketPath      = "/api/v2/ticket/"
)

// The events of the customer's chat window (guide, notifyUserNewChatEvent).
const (
	eventTyping    = "startedtyping"
	eventIdle      = "stoppedtyping"
	eventExpanded  = "expandedchat"
	eventMinimized = "minimizedchat"
)

// The vendor's words for success and failure; which of the three keys carries one differs from call to call.
const (
	wordError   = "error"
	wordSuccess = "success"
	// noAgents is the type of the instruction that nobody is there. None says that somebody is.
	noAgents = "hide_reason_no_agents_available"
)

// answer is what the calls answer.
type answer struct {
	Type         loose.Text              `json:"type"`
	Result       loose.Text              `json:"result"`
	Status       loose.Text              `json:"status"`
	TicketID     loose.Int               `json:"ticketID"`
	MessageID    loose.Int               `json:"messageID"`
	Instructions loose.List[instruction] `json:"instructions"`
	Item         *ticket                 `json:"item"`
}

// instruction tells the chat window what to show.
type instruction struct {
	Type loose.Text `json:"type"`
}

// ticket is a ticket with its timeline (API reference, ticket).
type ticket struct {
	Status         loose.Text        `json:"status"`
	AssignedUserID loose.Int         `json:"assigned_user_id"`
	ClosedAt       loose.Text        `json:"closed_at"`
	ExternalID     loose.Text        `json:"external_id"`
	Timeline       loose.List[entry] `json:"timeline"`
}

// entry is one thing in a timeline. How a chat message looks there is not documented.
type entry struct {
	Type      loose.Text `json:"type"`
	UserID    loose.Int  `json:"user_id"`
	Content   loose.Text `json:"content"`
	CreatedAt loose.Text `json:"created_at"`
	// whole is all of the entry, to look for names of files in.
	whole any
}

// UnmarshalJSON keeps all of the entry, besides.
func (e *entry) UnmarshalJSON(b []byte) error {
	type plain entry
	return errors.Join(json.Unmarshal(b, (*plain)(e)), json.Unmarshal(b, &e.whole))
}

// closed reports whether the ticket is done with. The documented statuses are new, open and solved.
func (t *ticket) closed() bool {
	return t.ClosedAt != "" || t.Status == "solved" || t.Status == "closed"
}

// idOf writes an id; "" for none.
func idOf(n loose.Int) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(int64(n), 10)
}

// pair is a key and its value in an answer that is printed like a PHP array, as some of the documented ones are.
var pair = regexp.MustCompile(`"(type|result|status|ticketID|messageID)"\s*(?::|=>)\s*"?([A-Za-z0-9]+)`)

// readAnswer reads an answer, leniently where it is no JSON.
func readAnswer(body []byte) answer {
	var a answer
	body = bytes.TrimSpace(body)
	if json.Unmarshal(body, &a) == nil || !bytes.HasPrefix(body, []byte("{")) {
		return a
	}
	a = answer{}
	for _, p := range pair.FindAllSubmatch(body, -1) {
		switch value := loose.Text(p[2]); string(p[1]) {
		case "type":
			a.Type = value
		case "result":
			a.Result = value
		case "status":
			a.Status = value
		case "ticketID":
			_ = a.TicketID.UnmarshalJSON(p[2])
		case "messageID":
			_ = a.MessageID.UnmarshalJSON(p[2])
		}
	}
	return a
}

// failed reports whether an answer tells of a failure, whatever its HTTP status.
func (a answer) failed() bool {
	return a.Status == wordError || a.Type == wordError || a.Result == wordError
}

// succeeded reports whether an answer tells of success.
func (a answer) succeeded() bool {
	return !a.failed() && (a.Type == "result" || a.Type == "item" || a.Result == wordSuccess)
}
