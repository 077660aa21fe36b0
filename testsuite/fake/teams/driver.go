package teams

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
)

// AgentSays has a person write a reply, and gives the message's id.
func (s *Server) AgentSays(threadID, agent, text string) (string, error) {
	return s.write(threadID, agent, text, nil)
}

// AgentMentions has a person write a reply that begins with a mention of the bot.
func (s *Server) AgentMentions(threadID, agent, text string) (string, error) {
	return s.write(threadID, agent, "<at>"+BotName+"</at> "+text, s.mentionOf("28:"+s.options.AppID, BotName))
}

// AgentTellsColleague has a person write a reply that begins with a mention of another person.
func (s *Server) AgentTellsColleague(threadID, agent, colleague, text string) (string, error) {
	to := s.member(colleague)
	if to == nil {
		return "", fmt.Errorf("teams fake: nobody is called %q", colleague)
	}
	at := "<at>" + html.EscapeString(to.Name) + "</at>"
	return s.write(threadID, agent, at+" "+text, map[string]any{
		"entities": []any{map[string]any{"type": "mention", "text": at, "mentioned": map[string]any{"id": to.Account, "name": to.Name}}},
	})
}

func (s *Server) mentionOf(id, name string) map[string]any {
	return map[string]any{
		"entities": []any{map[string]any{"type": "mention", "text": "<at>" + name + "</at>", "mentioned": map[string]any{"id": id, "name": name}}},
	}
}

// mentionsIn gives the mentions of an activity.
func mentionsIn(more map[string]any) []mention {
	var list []mention
	b, err := json.Marshal(more["entities"])
	if err != nil || json.Unmarshal(b, &list) != nil {
		panic(err) // plain values
	}
	return list
}

// AgentSendsPicture has a person put a picture into a reply.
func (s *Server) AgentSendsPicture(threadID, agent, caption, name, contentType string, content []byte) (string, error) {
	s.mu.Lock()
	id := fmt.Sprintf("0-file-%d", len(s.files)+1)
	s.files[id] = file{name: name, contentType: contentType, content: content}
	address := strings.TrimRight(s.service, "/") + "/v3/attachments/" + id + "/views/original"
	s.mu.Unlock()
	return s.write(threadID, agent, caption, map[string]any{
		"attachments": []any{map[string]any{"contentType": contentType, "contentUrl": address, "name": name}},
	})
}

// AgentSharesFile has a person attach a file that lies in SharePoint: the bot gets a reference that it cannot read.
func (s *Server) AgentSharesFile(threadID, agent, caption, name string) (string, error) {
	return s.write(threadID, agent, caption, map[string]any{
		"attachments": []any{map[string]any{"contentType": "reference", "contentUrl": "https://contoso.sharepoint.example/" + name, "name": name}},
	})
}

// write adds a person's message and tells the bot of it.
func (s *Server) write(threadID, agent, markup string, more map[string]any) (string, error) {
	var id string
	err := s.as(threadID, agent, func(t *thread, who *Member) error {
		m := &message{by: who.Object, text: markup, entities: mentionsIn(more)}
		s.reply(t, m)
		id = m.id
		s.tell(t, m, "message", "", more)
		return nil
	})
	return id, err
}

// AgentPosts has a person begin a thread of his own in a channel, and gives its id.
func (s *Server) AgentPosts(channel, agent, text string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.member(agent)
	if who == nil || !slices.Contains(s.options.Channels, channel) {
		return "", fmt.Errorf("teams fake: no %q in %q", agent, channel)
	}
	t := s.begin(channel, &message{by: who.Object, text: text})
	s.tell(t, t.messages[0], "message", "", nil)
	return t.id, nil
}

// AgentEdits changes a person's message.
func (s *Server) AgentEdits(threadID, messageID, text string) error {
	return s.change(threadID, messageID, "messageUpdate", "editMessage", func(m *message) { m.text, m.edited = text, true })
}

// AgentDeletes deletes a person's message, and AgentUndeletes brings it back.
func (s *Server) AgentDeletes(threadID, messageID string) error {
	return s.change(threadID, messageID, "messageDelete", "softDeleteMessage", func(m *message) { m.deleted = true })
}

