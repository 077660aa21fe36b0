package livechat

import (
	"context"
	"fmt"

	"github.com/handoff-engine/handoff/connector"
)

// WriteRating rates the ticket's thread in the customer's name, closed or not (vendor reference, Customer Chat API,
// update_thread_properties; default properties, rating). LiveChat knows thumbs only: 4 and 5 are up, 1 and 2 down, and 3
// is neither. The number stands in the comment. Rating the same again changes nothing.
func (c *Client) WriteRating(ctx context.Context, req connector.RatingReport) error {
	const op = "WriteRating"
	chatID, threadID, err := parseTicket(op, req.Ticket)
	if err != nil {
		return err
	}
	comment := fmt.Sprintf("%d of 5", req.Rating)
	if req.Comment != "" {
		comment += ": " + req.Comment
	}
	rating := map[string]any{"comment": connector.CutText(comment, maxText)}
	switch {
	case req.Rating > 3:
		rating["score"] = 1
	case req.Rating < 3:
		rating["score"] = 0
	}
	return c.call(ctx, request{
		op: op, api: customerAPI, action: "update_thread_properties", customer: customerOf(req.Ticket, req.Vendor),
		body: map[string]any{"chat_id": chatID, "thread_id": threadID, "properties": properties{"rating": rating}},
	}, nil)
}
