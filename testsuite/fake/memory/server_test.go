package memory_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakememory "github.com/handoff-engine/handoff/testsuite/fake/memory"
)

// gateway takes webhooks, after refusing as many as it is told to.
type gateway struct {
	mu     sync.Mutex
	refuse int
	got    []memory.Envelope
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refuse > 0 {
		g.refuse--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var e memory.Envelope
	if json.Unmarshal(body, &e) == nil {
		g.got = append(g.got, e)
	}
}

func (g *gateway) types() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var types []string
	for _, e := range g.got {
		types = append(types, e.Type)
	}
	return types
}

// shop is a vendor with a gateway that takes its webhooks.
func shop(t *testing.T, opts fakememory.Options, refuse int) (*fakememory.Server, *gateway, string) {
	t.Helper()
	g := &gateway{refuse: refuse}
	hooks := httptest.NewServer(g)
	opts.ChannelURL, opts.DeskURL = hooks.URL, hooks.URL
	opts.TimeScale = 0.01
	s := fakememory.New(opts)
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		server.Close()
		hooks.Close()
	})
	return s, g, server.URL
}

// call makes one call of the protocol.
func call(t *testing.T, method, url string, body, into any) int {
	t.Helper()
	encoded, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(encoded))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+fakememory.DefaultSecret)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	if into != nil {
		require.NoError(t, json.NewDecoder(resp.Body).Decode(into))
	}
	return resp.StatusCode
}

func TestAHostedBotAnswersUntilItIsPaused(t *testing.T) {
	s, g, url := shop(t, fakememory.Options{HostsBot: true}, 0)
	to := s.NewCustomer("Ada")
	require.NoError(t, s.CustomerSays(to, "hello"))
	require.NoError(t, s.CustomerSays(to, "a human, please"))
	require.Equal(t, http.StatusOK, call(t, "POST", url+"/channel/"+to+"/pause", memory.PauseRequest{Key: "k-1"}, nil))
	require.NoError(t, s.CustomerSays(to, "are you there?"))
	require.NoError(t, s.Hooks().Drain(t.Context()))
	require.Equal(t, []string{
		memory.TypeCustomerMessage, memory.TypeBotMessage,
		memory.TypeCustomerMessage, memory.TypeBotMessage, memory.TypeHandoffRequested,
		memory.TypeCustomerMessage,
	}, g.types())
}

func TestWebhooksOfOneChatStayInOrderThroughRefusals(t *testing.T) {
	s, g, _ := shop(t, fakememory.Options{}, 5)
	to := s.NewCustomer("Ada")
	for _, text := range []string{"one", "two", "three", "four"} {
		require.NoError(t, s.CustomerSays(to, text))
	}
	require.NoError(t, s.Hooks().Drain(t.Context()))
	g.mu.Lock()
	defer g.mu.Unlock()
	var seqs []int64
	for _, e := range g.got {
		seqs = append(seqs, e.Seq)
	}
	require.Equal(t, []int64{1, 2, 3, 4}, seqs)
}

