package landbot

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
)

// FindSent counts equal messages in the transcript since the first try began. The transcript knows seconds, names and
// texts, so that a count is all that is safe.
func (c *Client) FindSent(ctx context.Context, req connector.FindRequest) (connector.Receipt, bool, error) {
	const op = "FindSent"
	path, err := customerPath(op, req.To)
	if err != nil {
		return connector.Receipt{}, false, err
	}
	var transcript transcriptAnswer
	if err := c.call(ctx, op, http.MethodGet, path+"messages/", nil, &transcript); err != nil {
		return connector.Receipt{}, false, err
	}
	who, err := c.owner(ctx, op, path)
	if err != nil {
		return connector.Receipt{}, false, err
	}
	ours := c.since(transcript.Messages, req.Since, who.name)
	if a := req.Attachment; a != nil && a.URL != "" {
		n := 0
		for _, m := range ours {
			if string(m.URL) == a.URL || strings.Contains(string(m.Message), a.URL) {
				n++
			}
		}
		return connector.Receipt{}, n > req.Skip, nil
	}
	there := map[string]int{}
	for _, m := range ours {
		if m.Type == "text" {
			there[string(m.Message)]++
		}
	}
	parts := connector.SplitText(req.Text, maxText)
	for i, part := range parts {
		if there[part] <= req.Skip {
			// What is there need not be said again.
			c.progress.Set(req.Key, i)
			return connector.Receipt{}, false, nil
		}
		there[part]--
	}
	c.progress.Forget(req.Key)
	return connector.Receipt{}, len(parts) > 0, nil
}

// since gives the entries that may be our agent's: not the customer's, not the system's, and not older than the second
// in which the try began.
func (c *Client) since(all []transcriptEntry, begin time.Time, customer string) []transcriptEntry {
	begin = begin.Truncate(time.Second)
	var ours []transcriptEntry
	for _, m := range all {
		at, err := time.ParseInLocation(time.DateTime, string(m.At), c.zone)
		sender := string(m.Sender)
		switch {
		case err != nil || at.Before(begin) || m.Type == "event":
		case c.config.AgentName != "" && sender != c.config.AgentName:
		case c.config.AgentName == "" && (sender == customer || sender == "Landbot"):
		default:
			ours = append(ours, m)
		}
	}
	return ours
}
