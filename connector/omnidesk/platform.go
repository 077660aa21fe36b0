package omnidesk

import (
	"encoding/json"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/loose"
)

// decodePlatform reads a platform webhook: the usual envelope of Standard Webhooks, with type, timestamp and data. Its
// event types, and what stands in data, are not documented. Whatever it is called: one that shows a ticket with a session
// of ours, and that ticket solved or closed, says that the session is over. Nothing else of it counts: what is said comes
// to the hookpoints, and a note or an assignment, which names agents otherwise than the hookpoints do, changes nothing.
func (c *Client) decodePlatform(d *connector.Delivery) ([]connector.Inbound, error) {
	var hook loose.Object
	if json.Unmarshal(d.Body, &hook) != nil || hook.Text("type") == "" {
		return nil, connector.Errorf(Name, "Decode", connector.Invalid, "the body is no event with a type")
	}
	data := hook.Object("data")
	for _, key := range []string{"ticket", "item"} {
		if inner := data.Object(key); len(inner) > 0 {
			data = inner
		}
	}
	session := firstOf(data.Text("external_id"), data.Text("chatSessionID"), data.Text("sessionID"))
	t := ticket{Status: loose.Text(data.Text("status")), ClosedAt: loose.Text(data.Text("closed_at"))}
	if !sessionPattern.MatchString(session) || !t.closed() {
		return nil, nil
	}
	at, err := time.Parse(time.RFC3339, hook.Text("timestamp"))
	if err != nil {
		at = loose.Seconds(hook.Text("timestamp"))
	}
	if at.IsZero() || at.After(d.ReceivedAt) {
		at = d.ReceivedAt
	}
	return []connector.Inbound{c.closing(at, session)}, nil
}
