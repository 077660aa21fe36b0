package slack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/slack-go/slack"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// What we post carries metadata, which the workspace's apps can read and people do not see: what it is, and our key. It is
// for finding out whether a call of unknown outcome took place.
const (
	markCard    = "handoff_card"
	markOpening = "handoff_opening"
	markMessage = "handoff_message"
	markNote    = "handoff_note"
)

// mark is the metadata of one message. A send that takes several messages numbers them from 1.
type mark struct {
	kind  string
	Key   conversation.Key `json:"key"`
	Part  int              `json:"part"`
	Parts int              `json:"parts"`
}

// metadata writes a mark for slack-go.
func (m mark) metadata() slack.SlackMetadata {
	return slack.SlackMetadata{EventType: m.kind, EventPayload: map[string]any{"key": string(m.Key), "part": m.Part, "parts": m.Parts}}
}

// clientID is a UUID that follows from the mark (version 5, RFC 9562). Slack documents no effect of client_msg_id; where it
// has one, it keeps a repeat from being shown twice.
func (m mark) clientID() string {
	return uuid.NewSHA1(uuid.Nil, []byte(m.kind+"\x00"+string(m.Key)+"\x00"+strconv.Itoa(m.Part))).String()
}

// markOf reads the mark of a message, and reports whether it has one.
func markOf(m message) (mark, bool) {
	if m.Metadata == nil || !slices.Contains([]string{markCard, markOpening, markMessage, markNote}, m.Metadata.EventType) {
		return mark{}, false
	}
	found := mark{kind: m.Metadata.EventType}
	if json.Unmarshal(m.Metadata.Payload, &found) != nil || found.Key == "" {
		return mark{}, false
	}
	return found, true
}

// blockIDs lists the ids of a message's blocks: where metadata cannot be had, they tell the key.
func blockIDs(m message) []string {
	var blocks []struct {
		ID string `json:"block_id"`
	}
	if json.Unmarshal(m.Blocks, &blocks) != nil {
		return nil
	}
	ids := make([]string, len(blocks))
	for i, b := range blocks {
		ids[i] = b.ID
	}
	return ids
}

// maxBlockID is the longest id of a block [docs: block reference].
const maxBlockID = 255

// blockID marks block n of what key does. It must be new with each update of a message [docs: block reference].
func blockID(key conversation.Key, n int) string {
	id := string(key)
	if n > 0 {
		id += "#" + strconv.Itoa(n)
	}
	if len(id) > maxBlockID {
		sum := sha256.Sum256([]byte(id))
		id = hex.EncodeToString(sum[:])
	}
	return id
}

// captionKey gives the key that the blocks of a file's caption are named after, or "".
func captionKey(m message) conversation.Key {
	ids := blockIDs(m)
	if len(ids) == 0 || conversationOf(ids[0]) == "" {
		return ""
	}
	return conversation.Key(ids[0])
}

// conversationOf gives the conversation that a key belongs to, or "". Its id is the reference that buttons carry.
func conversationOf(key string) string {
	at := strings.LastIndexByte(key, '/')
	if at < 0 || !isReference(key[:at]) {
		return ""
	}
	return key[:at]
}

// isReference reports whether a text has the shape of a conversation's id: "<connection>:<key>", of plain characters.
func isReference(id string) bool {
	before, after, ok := strings.Cut(id, ":")
	return ok && before != "" && after != "" && len(id) <= 200 && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(":_.-", r)
	})
}

// ticketID names a thread.
func ticketID(channel, thread string) string { return channel + ":" + thread }

// parseTicket is the reverse of ticketID.
func parseTicket(op string, t conversation.Ticket) (channel, thread string, err error) {
	channel, thread, ok := strings.Cut(t.ID, ":")
	if !ok || !isChannel(channel) || !isTS(thread) {
		return "", "", connector.Errorf(Name, op, connector.Invalid, "the ticket's id is not <channel>:<ts>")
	}
	return channel, thread, nil
}
