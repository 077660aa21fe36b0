package livechat

import "maps"

// customerUpdatesThread sets properties of a thread, open or closed: a rating,
// or what else a customer may write.
func customerUpdatesThread(c *call) (any, *failure) {
	var req struct {
		ChatID     string                    `json:"chat_id"`
		ThreadID   string                    `json:"thread_id"`
		Properties map[string]map[string]any `json:"properties"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	ch, f := c.ownChat(req.ChatID)
	if f != nil {
		return nil, f
	}
	t, _ := ch.thread(req.ThreadID)
	if t == nil {
		return nil, fail("not_found", "Thread not found")
	}
	if len(req.Properties) == 0 {
		return nil, fail("validation", "`properties` is required")
	}
	rating := req.Properties["rating"]
	others := maps.Clone(req.Properties)
	delete(others, "rating")
	if f := c.s.checkProperties(others); f != nil {
		return nil, f
	}
	for name, value := range rating {
		score, isNumber := value.(float64)
		_, isText := value.(string)
		if name == "score" && isNumber && (score == 0 || score == 1) || name == "comment" && isText {
			continue
		}
		return nil, fail("validation", "property rating."+name+" has a wrong value")
	}
	for ns, values := range req.Properties {
		for name, value := range values {
			setProperty(t.properties, ns, name, value)
		}
	}
	c.s.tell(ch, happening{
		action: "thread_properties_updated", source: c.who.cause(), author: "customer",
		payload: map[string]any{"chat_id": ch.id, "thread_id": t.id, "properties": req.Properties},
	})
	return nil, nil
}

// Rating is how the customer rated a thread; score is nil where there is no thumb.
func (s *Server) Rating(chatID, threadID string) (score, comment any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.chat(chatID); c != nil {
		if t, _ := c.thread(threadID); t != nil {
			return t.properties["rating"]["score"], t.properties["rating"]["comment"]
		}
	}
	return nil, nil
}
