package livechat

import "time"

// customerMarksSeen says until when the customer has read the chat.
func customerMarksSeen(c *call) (any, *failure) {
	var req struct {
		ChatID   string `json:"chat_id"`
		SeenUpTo string `json:"seen_up_to"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	ch, f := c.ownChat(req.ChatID)
	if f != nil {
		return nil, f
	}
	if _, err := time.Parse(time.RFC3339, req.SeenUpTo); err != nil {
		return nil, fail("validation", "`seen_up_to` wants an RFC 3339 time")
	}
	c.s.tellSeen(ch, c.who.customer.id, req.SeenUpTo, "customer", c.who.cause())
	return nil, nil
}

func (s *Server) tellSeen(c *chat, by, upTo, author string, src source) {
	s.note(c, s.authorOf(c, by), "read", upTo)
	s.tell(c, happening{
		action: "events_marked_as_seen", source: src, author: author,
		payload: map[string]any{"user_id": by, "chat_id": c.id, "seen_up_to": upTo},
	})
}
