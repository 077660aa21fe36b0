package certainly

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// claimHook is the webhook of the module that asks for a human, as the older
// articles show it. It has neither an id nor a time, and the user is in "to".
func (s *Server) claimHook(u *user) fake.Hook {
	body, _ := json.Marshal(map[string]any{
		"attachedMedia": "", "reply": "VarWebhook", "botId": "4411", "direction": "out", "extractedData": map[string]any{},
		"lastName": u.last, "firstName": u.first, "sessionId": u.session, "customVariables": u.variablesOf(),
		"from": "token-of-the-channel", "to": u.id, "replyData": "", "moduleId": module, "botTrainedModelId": "12",
	})
	header := http.Header{"Content-Type": {"application/json"}}
	if s.opts.ClaimToken != "" {
		header.Set("Authorization", "Bearer "+s.opts.ClaimToken)
	}
	return fake.Hook{Op: OpClaim, URL: s.claimURL, Header: header, Body: body}
}

// claimTransport tells the bot what became of a claim: only JSON with a 2xx, in
// time, lets the flow go on as planned.
type claimTransport struct{ s *Server }

// RoundTrip sends a claim and reads the whole answer.
func (t claimTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	var claim struct {
		To string `json:"to"`
	}
	body, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(body, &claim)
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := http.DefaultTransport.RoundTrip(again)
	if err != nil {
		t.s.claimAnswered(claim.To, false)
		return nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	t.s.claimAnswered(claim.To, err == nil && resp.StatusCode/100 == 2 && json.Valid(answer))
	return resp, err
}

// tell posts a message of a conversation.
func (s *Server) tell(body map[string]any) {
	if s.messagesURL == "" {
		return
	}
	b, _ := json.Marshal(body)
	s.messages.Send(fake.Hook{
		Op: OpMessage, URL: s.messagesURL, Header: http.Header{"Content-Type": {"application/json"}}, Body: b,
	}, 0)
}

// userMessage is what somebody who is no bot said, in either shape.
func (s *Server) userMessage(u *user, interlocutor, text string, files []string) map[string]any {
	list := []any{}
	for _, f := range files {
		if s.opts.Unknown.AttachmentObjects {
			list = append(list, map[string]any{"url": f, "type": "file"})
			continue
		}
		list = append(list, f)
	}
	message := map[string]any{
		"user_profile": map[string]any{}, "ref": nil, "user_id": u.id, "timestamp": s.opts.Now().Unix(), "attachments": list,
	}
	if s.opts.Unknown.Actions {
		s.lastMessage++
		message["id"] = strconv.FormatInt(s.opts.Now().UnixMilli()+int64(s.lastMessage), 10)
		message["actions"] = []any{map[string]any{"type": "text", "text": text}}
	} else {
		message["message"] = text
	}
	return map[string]any{"interlocutor": interlocutor, "data": map[string]any{"error": nil, "message": message}}
}

// botMessage is what the bot said. It names no user, unless the switch says so.
func (s *Server) botMessage(u *user, data map[string]any) map[string]any {
	if s.opts.Unknown.BotNamesUser {
		data["user_id"] = u.id
	}
	return map[string]any{"interlocutor": "bot", "data": data}
}