func TestTheVendorIsStrict(t *testing.T) {
	s, _, url := shop(t, fakememory.Options{}, 0)
	to := s.NewCustomer("Ada")
	var ticket memory.OpenResult
	require.Equal(t, http.StatusOK, call(t, "POST", url+"/desk/tickets", memory.OpenRequest{Key: "open", Conversation: "chat:c-1"}, &ticket))
	messages := url + "/channel/" + to + "/messages"
	var said memory.SendResult
	require.Equal(t, http.StatusOK, call(t, "POST", messages, memory.SendRequest{Key: "said", Text: "hi"}, &said))
	require.NoError(t, s.CustomerSays(to, "my own"))
	seen, _ := s.Conversation(to)
	own := seen.Messages[1].ID
	for _, tt := range []struct {
		name   string
		url    string
		body   any
		status int
	}{
		{"no key", messages, memory.SendRequest{Text: "hi"}, 400},
		{"a field that is not in the protocol", messages, map[string]string{"key": "k", "txt": "hi"}, 400},
		{"no text", messages, memory.SendRequest{Key: "k"}, 422},
		{"a text over the limit", messages, memory.SendRequest{Key: "k", Text: string(bytes.Repeat([]byte("a"), memory.MaxText+1))}, 422},
		{"a body over the limit", messages, memory.SendRequest{Key: "k", Text: string(bytes.Repeat([]byte("a"), memory.MaxBody))}, 413},
		{"an unknown conversation", url + "/channel/c-99/messages", memory.SendRequest{Key: "k", Text: "hi"}, 404},
		{"a key that another call has used", url + "/desk/tickets/" + ticket.ID + "/messages", memory.SendRequest{Key: "said", Text: "hi"}, 409},
		{"an unknown ticket", url + "/desk/tickets/T-1/close", memory.CloseRequest{Key: "k"}, 404},
		{"a line without a number", url + "/desk/mirror", memory.MirrorRequest{Key: "k", Conversation: "chat:c-1", Lines: []memory.HistoryEntry{{Text: "hi"}}}, 400},
		{"no lines", url + "/desk/mirror", memory.MirrorRequest{Key: "k", Conversation: "chat:c-1"}, 400},
		{"a mirror of another conversation", url + "/desk/mirror", memory.MirrorRequest{
			Key: "k", Conversation: "chat:c-2", Ticket: ticket.ID, Lines: []memory.HistoryEntry{{Number: 1, Text: "hi"}},
		}, 409},
		{"a ticket that was asked for already", url + "/desk/tickets", memory.OpenRequest{Key: "k", Conversation: "chat:c-1", Mirrored: ticket.ID}, 409},
		{"an unknown mirrored ticket", url + "/desk/tickets", memory.OpenRequest{Key: "k", Conversation: "chat:c-1", Mirrored: "T-1"}, 404},
		{"a state that is none", url + "/desk/tickets/" + ticket.ID + "/update", memory.UpdateRequest{Key: "k", State: "happy", At: time.Now()}, 400},
		{"an unknown message", messages + "/m-0", memory.EditRequest{Key: "k", Text: "hi"}, 404},
		{"a message of the customer's", messages + "/" + own, memory.EditRequest{Key: "k", Text: "hi"}, 404},
		{"words for what is to be deleted", messages + "/" + said.ID, memory.EditRequest{Key: "k", Text: "hi", Delete: true}, 400},
		{"no words", messages + "/" + said.ID, memory.EditRequest{Key: "k"}, 422},
		{"reading at no time", url + "/channel/" + to + "/read", memory.ReadRequest{Author: memory.Author{Role: memory.RoleAgent}}, 400},
		{"a rating of 6", url + "/desk/tickets/" + ticket.ID + "/rating", memory.RatingRequest{Key: "k", Rating: 6}, 422},
		{"an unknown agent", url + "/desk/tickets/" + ticket.ID + "/assign", memory.AssignRequest{Key: "k", Agent: "nobody"}, 404},
	} {
		require.Equal(t, tt.status, call(t, "POST", tt.url, tt.body, nil), tt.name)
	}
	require.Equal(t, []string{"hi"}, s.CustomerSees(to))

	resp, err := http.Get(url + "/ping")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
}

func TestAKeyIsRememberedWithItsAnswer(t *testing.T) {
	s, _, url := shop(t, fakememory.Options{}, 0)
	to := s.NewCustomer("Ada")
	var first, again memory.SendResult
	call(t, "POST", url+"/channel/"+to+"/messages", memory.SendRequest{Key: "k", Text: "hi"}, &first)
	call(t, "POST", url+"/channel/"+to+"/messages", memory.SendRequest{Key: "k", Text: "hi"}, &again)
	require.False(t, first.Duplicate)
	require.True(t, again.Duplicate)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, []string{"hi"}, s.CustomerSees(to))
}

