package shop_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/standalone/playground/shop"
)

const secret = "a secret of the test"

// gateway is the other side of the webhooks. It refuses the first of them.
type gateway struct {
	*httptest.Server
	mu     sync.Mutex
	refuse int
	events []memory.Envelope
	forged int
}

func newGateway(t *testing.T, refuse int) *gateway {
	g := &gateway{refuse: refuse}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(r.Header.Get(memory.HeaderID) + "." + r.Header.Get(memory.HeaderTimestamp) + "."))
	mac.Write(body)
	if r.Header.Get(memory.HeaderSignature) != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		g.forged++
	}
	if g.refuse > 0 {
		g.refuse--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var e memory.Envelope
	if json.Unmarshal(body, &e) == nil {
		g.events = append(g.events, e)
	}
}

// told waits until n webhooks arrived and gives "<type> <text>" of each.
func (g *gateway) told(t *testing.T, n int) (told []string) {
	t.Helper()
	require.Eventually(t, func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return len(g.events) >= n
	}, 10*time.Second, 5*time.Millisecond)
	g.mu.Lock()
	defer g.mu.Unlock()
	require.Zero(t, g.forged)
	for _, e := range g.events {
		line := e.Type
		if e.Message != nil {
			line += " " + e.Message.Text
		}
		told = append(told, line)
	}
	return told
}

func open(t *testing.T, dir string, g *gateway) *shop.Vendor {
	t.Helper()
	v, err := shop.Open(shop.Config{Dir: dir, Secret: secret, ChannelURL: g.URL + "/c", DeskURL: g.URL + "/d"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = v.Close() }) // some tests close it themselves
	return v
}

// run posts webhooks until the test ends.
func run(t *testing.T, v *shop.Vendor) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { v.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
}

func call[T any](t *testing.T, v *shop.Vendor, method, path string, req any) (status int, answer T) {
	t.Helper()
	body, err := json.Marshal(req)
	require.NoError(t, err)
	r := httptest.NewRequestWithContext(t.Context(), method, path, bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+secret)
	w := httptest.NewRecorder()
	v.Handler().ServeHTTP(w, r)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	return w.Code, answer
}

func openTicket(t *testing.T, v *shop.Vendor, key string) string {
	t.Helper()
	status, opened := call[memory.OpenResult](t, v, "POST", "/desk/tickets", memory.OpenRequest{Key: key, Conversation: "shop-chat:c-1"})
	require.Equal(t, http.StatusOK, status)
	return opened.ID
}

func TestWebhooksKeepTheirOrderThroughRefusals(t *testing.T) {
	g := newGateway(t, 2)
	v := open(t, t.TempDir(), g)
	run(t, v)
	id, err := v.Arrive("Ada")
	require.NoError(t, err)
	for _, text := range []string{"one", "two", "three"} {
		require.NoError(t, v.Say(id, shop.Words{Text: text}))
	}
	require.Equal(t, []string{"customer.message one", "customer.message two", "customer.message three"}, g.told(t, 3))
}

func TestWhatWasNotPostedIsPostedAfterARestart(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t, 0)
	v := open(t, dir, g)
	id, err := v.Arrive("Ada")
	require.NoError(t, err)
	require.NoError(t, v.Say(id, shop.Words{ID: "m1", Text: "still there?"}))
	require.NoError(t, v.Close())

	v = open(t, dir, g)
	run(t, v)
	require.Equal(t, []string{"customer.message still there?"}, g.told(t, 1))
	require.NoError(t, v.Say(id, shop.Words{ID: "m1", Text: "still there?"}), "a repeat by the page")
	chat, err := v.Chat(id)
	require.NoError(t, err)
	require.Equal(t, []string{"Hi, I'm Fern, the shop's assistant. What can I do for you?", "still there?"}, texts(chat.Messages))
}

func texts(messages []memory.Message) (all []string) {
	for _, m := range messages {
		all = append(all, m.Text)
	}
	return all
}

