package omnidesk

import (
	"encoding/json"
	"time"

	"github.com/handoff-engine/handoff/connector"
)

// platformHook is the usual envelope of Standard Webhooks. The vendor's event types, and what stands in data, are not
// documented.
type platformHook struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// platformTicket is a ticket as it may stand in an event's data: as it is, or as one of two keys of it.
type platformTicket struct {
	ticket
	ChatSessionID string          `json:"chatSessionID"`
	SessionID     string          `json:"sessionID"`
	Nested        *platformTicket `json:"ticket"`
	Item          *platformTicket `json:"item"`
}

// decodePlatform reads a platform webhook. Whatever it is called: one that shows a ticket with a session of ours, and
// that ticket solved or closed, says that the session is over. Nothing else of it counts: what is said comes to the
// hookpoints, and a note or an assignment, which names agents otherwise than the hookpoints do, must change nothing.
func (c *Client) decodePlatform(d *connector.Delivery) ([]connector.Inbound, error) {
	var hook platformHook
	if json.Unmarshal(d.Body, &hook) != nil || hook.Type == "" {
		// The time may be written in another way than we know.
		var without struct {
			Type string          `json:"type"`
			Data json.RawMessage `json:"data"`
		}
		if json.Unmarshal(d.Body, &without) != nil || without.Type == "" {
			return nil, connector.Errorf(Name, "Decode", connector.Invalid, "the body is no event with a type")
		}
		hook.Timestamp, hook.Data = time.Time{}, without.Data
	}
	var t platformTicket
	if json.Unmarshal(hook.Data, &t) != nil {
		return nil, nil
	}
	for _, inner := range []*platformTicket{t.Nested, t.Item} {
		if inner != nil {
			t = *inner
			break
		}
	}
	session := firstOf(t.ExternalID, t.ChatSessionID, t.SessionID)
	if !sessionPattern.MatchString(session) || !t.closed() {
		return nil, nil
	}
	at := hook.Timestamp
	if at.IsZero() || at.After(d.ReceivedAt) {
		at = d.ReceivedAt
	}
	return []connector.Inbound{c.closing(at, session)}, nil
}