func TestAWholeHandoffAtTheDesk(t *testing.T) {
	s, g, url := shop(t, fakememory.Options{AssignAtOnce: true}, 0)
	var ticket memory.OpenResult
	call(t, "POST", url+"/desk/tickets", memory.OpenRequest{Key: "open", Conversation: "chat:c-1"}, &ticket)
	require.Equal(t, 200, call(t, "POST", url+"/desk/tickets/"+ticket.ID+"/assign", memory.AssignRequest{Key: "a", Agent: fakememory.Maya}, nil))
	require.NoError(t, s.AgentSays(ticket.ID, fakememory.Maya, "Hello"))
	require.NoError(t, s.SetOnline(fakememory.Maya, false))
	require.NoError(t, s.AgentTakes(ticket.ID, fakememory.Tom))
	require.NoError(t, s.AgentReturnsToBot(ticket.ID, fakememory.Tom, "menu"))
	require.ErrorIs(t, s.AgentSays(ticket.ID, fakememory.Tom, "too late"), fakememory.ErrClosed)
	require.NoError(t, s.Hooks().Drain(t.Context()))
	require.Equal(t, []string{
		memory.TypeAgentAssigned, memory.TypeAgentMessage, memory.TypeAgentUnassigned, memory.TypeAgentAssigned, memory.TypeTicketBackToBot,
	}, g.types())
	got, ok := s.TicketOf("chat:c-1")
	require.True(t, ok)
	require.True(t, got.Closed)
	require.Equal(t, fakememory.Tom, got.Agent)
	for _, e := range g.got {
		require.Equal(t, "chat:c-1", e.Conversation)
	}
}

func TestWhatPeopleChangeReadAndRateIsTold(t *testing.T) {
	s, g, url := shop(t, fakememory.Options{}, 0)
	to := s.NewCustomer("Ada")
	require.NoError(t, s.CustomerSays(to, "hello"))
	chat, _ := s.Conversation(to)
	require.NoError(t, s.CustomerEdits(to, chat.Messages[0].ID, "Hello"))
	require.NoError(t, s.CustomerEdits(to, chat.Messages[0].ID, ""))
	require.ErrorIs(t, s.CustomerEdits(to, chat.Messages[0].ID, "again"), fakememory.ErrUnknown, "it is gone")
	require.ErrorIs(t, s.CustomerRates(to, 4, ""), fakememory.ErrUnknown, "nobody asked")
	require.Equal(t, 200, call(t, "POST", url+"/channel/"+to+"/survey", memory.SurveyRequest{Key: "k-1", Text: "How was it?"}, nil))
	require.NoError(t, s.CustomerRates(to, 4, "slow"))
	require.ErrorIs(t, s.CustomerRates(to, 5, ""), fakememory.ErrUnknown, "once is enough")

	var ticket memory.OpenResult
	call(t, "POST", url+"/desk/tickets", memory.OpenRequest{Key: "open", Conversation: "chat:" + to}, &ticket)
	require.NoError(t, s.AgentSays(ticket.ID, fakememory.Maya, "Helo"))
	own := s.Tickets()[0].Messages[0].ID
	require.ErrorIs(t, s.AgentEdits(ticket.ID, fakememory.Tom, own, "mine now"), fakememory.ErrUnknown)
	require.NoError(t, s.AgentEdits(ticket.ID, fakememory.Maya, own, "Hello"))
	require.NoError(t, s.Hooks().Drain(t.Context()))
	var told []string
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.got {
		if e.Conversation == to {
			told = append(told, e.Type)
		}
	}
	require.Equal(t, []string{
		memory.TypeCustomerMessage, memory.TypeCustomerEdited, memory.TypeCustomerDeleted, memory.TypeCustomerRated,
	}, told)
	last := g.got[len(g.got)-1]
	require.Equal(t, memory.TypeAgentEdited, last.Type)
	require.Equal(t, "Hello", last.Message.Text)
	require.Equal(t, own, last.Message.ID)
}

