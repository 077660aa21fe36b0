package omnidesk_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/omnidesk"
)

func TestFakeRefusesWhatTheDocumentsDoNotAllow(t *testing.T) {
	a := newAccount(t, omnidesk.Options{})
	for name, change := range map[string][]string{
		"no session":              {"chatSessionID", ""},
		"a session with a dot":    {"chatSessionID", "a.b"},
		"a long session":          {"chatSessionID", strings.Repeat("a", 65)},
		"no message":              {"message", ""},
		"a blank message":         {"message", "  "},
		"a long message":          {"message", strings.Repeat("x", 4001)},
		"no page":                 {"url", ""},
		"no address as page":      {"url", "shop"},
		"another channel":         {"channelID", "7"},
		"number zero":             {"messageNumber", "0"},
		"a word as number":        {"messageNumber", "one"},
		"an unknown field":        {"name", "Ana"},
		"a server with _":         {"chatServer", "https://gw.example/omni_desk"},
		"a server with a query":   {"chatServer", "https://gw.example/?a=b"},
		"no server":               {"chatServer", ""},
		"a token with a hyphen":   {"chatAccountToken", "tok3n-Abc98xyz"},
		"a file in a message":     {"message", "@bytes"},
		"a message for uploading": {"file", "text"},
	} {
		status, answer := a.call(messagePath, a.message(change...))
		require.Equal(t, http.StatusBadRequest, status, name)
		require.Equal(t, "error", answer["status"], name)
	}
	status, _ := a.call(messagePath, a.message("chatAccountToken", "another7token"))
	require.Equal(t, http.StatusUnauthorized, status)
	status, _ = a.call(messagePath+"?apiKey=wrong", a.message())
	require.Equal(t, http.StatusUnauthorized, status)
	status, _ = a.do(http.MethodPost, messagePath, strings.NewReader("message=hello"), "application/x-www-form-urlencoded")
	require.Equal(t, http.StatusBadRequest, status, "another encoding")
	status, _ = a.do(http.MethodPost, messagePath, strings.NewReader("--b\r\n"), "multipart/form-data; boundary=b")
	require.Equal(t, http.StatusBadRequest, status)
	status, _ = a.do(http.MethodGet, messagePath, nil, "")
	require.Equal(t, http.StatusMethodNotAllowed, status)
	status, _ = a.call("/api/v2/chat/somethingElse", nil)
	require.Equal(t, http.StatusNotFound, status)
	for path, fields := range map[string]map[string]string{
		"/api/v2/chat/addAttachment":          {"file": "@x", "chatServer": server, "chatAccountToken": omnidesk.DefaultAccountToken, "sessionID": "nobody"},
		"/api/v2/chat/notifyUserNewChatEvent": {"chatServer": server, "chatSessionID": "nobody", "event": "startedtyping"},
		"/api/v2/message/notifyUserEndChat":   {"chatServer": server, "chatSessionID": "nobody"},
	} {
		status, _ := a.call(path, fields)
		require.Equal(t, http.StatusBadRequest, status, "%s of an unknown session", path)
	}
	require.Zero(t, a.Tickets(), "what was refused did not happen")
}

func TestOneSessionIsOneTicketAndEveryMessageIsStored(t *testing.T) {
	a := newAccount(t, omnidesk.Options{})
	first := a.says()
	require.Equal(t, map[string]any{"type": "result", "message": "Message sent.", "ticketID": float64(70001)}, first)
	require.Equal(t, first, a.says("message", "hello"), "a repeated number is stored again")
	require.NotEqual(t, first, a.says("chatSessionID", "h-02", "messageNumber", ""))
	require.Equal(t, []string{"hello", "hello"}, a.Texts(id))
	require.Equal(t, []int{1, 1}, a.Numbers(id))
	require.Equal(t, []string{id, "h-02"}, a.Sessions())

	a = newAccount(t, omnidesk.Options{Unknown: omnidesk.Unknown{DropsNumbers: true}})
	a.says()
	a.says("message", "other words")
	a.says("messageNumber", "2")
	require.Equal(t, []string{"hello", "hello"}, a.Texts(id))
	require.Equal(t, []int{1, 2}, a.Numbers(id))
}

