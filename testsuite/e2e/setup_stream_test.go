package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// news is one event of the stream.
type news struct {
	ID, Type string
	Number   int `json:"number"`
	Author   struct {
		Role string `json:"role"`
		Name string `json:"name"`
	} `json:"author"`
	Text  string `json:"text"`
	State string `json:"state"`
}

// device is a customer's phone: it gets a token from the team's backend, listens, and after each break listens on from
// the last event that it has.
type device struct {
	// base is the conversation's address.
	base string
	// breakAfter ends a connection by itself after so many events; 0 is never.
	breakAfter int

	mu          sync.Mutex
	events      []news
	connections int
}

// listen goes on until ctx ends.
func (d *device) listen(ctx context.Context) {
	for ctx.Err() == nil {
		if err := d.connect(ctx); err != nil {
			// As the stream's own "retry" says, in small.
			timer := time.NewTimer(100 * time.Millisecond)
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
			timer.Stop()
		}
	}
}

// connect listens once, from the last event on.
func (d *device) connect(ctx context.Context) error {
	token, err := d.token(ctx)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.base+"/stream", http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if seen := d.seen(); len(seen) > 0 {
		req.Header.Set("Last-Event-ID", seen[len(seen)-1].ID)
	}
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream answered %d", answer.StatusCode)
	}
	d.mu.Lock()
	d.connections++
	d.mu.Unlock()
	return d.read(answer.Body)
}

// token asks for a customer token, as the backend does.
func (d *device) token(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.base+"/tokens", http.NoBody)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+appToken)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	var minted struct{ Token string }
	if answer.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("no token: %d", answer.StatusCode)
	}
	return minted.Token, json.NewDecoder(answer.Body).Decode(&minted)
}

// says writes something with the device's own token.
func (d *device) says(ctx context.Context, id, text string) (status int, err error) {
	token, err := d.token(ctx)
	if err != nil {
		return 0, err
	}
	body, err := json.Marshal(map[string]string{"id": id, "type": "customer.message", "text": text})
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.base+"/events", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// read takes events until the stream breaks, or the device has had enough of it. Only whole events count: a break in
// the middle of one loses it, and the next connection brings it again.
func (d *device) read(stream io.Reader) error {
	var event news
	taken := 0
	for lines := bufio.NewScanner(stream); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case name == "id":
			event.ID = value
		case name == "event":
			event.Type = value
		case name == "data":
			if err := json.Unmarshal([]byte(value), &event); err != nil {
				return err
			}
		case lines.Text() == "" && event.ID != "":
			d.mu.Lock()
			d.events = append(d.events, event)
			d.mu.Unlock()
			event = news{}
			if taken++; taken == d.breakAfter {
				return nil
			}
		}
	}
	return io.ErrUnexpectedEOF
}

// seen gives what the device has.
func (d *device) seen() []news {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.events)
}

// sees is what the customer reads on the device, for the oracle.
func (d *device) sees() []fake.Entry {
	var entries []fake.Entry
	for _, n := range d.seen() {
		if n.Type == "message.created" {
			entries = append(entries, fake.Entry{Who: n.Author.Role + ":" + n.Author.Name, Kind: "text", Text: n.Text})
		}
	}
	return entries
}