func TestReadingIsShownAndTold(t *testing.T) {
	s, g, url := shop(t, fakememory.Options{}, 0)
	to := s.NewCustomer("Ada")
	read := memory.ReadRequest{Author: memory.Author{Role: memory.RoleAgent, ID: fakememory.Maya}, At: time.Now().UTC().Round(0)}
	require.Equal(t, 200, call(t, "POST", url+"/channel/"+to+"/read", read, nil))
	require.Equal(t, []memory.ReadRequest{read}, s.Reads())
	var ticket memory.OpenResult
	call(t, "POST", url+"/desk/tickets", memory.OpenRequest{Key: "open", Conversation: "chat:" + to}, &ticket)
	require.NoError(t, s.CustomerReads(to))
	require.NoError(t, s.AgentReads(ticket.ID, fakememory.Maya))
	require.NoError(t, s.Hooks().Drain(t.Context()))
	require.ElementsMatch(t, []string{memory.TypeCustomerRead, memory.TypeAgentRead}, g.types())
}

func TestFaultsStrikeByOperation(t *testing.T) {
	s, _, url := shop(t, fakememory.Options{}, 0)
	to := s.NewCustomer("Ada")
	s.Faults.Set("channel_send", fake.AcceptThenStatus(http.StatusInternalServerError).For(1))
	send := memory.SendRequest{Key: "k", Text: "hi"}
	require.Equal(t, 500, call(t, "POST", url+"/channel/"+to+"/messages", send, nil))
	require.Equal(t, 200, call(t, "POST", url+"/channel/"+to+"/messages", send, nil))
	require.Equal(t, []string{"hi"}, s.CustomerSees(to), "it was accepted the first time")
	require.Equal(t, 2, s.Faults.Calls("channel_send"))
}

func TestATestInAnotherProcessDrivesIt(t *testing.T) {
	s, _, url := shop(t, fakememory.Options{}, 0)
	var made struct{ Conversation string }
	require.Equal(t, 200, call(t, "POST", url+"/_fake/new_customer", map[string]string{"name": "Ada"}, &made))
	for action, fields := range map[string]any{
		"customer_says":           map[string]string{"conversation": made.Conversation, "text": "hello"},
		"customer_asks_for_human": map[string]string{"conversation": made.Conversation},
		"set_online":              map[string]any{"agent": fakememory.Tom, "on": false},
	} {
		require.Equal(t, 200, call(t, "POST", url+"/_fake/"+action, fields, nil), action)
	}
	require.Equal(t, 404, call(t, "POST", url+"/_fake/agent_says", map[string]string{"ticket": "T-1", "agent": fakememory.Maya, "text": "x"}, nil))
	require.Equal(t, 404, call(t, "POST", url+"/_fake/fly", map[string]string{}, nil))

	var seen fakememory.Conversation
	require.Equal(t, 200, call(t, "GET", url+"/_fake/conversation?id="+made.Conversation, nil, &seen))
	require.Equal(t, "hello", seen.Messages[0].Text)
	var journal struct{ Entries []fake.Entry }
	require.Equal(t, 200, call(t, "GET", url+"/_fake/journal", nil, &journal))
	require.Equal(t, s.Journal.Entries("")[0].Text, journal.Entries[0].Text)
}

func TestTheVendorRepeatsAsLongAsItPromises(t *testing.T) {
	g := &gateway{refuse: 1 << 20}
	hooks := httptest.NewServer(g)
	defer hooks.Close()
	s := fakememory.New(fakememory.Options{ChannelURL: hooks.URL, TimeScale: 1e-9})
	defer s.Close()
	require.NoError(t, s.CustomerSays(s.NewCustomer("Ada"), "hello"))
	require.NoError(t, s.Hooks().Drain(t.Context()))
	require.Greater(t, len(s.Hooks().Attempts()), int(memory.RedeliverFor/(15*time.Second)))
}
