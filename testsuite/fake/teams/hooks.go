package teams

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// repeats says whether Teams delivers again: surely when nobody answered in time; after which statuses is unknown.
func (s *Server) repeats(status int, _ http.Header) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return status == 0 || !s.switches.NoRepeat && (status >= 500 || status == http.StatusTooManyRequests)
}

// activity makes what the bot is told of a message.
func (s *Server) activity(t *thread, m *message, kind, eventType string, more map[string]any) map[string]any {
	from := map[string]any{"id": "28:" + s.options.AppID, "name": BotName, "role": "bot"}
	if who := s.member(m.by); who != nil {
		from = map[string]any{"id": who.Account, "name": who.Name, "aadObjectId": who.Object}
	}
	data := map[string]any{
		"tenant":  map[string]any{"id": s.options.Tenant},
		"team":    map[string]any{"id": "19:team@thread.tacv2", "aadGroupId": DefaultGroup},
		"channel": map[string]any{"id": t.channel()}, "teamsTeamId": "19:team@thread.tacv2", "teamsChannelId": t.channel(),
	}
	if eventType != "" {
		data["eventType"] = eventType
	}
	now := s.options.Now().UTC()
	a := map[string]any{
		"type": kind, "id": m.id, "timestamp": now.Format(time.RFC3339Nano), "serviceUrl": s.service, "channelId": "msteams",
		"from": from, "recipient": map[string]any{"id": "28:" + s.options.AppID, "name": BotName},
		"conversation": map[string]any{"id": t.id, "isGroup": true, "conversationType": "channel", "tenantId": s.options.Tenant},
		"channelData":  data, "locale": "en-US",
	}
	if m.id == t.root() {
		a["conversation"].(map[string]any)["id"] = t.channel()
	}
	if kind == "message" || kind == "messageUpdate" {
		a["text"], a["textFormat"] = m.text, "plain"
		markup := html.EscapeString(m.text)
		if s.switches.EscapedText {
			a["text"] = strings.NewReplacer("&lt;at&gt;", "<at>", "&lt;/at&gt;", "</at>").Replace(markup)
		}
		if m.text != "" {
			// The text comes twice.
			span := strings.NewReplacer("&lt;at&gt;", `<span itemtype="http://schema.skype.com/Mention">`, "&lt;/at&gt;", "</span>", "\n", "<br>")
			a["attachments"] = []any{map[string]any{"contentType": "text/html", "content": "<div>" + span.Replace(markup) + "</div>"}}
		}
	}
	for key, value := range more {
		files, ok := value.([]any)
		if text, has := a["attachments"].([]any); has && ok && key == "attachments" {
			value = append(text, files...)
		}
		a[key] = value
	}
	maps.DeleteFunc(a, func(_ string, v any) bool { return v == nil })
	return a
}

// tell sends an activity, if the bot hears it at all.
func (s *Server) tell(t *thread, m *message, kind, eventType string, more map[string]any) {
	clicked := more["value"] != nil
	if s.hook == "" || s.switches.Removed || s.switches.MentionsOnly && !clicked && !strings.Contains(m.text, "<at>"+BotName+"</at>") {
		return
	}
	a := s.activity(t, m, kind, eventType, more)
	if a["entities"] == nil && strings.Contains(m.text, "<at>"+BotName+"</at>") {
		maps.Copy(a, s.mentionOf("28:"+s.options.AppID, BotName))
	}
	s.Hooks.Send(fake.Hook{Op: OpHook, URL: s.hook, Body: encoded(a)}, 0)
}

func encoded(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain values
	}
	return b
}

// invoke delivers a click and reads the answer: the person sees an error if it is not what Teams wants (learn:
// universal actions). A click is not repeated.
func (s *Server) invoke(activity map[string]any) error {
	body := encoded(activity)
	s.mu.Lock()
	url := s.hook
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), s.options.HookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = s.sign(body)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	var answer struct {
		StatusCode int             `json:"statusCode"`
		Type       string          `json:"type"`
		Value      json.RawMessage `json:"value"`
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("teams fake: the click was answered %d", resp.StatusCode)
	}
	if err := json.Unmarshal(raw, &answer); err != nil || answer.StatusCode != http.StatusOK {
		return errors.New("teams fake: the answer to the click is none that Teams understands")
	}
	if answer.Type != "application/vnd.microsoft.activity.message" || len(answer.Value) == 0 || answer.Value[0] != '"' {
		return fmt.Errorf("teams fake: the click was answered with a %q", answer.Type)
	}
	return nil
}