// AgentUndeletes brings a deleted message back.
func (s *Server) AgentUndeletes(threadID, messageID string) error {
	return s.change(threadID, messageID, "messageUpdate", "undeleteMessage", func(m *message) { m.deleted = false })
}

func (s *Server) change(threadID, messageID, kind, eventType string, do func(*message)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.thread(threadID)
	if t == nil {
		return fmt.Errorf("teams fake: no thread %q", threadID)
	}
	i := slices.IndexFunc(t.messages, func(m *message) bool { return m.id == messageID && m.by != botName })
	if i < 0 {
		return fmt.Errorf("teams fake: nobody wrote %q", messageID)
	}
	do(t.messages[i])
	s.note(t, t.messages[i].by, eventType, t.messages[i])
	s.tell(t, t.messages[i], kind, eventType, nil)
	return nil
}

// AgentReacts puts a like on a message.
func (s *Server) AgentReacts(threadID, agent string) error {
	return s.as(threadID, agent, func(t *thread, who *Member) error {
		s.tell(t, &message{id: s.newID(), by: who.Object}, "messageReaction", "", map[string]any{
			"reactionsAdded": []any{map[string]any{"type": "like"}}, "replyToId": t.root(),
		})
		return nil
	})
}

// AgentClicks has a person press a button of the thread's card, with a choice made in its input, or "". The answer must
// be one that Teams understands.
func (s *Server) AgentClicks(threadID, agent, verb, choice string) error {
	var body map[string]any
	err := s.as(threadID, agent, func(t *thread, who *Member) error {
		b, err := button(t, verb, choice)
		if err != nil {
			return err
		}
		s.note(t, who.Object, verb, t.messages[0])
		s.clicks++
		body = s.activity(t, &message{id: fmt.Sprintf("f:click-%d", s.clicks), by: who.Object}, "invoke", "", map[string]any{
			"name": "adaptiveCard/action", "replyToId": t.root(),
			"value": map[string]any{
				"action":  map[string]any{"type": "Action.Execute", "title": b.Title, "verb": verb, "data": joined(b.Data, choice, t)},
				"trigger": "manual",
			},
		})
		return nil
	})
	if err != nil {
		return err
	}
	return s.invoke(body)
}

// AgentSubmits is AgentClicks on a client that knows no Action.Execute.
func (s *Server) AgentSubmits(threadID, agent, verb, choice string) error {
	return s.as(threadID, agent, func(t *thread, who *Member) error {
		b, err := button(t, verb, choice)
		if err != nil {
			return err
		}
		if b.Submit == nil {
			return fmt.Errorf("teams fake: button %q has no fallback", verb)
		}
		s.note(t, who.Object, verb, t.messages[0])
		s.tell(t, &message{id: s.newID(), by: who.Object}, "message", "", map[string]any{
			"value": joined(b.Submit, choice, t), "replyToId": t.root(), "text": nil, "attachments": nil,
		})
		return nil
	})
}

// button finds a button of a thread's card.
func button(t *thread, verb, choice string) (Button, error) {
	card := t.messages[0].card
	if card == nil {
		return Button{}, fmt.Errorf("teams fake: thread %q has no card", t.id)
	}
	if choice != "" && !slices.Contains(card.Choices, choice) {
		return Button{}, fmt.Errorf("teams fake: the card does not offer %q", choice)
	}
	for _, b := range card.Buttons {
		if b.Verb == verb {
			return b, nil
		}
	}
	return Button{}, fmt.Errorf("teams fake: the card has no button %q", verb)
}

// joined adds the card's input to what a button carries, as Teams does.
func joined(data map[string]any, choice string, t *thread) map[string]any {
	all := maps.Clone(data)
	if len(t.messages[0].card.Choices) > 0 {
		all["agent"] = choice
	}
	return all
}

// as runs something in a person's name.
func (s *Server) as(threadID, agent string, do func(*thread, *Member) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, who := s.thread(threadID), s.member(agent)
	if t == nil || who == nil {
		return fmt.Errorf("teams fake: no thread %q, or nobody called %q", threadID, agent)
	}
	return do(t, who)
}