func TestATornLastLineIsCutOff(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t, 0)
	v := open(t, dir, g)
	id, err := v.Arrive("Ada")
	require.NoError(t, err)
	require.NoError(t, v.Close())
	f, err := os.OpenFile(filepath.Join(dir, "playground.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString(`[{"op":"said","conversation":"` + id)
	require.NoError(t, err)
	require.NoError(t, f.Close())

	v = open(t, dir, g)
	require.NoError(t, v.Say(id, shop.Words{Text: "hello"}))
	require.NoError(t, v.Close())
	v = open(t, dir, g)
	chat, err := v.Chat(id)
	require.NoError(t, err)
	require.Equal(t, "hello", chat.Messages[1].Text)
}

func TestARepeatedKeyGetsTheFirstAnswerEvenAfterARestart(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t, 0)
	v := open(t, dir, g)
	first := openTicket(t, v, "k1")
	require.NoError(t, v.Close())

	v = open(t, dir, g)
	_, again := call[memory.OpenResult](t, v, "POST", "/desk/tickets", memory.OpenRequest{Key: "k1", Conversation: "shop-chat:c-1"})
	require.Equal(t, first, again.ID)
	require.True(t, again.Duplicate)
	status, _ := call[memory.Failure](t, v, "POST", "/desk/tickets/"+first+"/close", memory.CloseRequest{Key: "k1"})
	require.Equal(t, http.StatusConflict, status, "one key, two calls")
	require.Len(t, v.Desk("").Tickets, 1)
}

func TestCallsWithoutTheSecretAreRefused(t *testing.T) {
	v := open(t, t.TempDir(), newGateway(t, 0))
	for _, header := range []string{"", "Bearer ", "Bearer wrong", secret} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/ping", nil)
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		v.Handler().ServeHTTP(w, r)
		require.Equal(t, http.StatusUnauthorized, w.Code, header)
	}
}

func TestTheProtocolRefusesWhatTheStateForbids(t *testing.T) {
	v := open(t, t.TempDir(), newGateway(t, 0))
	id := openTicket(t, v, "k1")
	_, closed := call[memory.Result](t, v, "POST", "/desk/tickets/"+id+"/close", memory.CloseRequest{Key: "k2"})
	require.True(t, closed.OK)
	require.NoError(t, v.SetOnline("tom", false))
	other := openTicket(t, v, "k3")
	for _, tt := range []struct {
		name   string
		path   string
		body   any
		status int
	}{
		{"into a closed ticket", "/desk/tickets/" + id + "/messages", memory.SendRequest{Key: "a", Text: "x"}, 409},
		{"an agent who is away", "/desk/tickets/" + other + "/assign", memory.AssignRequest{Key: "b", Agent: "tom"}, 409},
		{"an unknown ticket", "/desk/tickets/T-1/messages", memory.SendRequest{Key: "c", Text: "x"}, 404},
		{"an unknown conversation", "/channel/c-0/messages", memory.SendRequest{Key: "d", Text: "x"}, 404},
		{"nothing to send", "/desk/tickets/" + other + "/messages", memory.SendRequest{Key: "e"}, 422},
		{"no key", "/desk/tickets/" + other + "/messages", memory.SendRequest{Text: "x"}, 400},
		{"an unknown field", "/desk/tickets", map[string]string{"key": "f", "colour": "red"}, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, failure := call[memory.Failure](t, v, "POST", tt.path, tt.body)
			require.Equal(t, tt.status, status)
			require.NotEmpty(t, failure.Code)
		})
	}
}

func TestWhatTheAgentDoesIsToldInOrder(t *testing.T) {
	g := newGateway(t, 0)
	v := open(t, t.TempDir(), g)
	run(t, v)
	id := openTicket(t, v, "k1")
	require.NoError(t, v.Answer(id, "maya", shop.Words{Text: "I have it"}), "who answers, takes")
	require.NoError(t, v.Note(id, "maya", shop.Words{Text: "between us"}))
	require.NoError(t, v.Transfer(id, "maya", "tom"))
	require.NoError(t, v.SetOnline("tom", false))
	require.NoError(t, v.HandBack(id, "ines"))
	require.ErrorIs(t, v.Answer(id, "maya", shop.Words{Text: "too late"}), shop.ErrClosed)
	require.Equal(t, []string{
		"agent.assigned", "agent.message I have it", "agent.note between us", "agent.assigned",
		"agent.unassigned", "ticket.back_to_bot",
	}, g.told(t, 6))
}

func TestAnAssignedTicketIsOfferedUntilTheAgentTakesIt(t *testing.T) {
	g := newGateway(t, 0)
	v := open(t, t.TempDir(), g)
	run(t, v)
	id := openTicket(t, v, "k1")
	require.NoError(t, v.Take(id, "maya"))
	_, done := call[memory.Result](t, v, "POST", "/desk/tickets/"+id+"/assign", memory.AssignRequest{Key: "k2", Agent: "maya"})
	require.True(t, done.OK)
	ticket := v.Desk(id).Tickets[0]
	require.Nil(t, ticket.Agent)
	require.Equal(t, "Maya Lindqvist", ticket.Offered.Name)
	require.NoError(t, v.Take(id, "maya"))
	require.Equal(t, []string{"agent.assigned", "agent.assigned"}, g.told(t, 2))
}

func TestTheBotsWordsAreShownWithTheirButtons(t *testing.T) {
	v := open(t, t.TempDir(), newGateway(t, 0))
	id, err := v.Arrive("Ada")
	require.NoError(t, err)
	_, answer := call[memory.BotReply](t, v, "POST", "/bot/"+id+"/reply", memory.BotRequest{Key: "k1", Text: "Where is my order?"})
	call[memory.SendResult](t, v, "POST", "/channel/"+id+"/messages", memory.SendRequest{
		Key: "k2", Text: answer.Messages[0].Text, Buttons: answer.Messages[0].Buttons, Author: memory.Author{Role: memory.RoleBot},
	})
	call[memory.SendResult](t, v, "POST", "/channel/"+id+"/messages", memory.SendRequest{
		Key: "k3", Text: "A person joins.", Author: memory.Author{Role: memory.RoleSystem},
	})
	chat, err := v.Chat(id)
	require.NoError(t, err)
	require.Equal(t, memory.Author{Role: memory.RoleBot, Name: "Fern"}, chat.Messages[1].Author)
	require.NotEmpty(t, answer.Messages[0].Buttons)
	require.Equal(t, answer.Messages[0].Buttons, chat.Messages[1].Buttons)
	require.Equal(t, memory.RoleSystem, chat.Messages[2].Author.Role)
}

func TestTheBotKnowsWhenToGetAHuman(t *testing.T) {
	v := open(t, t.TempDir(), newGateway(t, 0))
	for i, tt := range []struct {
		text    string
		handoff bool
	}{
		{"hello", false}, {"I want an agent!", true}, {"agenda", false}, {"where is my order", false}, {"#20418", false},
	} {
		t.Run(tt.text, func(t *testing.T) {
			id, err := v.Arrive("Ada")
			require.NoError(t, err)
			_, answer := call[memory.BotReply](t, v, "POST", "/bot/"+id+"/reply", memory.BotRequest{Key: string(rune('a' + i)), Text: tt.text})
			require.Equal(t, tt.handoff, answer.Handoff)
			require.NotEmpty(t, answer.Messages)
		})
	}
	id, err := v.Arrive("Ada")
	require.NoError(t, err)
	var asked []bool
	for _, key := range []string{"x", "y", "z"} {
		_, answer := call[memory.BotReply](t, v, "POST", "/bot/"+id+"/reply", memory.BotRequest{Key: key, Text: "quux"})
		asked = append(asked, answer.Handoff)
	}
	require.Equal(t, []bool{false, false, true}, asked)
}

func TestListsTellWhatWebhooksTold(t *testing.T) {
	g := newGateway(t, 0)
	v := open(t, t.TempDir(), g)
	run(t, v)
	id := openTicket(t, v, "k1")
	require.NoError(t, v.Answer(id, "maya", shop.Words{Text: "hello"}))
	g.told(t, 2)
	_, page := call[memory.MessagePage](t, v, "GET", "/desk/tickets/"+id+"/messages", nil)
	require.Equal(t, g.events[1].ID, page.Messages[0].EventID)
	require.Equal(t, g.events[0].ID, page.Ticket.EventID)
	require.Equal(t, "maya", page.Ticket.Agent.ID)
	_, page = call[memory.MessagePage](t, v, "GET", "/desk/tickets/"+id+"/messages?after=1", nil)
	require.Empty(t, page.Messages)
}