func TestFilesAndEventsNameTheirSessionInTheirOwnWay(t *testing.T) {
	a := newAccount(t, omnidesk.Options{})
	a.says()
	status, answer := a.call("/api/v2/chat/addAttachment", map[string]string{
		"file": "@\xff\xfe", "chatServer": server, "chatAccountToken": omnidesk.DefaultAccountToken, "sessionID": id,
	})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, map[string]any{"type": "result", "message": "Attachment uploaded.", "ticketID": float64(70001), "messageID": float64(70003)}, answer)
	require.Equal(t, &omnidesk.File{Name: "a.png", ContentType: "application/octet-stream", Content: []byte("\xff\xfe")}, a.Lines(id)[1].File)
	status, _ = a.call("/api/v2/chat/addAttachment", map[string]string{
		"file": "@x", "chatServer": server, "chatAccountToken": omnidesk.DefaultAccountToken, "chatSessionID": id,
	})
	require.Equal(t, http.StatusBadRequest, status, "this call has another name for it")
	event := map[string]string{"chatServer": server, "chatSessionID": id, "event": "expandedchat"}
	status, _ = a.call("/api/v2/chat/notifyUserNewChatEvent", event)
	require.Equal(t, http.StatusOK, status)
	event["event"] = "closedchat"
	status, _ = a.call("/api/v2/chat/notifyUserNewChatEvent", event)
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, []string{"expandedchat"}, a.Events(id))
}

func TestOneOfTwoPathsEndsASession(t *testing.T) {
	end := map[string]string{"chatServer": server, "chatSessionID": id}
	for atChat, paths := range map[bool][2]string{
		false: {"/api/v2/message/notifyUserEndChat", "/api/v2/chat/notifyUserEndChat"},
		true:  {"/api/v2/chat/notifyUserEndChat", "/api/v2/message/notifyUserEndChat"},
	} {
		a := newAccount(t, omnidesk.Options{Unknown: omnidesk.Unknown{EndAtChat: atChat}})
		a.says()
		status, _ := a.call(paths[1], end)
		require.Equal(t, http.StatusNotFound, status)
		require.False(t, a.Ended(id))
		for range 2 {
			status, _ = a.call(paths[0], end)
			require.Equal(t, http.StatusOK, status)
		}
		require.True(t, a.Ended(id))
		a.says()
		require.Equal(t, 2, a.Tickets(), "words into an ended session make another ticket")
		require.False(t, a.Ended(id))
	}
	a := newAccount(t, omnidesk.Options{Unknown: omnidesk.Unknown{EndTwiceStatus: http.StatusConflict, EndedStatus: http.StatusGone}})
	a.says()
	require.NoError(t, a.AgentStops(id))
	status, _ := a.call("/api/v2/message/notifyUserEndChat", end)
	require.Equal(t, http.StatusConflict, status)
	status, _ = a.call(messagePath, a.message())
	require.Equal(t, http.StatusGone, status)
}

func TestNobodyBeingThereIsAnInstruction(t *testing.T) {
	const instruction = "hide_reason_no_agents_available"
	ask := func(a *account) []map[string]any {
		var answers []map[string]any
		status, answer := a.do(http.MethodGet, "/requestChatConfig?chatAccountToken="+omnidesk.DefaultAccountToken+"&chatServerToken="+omnidesk.DefaultServerToken, nil, "")
		require.Equal(t, http.StatusOK, status)
		answers = append(answers, answer)
		status, answer = a.call("/api/v2/chat/requestChatConfig", map[string]string{"chatServer": server, "chatAccountToken": omnidesk.DefaultAccountToken})
		require.Equal(t, http.StatusOK, status)
		return append(answers, answer)
	}
	a := newAccount(t, omnidesk.Options{})
	require.NotContains(t, first(ask(a)), instruction)
	a.SetNobody(true)
	for _, answer := range ask(a) {
		require.Contains(t, first([]map[string]any{answer}), instruction)
	}
	a.SetNobody(false)
	require.NotContains(t, first(ask(a)), instruction)
	status, _ := a.do(http.MethodGet, "/requestChatConfig?chatAccountToken="+omnidesk.DefaultAccountToken, nil, "")
	require.Equal(t, http.StatusUnauthorized, status)
}