// An app without webhooks listens to the stream. One device loses the connection after every second event, another only
// when the gateway dies: each sees every line once and in order, and each change of state.
func TestAppStreamLosesNothingOverReconnectsAndAGatewayRestart(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	setup := setup{
		connections: "  app-shop: {vendor: app, api_token: " + appToken + "}\n",
		routes:      "  shop: {channel: app-shop, desk: " + system.Desk + ", policy: {agent_idle: 1m}}\n",
		secrets:     []string{appToken},
	}
	s := setup.start(t)
	sender := senderOf(t, s, "app-shop")
	base := s.URL + "/v1/channels/app-shop/conversations/u-7"
	restless, steady := &device{base: base, breakAfter: 2}, &device{base: base}
	ana := s.NewCustomerAt("app-shop:u-7", system.Side{
		Says: func(text string) error {
			sender.Send("u-7", "customer.message", map[string]any{"text": text})
			return nil
		},
		Sees: restless.sees,
		Told: sender.Events().Attempts,
	})
	ctx, hangUp := context.WithCancel(t.Context())
	var listening sync.WaitGroup
	listening.Go(func() { restless.listen(ctx) })
	listening.Go(func() { steady.listen(ctx) })
	defer listening.Wait()
	defer hangUp()

	ana.Says(t, "hello")
	ana.UntilTicket(t, 1)
	talk(t, ana)
	for i := range 5 {
		ana.Answers(t, livechat.Mira, fmt.Sprint("step ", i))
	}
	ana.UntilHeard(t)

	// The device writes by itself, twice because it did not hear the answer. What agents say to each other is not shown.
	own := ana.Line("from my phone")
	ana.Book.Customer(own)
	for range 2 {
		status, err := restless.says(ctx, "phone-1", own)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
	}
	private := ana.Line("she is a difficult one")
	ana.Book.Private(private)
	chat, _ := ana.Chat()
	_, err := s.LiveChat.AgentNotes(chat.ID, livechat.Mira, private)
	require.NoError(t, err)
	ana.UntilHeard(t)

	// The gateway dies while both listen and talk.
	s.Kill(system.Gateway)
	ana.Answers(t, livechat.Mira, "while nobody listened")
	ana.Says(t, "while nobody heard")
	s.StartPart(system.Gateway)
	s.UntilReady()
	ana.UntilHeard(t)

	// The worker dies: the streams stay open, and go on.
	before := steady.count()
	s.Kill(system.Worker)
	ana.Answers(t, livechat.Mira, "while nobody worked")
	s.StartPart(system.Worker)
	ana.UntilHeard(t)
	require.Equal(t, before, steady.count(), "the stream stayed open")

	require.NoError(t, s.LiveChat.AgentCloses(chat.ID, livechat.Mira))
	view := ana.Until(t, conversation.Ended)
	for name, d := range map[string]*device{"restless": restless, "steady": steady} {
		system.Eventually(t, 20*time.Second, name+" sees the end", func() bool {
			seen := d.seen()
			ended := slices.ContainsFunc(seen, func(n news) bool { return n.Type == "conversation.ended" })
			return ended && len(d.sees()) >= len(view.Transcript.Lines)
		})
		requireWhole(t, name, d, view)
	}
	require.GreaterOrEqual(t, restless.count(), 10, "how often the restless device connected")
	require.Equal(t, 2, steady.count(), "how often the steady device connected")
	setup.judge(t, s, sender.Events().Attempts(), ana)
}

// count is how often the device was connected.
func (d *device) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.connections
}

// requireWhole requires that a device saw the whole conversation, each line and each change once and in order.
func requireWhole(t *testing.T, name string, d *device, view conversation.View) {
	t.Helper()
	var texts, states []string
	var numbers []int
	for _, n := range d.seen() {
		if n.Type == "message.created" {
			texts, numbers = append(texts, n.Text), append(numbers, n.Number)
		} else {
			states = append(states, n.State)
		}
	}
	var said, went []string
	var from1 []int
	for _, l := range view.Transcript.Lines {
		said, from1 = append(said, l.Text), append(from1, l.N)
	}
	for _, c := range view.History {
		went = append(went, string(c.To))
	}
	require.Equal(t, from1, numbers, "%s: the lines, each once and in order", name)
	require.Equal(t, said, texts, "%s: the texts", name)
	// Who comes while changes are made is told the last of them, and each one after.
	require.NotEmpty(t, states)
	require.Equal(t, went[len(went)-len(states):], states, "%s: the changes of state", name)
	require.Contains(t, states, string(conversation.Assigned))
}
