package slack

import (
	"slices"
	"strconv"
	"strings"
)

// seen hides what readers do not get.
func (s *Server) seen(m *Message, all bool) *Message {
	shown := *m
	if s.switches.HideMetadata || !all || m.BotID != Bot {
		shown.Metadata = nil
	}
	shown.ParentUser = ""
	return &shown
}

func (c *call) history() (map[string]any, string) {
	ch := c.channels[c.args["channel"]]
	switch {
	case ch == nil:
		return nil, "channel_not_found"
	case !ch.member:
		return nil, "not_in_channel"
	}
	var list []*Message
	for _, m := range slices.Backward(ch.messages) {
		if (m.ThreadTS == "" || m.ThreadTS == m.TS) && (!m.Deleted || m.ReplyCount > 0) && m.TS > c.args["oldest"] {
			list = append(list, m)
		}
	}
	return c.paged(list, nil)
}

func (c *call) replies() (map[string]any, string) {
	ch := c.channels[c.args["channel"]]
	switch {
	case ch == nil:
		return nil, "channel_not_found"
	case !ch.member:
		return nil, "not_in_channel"
	}
	card := c.find(ch.id, c.args["ts"])
	if card == nil || card.Deleted && card.ReplyCount == 0 {
		return nil, "thread_not_found"
	}
	var list []*Message
	for _, m := range ch.messages {
		if m.ThreadTS == card.TS && m != card && !m.Deleted && m.TS > c.args["oldest"] {
			list = append(list, m)
		}
	}
	return c.paged(list, card)
}

// paged gives a page of a list, with the first message of the thread before it, on each page.
func (c *call) paged(list []*Message, first *Message) (map[string]any, string) {
	limit, err := strconv.Atoi(c.args["limit"])
	if c.args["limit"] == "" {
		limit, err = 100, nil
	}
	if err != nil || limit < 1 || limit > 1000 {
		return nil, "invalid_limit"
	}
	if c.switches.MaxPage > 0 {
		limit = min(limit, c.switches.MaxPage)
	}
	from := 0
	if cursor := c.args["cursor"]; cursor != "" {
		if from, err = strconv.Atoi(strings.TrimPrefix(cursor, "next:")); err != nil {
			return nil, "invalid_cursor"
		}
	}
	all := truthy(c.args["include_all_metadata"])
	messages := []*Message{}
	if first != nil {
		messages = append(messages, c.seen(first, all))
	}
	to := min(from+limit, len(list))
	for _, m := range list[min(from, to):to] {
		messages = append(messages, c.seen(m, all))
	}
	next := ""
	if to < len(list) {
		next = "next:" + strconv.Itoa(to)
	}
	return map[string]any{"messages": messages, "has_more": next != "", "response_metadata": map[string]string{"next_cursor": next}}, ""
}