// first gives the type of the first instruction.
func first(answers []map[string]any) string {
	list, _ := answers[0]["instructions"].([]any)
	instruction, _ := list[0].(map[string]any)
	kind, _ := instruction["type"].(string)
	return kind
}

func TestTicketsShowTheirTimelineInTheAccountsZone(t *testing.T) {
	at := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	zone := time.FixedZone("CET", 3600)
	a := newAccount(t, omnidesk.Options{Now: func() time.Time { return at }, Zone: zone})
	a.says()
	require.NoError(t, a.AgentNotes(id, omnidesk.Ana, "internal"))
	require.NoError(t, a.Assign(id, omnidesk.Ben))
	status, _ := a.do(http.MethodGet, "/api/v2/ticket/70001", nil, "")
	require.Equal(t, http.StatusUnauthorized, status, "tickets are read with a key")
	status, answer := a.do(http.MethodGet, "/api/v2/ticket/70001?getTicketHistory=true&apiKey="+omnidesk.DefaultAPIKey, nil, "")
	require.Equal(t, http.StatusOK, status)
	item, _ := answer["item"].(map[string]any)
	require.EqualValues(t, 42, item["assigned_user_id"])
	require.Nil(t, item["closed_at"])
	require.Equal(t, "2026-03-02 10:30:00", item["created_at"])
	timeline, _ := item["timeline"].([]any)
	require.Len(t, timeline, 3)
	require.Equal(t, "event", timeline[0].(map[string]any)["type"])
	require.Equal(t, "hello", timeline[1].(map[string]any)["content"])
	require.Equal(t, "note", timeline[2].(map[string]any)["type"])
	require.NoError(t, a.Solve(id))
	_, answer = a.do(http.MethodGet, "/api/v2/ticket/70001?apiKey="+omnidesk.DefaultAPIKey, nil, "")
	item, _ = answer["item"].(map[string]any)
	require.Equal(t, "solved", item["status"])
	require.Equal(t, "2026-03-02 10:30:00", item["closed_at"])
	require.NotContains(t, item, "timeline")
	status, _ = a.do(http.MethodGet, "/api/v2/ticket/9?apiKey="+omnidesk.DefaultAPIKey, nil, "")
	require.Equal(t, http.StatusNotFound, status)
}

func TestAChatbotLogIsATicketOfItsOwnAndTellsNoID(t *testing.T) {
	a := newAccount(t, omnidesk.Options{})
	log := map[string]string{"from": "z@quux.example", "subject": "s", "message": "**bot**: hi", "brandID": "2"}
	status, _ := a.call("/api/v2/message/chatbot", log)
	require.Equal(t, http.StatusUnauthorized, status)
	for range 2 {
		status, answer := a.call("/api/v2/message/chatbot?apiKey="+omnidesk.DefaultAPIKey, log)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, map[string]any{"result": "success", "message": "Chatbot ticket created."}, answer)
	}
	require.Len(t, a.Logs(), 2)
	require.Zero(t, a.Tickets())
	log["from"] = "somebody"
	status, _ = a.call("/api/v2/message/chatbot?apiKey="+omnidesk.DefaultAPIKey, log)
	require.Equal(t, http.StatusBadRequest, status)
}

func TestAMessageMayBeStoredAlthoughTheAnswerIsLost(t *testing.T) {
	a := newAccount(t, omnidesk.Options{})
	a.Faults.Set(omnidesk.OpMessage, fake.AcceptThenReset().For(1), fake.AcceptThenStatus(http.StatusBadGateway).For(1))
	status, _ := a.call(messagePath, a.message())
	require.Zero(t, status)
	status, _ = a.call(messagePath, a.message())
	require.Equal(t, http.StatusBadGateway, status)
	a.says()
	require.Equal(t, []string{"hello", "hello", "hello"}, a.Texts(id))
}

func TestAnswersMayBeNoJSON(t *testing.T) {
	a := newAccount(t, omnidesk.Options{Unknown: omnidesk.Unknown{LikePHP: true}})
	body, contentType := form(a.message())
	resp, err := http.Post(a.url+messagePath, contentType, body)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, `{"type" => "result, "message" => "Message sent.", "ticketID" => 70001}`, string(text))
}
