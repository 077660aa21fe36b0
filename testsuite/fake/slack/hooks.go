package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// Sign gives the headers that prove a body [docs: verifying requests].
func Sign(h http.Header, secret string, at time.Time, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
}

// sign signs one attempt anew, and numbers the repeats of an event.
func (s *Server) sign(h fake.Hook) http.Header {
	header := h.Header.Clone()
	Sign(header, s.options.SigningSecret, time.Now(), h.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.tries[string(h.Body)]; n > 0 {
		header.Set("X-Slack-Retry-Num", strconv.Itoa(n))
		header.Set("X-Slack-Retry-Reason", "http_error")
	}
	s.tries[string(h.Body)]++
	return header
}

// send sends an event or a click to the request URL.
func (s *Server) send(op, contentType string, body []byte) {
	if s.hook != "" {
		s.Hooks.Send(fake.Hook{Op: op, URL: s.hook, Header: http.Header{"Content-Type": {contentType}}, Body: body}, 0)
	}
}

// event gives the body of an event callback, as the vendor wraps it.
func (s *Server) event(ch *channel, event any) []byte {
	body, err := json.Marshal(map[string]any{
		"token": "legacy", "team_id": Team, "context_team_id": Team, "api_app_id": App, "type": "event_callback", "event_id": s.nextID("Ev"),
		"event_time": time.Now().Unix(), "event_context": "4-opaque", "is_ext_shared_channel": ch.external,
		"authorizations": []any{map[string]any{
			"enterprise_id": nil, "team_id": Team, "user_id": BotUser, "is_bot": true, "is_enterprise_install": false,
		}},
		"event": event,
	})
	if err != nil {
		panic(err) // an event is made of plain values
	}
	return body
}

// told is a message as events show it.
func (s *Server) told(m *Message) map[string]any {
	shown := *m
	if s.switches.HideMetadata || s.switches.QuietEvents {
		shown.Metadata = nil
	}
	if s.switches.NoParentUser {
		shown.ParentUser = ""
	}
	b, err := json.Marshal(shown)
	if err != nil {
		panic(err) // a message is made of plain values
	}
	fields := map[string]any{}
	_ = json.Unmarshal(b, &fields)
	delete(fields, "reply_count")
	return fields
}

// tellMessage tells of a new message; ours come back too, unless echoes are switched off.
func (s *Server) tellMessage(ch *channel, m *Message) {
	if !ch.member || m.BotID == Bot && !s.Faults.EchoOn("hook", true) {
		return
	}
	fields := s.told(m)
	fields["channel"], fields["channel_type"], fields["event_ts"] = ch.id, "channel", m.TS
	s.send("hook", "application/json", s.event(ch, fields))
	if s.switches.Mentions && strings.Contains(m.Text, "<@"+BotUser+">") {
		fields["type"] = "app_mention"
		delete(fields, "channel_type")
		s.send("hook", "application/json", s.event(ch, fields))
	}
}

func (s *Server) tellChanged(ch *channel, before Message, now *Message) {
	if !ch.member || now.BotID == Bot && !s.Faults.EchoOn("hook", true) {
		return
	}
	ts := s.nextTS()
	event := map[string]any{
		"type": "message", "subtype": "message_changed", "hidden": true, "channel": ch.id, "channel_type": "channel", "ts": ts, "event_ts": ts,
		"message": s.told(now),
	}
	if !s.switches.NoPrevious {
		event["previous_message"] = s.told(&before)
	}
	s.send("hook", "application/json", s.event(ch, event))
}

func (s *Server) tellDeleted(ch *channel, before Message) {
	if !ch.member {
		return
	}
	ts := s.nextTS()
	s.send("hook", "application/json", s.event(ch, map[string]any{
		"type": "message", "subtype": "message_deleted", "hidden": true, "channel": ch.id, "channel_type": "channel", "ts": ts, "event_ts": ts,
		"deleted_ts": before.TS, "previous_message": s.told(&before),
	}))
}

// tellClick tells of a click.
func (s *Server) tellClick(ch *channel, who *person, m *Message, action map[string]any) {
	payload, err := json.Marshal(map[string]any{
		"type": "block_actions", "api_app_id": App, "token": "legacy", "trigger_id": s.nextID("1.2."), "team": map[string]any{"id": Team, "domain": "acme"},
		"enterprise": nil, "is_enterprise_install": false,
		"user":      map[string]any{"id": who.id, "username": who.name, "name": who.name, "team_id": who.team},
		"channel":   map[string]any{"id": ch.id, "name": "support"},
		"container": map[string]any{"type": "message", "message_ts": m.TS, "channel_id": ch.id, "is_ephemeral": false},
		"message":   s.told(m), "state": map[string]any{"values": map[string]any{}},
		"response_url": "https://hooks.slack.com/actions/" + Team + "/1/abc", "actions": []any{action},
	})
	if err != nil {
		panic(err) // a payload is made of plain values
	}
	s.send("click", "application/x-www-form-urlencoded", []byte(url.Values{"payload": {string(payload)}}.Encode()))
}

// Verify does the check of the request URL as the app's settings page does, and reports what came back.
func (s *Server) Verify(client *http.Client, challenge string) (status int, answer string, err error) {
	s.mu.Lock()
	address := s.hook
	s.mu.Unlock()
	body, err := json.Marshal(map[string]string{"token": "legacy", "challenge": challenge, "type": "url_verification"})
	if err != nil {
		return 0, "", err
	}
	return s.post(client, address, body)
}
