package httpbot_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	fakehttpbot "github.com/handoff-engine/handoff/testsuite/fake/httpbot"
)

// documented gives an example of the README, by the word behind its language.
func documented(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)```json " + name + "\n(.*?)```").FindStringSubmatch(string(text))
	require.NotNil(t, found, "README.md has no example of a %s", name)
	return found[1]
}

// documentedAsk is the request that the README's example shows, as the connector is called for it.
func documentedAsk() connector.ReplyRequest {
	at := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	return connector.ReplyRequest{
		Key: "app-shop:u-42/1-7", Conversation: "app-shop:u-42", Text: "Where is my parcel?",
		Attachment: &conversation.Attachment{URL: "https://files.example/label.png", Name: "label.png", ContentType: "image/png", Size: 48211},
		Customer:   conversation.Customer{Name: "Ana", Email: "ana@example.com", Language: "en", Fields: map[string]string{"order": "A-1"}},
		Context: []conversation.Line{
			{N: 4, Role: conversation.RoleCustomer, Name: "Ana", At: at, Text: "I want a refund"},
			{N: 5, Role: conversation.RoleAgent, Name: "Mira", At: at.Add(30 * time.Second), Text: "Oops", Deleted: true},
			{N: 6, Role: conversation.RoleAgent, Name: "Mira", At: at.Add(time.Minute), Text: "It is on its way. The bot helps you on."},
		},
		Vendor: map[string]string{"session": `{"turns":3}`},
	}
}

func TestTheDocumentedRequestIsWhatABotIsAsked(t *testing.T) {
	b := newBot(t, fakehttpbot.Options{})
	_, err := b.conn.Reply(t.Context(), documentedAsk())
	require.NoError(t, err, "the strict fake takes it")
	require.Len(t, b.bodies(), 1)
	require.JSONEq(t, documented(t, "request"), b.bodies()[0])

	var ask fakehttpbot.Request
	require.NoError(t, json.Unmarshal([]byte(documented(t, "request")), &ask))
	require.Equal(t, []fakehttpbot.Request{ask}, compact(t, b.Asked()))
}

// compact writes sessions as the README does not: without blanks.
func compact(t *testing.T, asked []fakehttpbot.Request) []fakehttpbot.Request {
	t.Helper()
	for i := range asked {
		require.JSONEq(t, `{"turns": 3}`, string(asked[i].Session))
		asked[i].Session = json.RawMessage(`{"turns": 3}`)
	}
	return asked
}

func TestTheDocumentedAnswerIsUnderstood(t *testing.T) {
	b := newBot(t, fakehttpbot.Options{Answer: func(fakehttpbot.Request) any { return json.RawMessage(documented(t, "answer")) }})
	answer, err := b.conn.Reply(t.Context(), documentedAsk())
	require.NoError(t, err)
	require.Equal(t, conversation.Answer{
		Messages: []conversation.Message{
			{Text: "Let me get somebody who can see your order."},
			{Text: "Is it urgent?", Buttons: []conversation.Button{{Label: "Yes, please hurry", Value: "urgent"}, {Label: "No"}}},
			{Text: "Your label:", Attachment: &conversation.Attachment{URL: "https://files.example/label.png", Name: "label.png"}},
		},
		Handoff: true, Group: "returns",
		Customer: conversation.Customer{
			Email: "ana@example.com", Fields: map[string]string{"order": "A-1", "reason": "refund over 100 EUR"},
		},
		Vendor: map[string]string{"session": `{"turns":4}`},
	}, answer)
}

func TestTheDocumentedWebhookIsWhatTheFakeSends(t *testing.T) {
	b := newBot(t, fakehttpbot.Options{})
	b.AskForHuman("app-shop:u-42", map[string]any{"group": "returns", "reason": "payment failed twice"})
	require.NoError(t, b.Webhooks().Drain(t.Context()))
	require.JSONEq(t, documented(t, "webhook"), b.Webhooks().Attempts()[0].Body)
	require.Equal(t, []connector.Ref{{ID: "app-shop:u-42"}}, b.refs())
}

func TestTheDocumentedBotKeepsTheContract(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: the example is in Python")
	}
	for _, secret := range []string{fakehttpbot.DefaultSecret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} {
		bot := exec.CommandContext(t.Context(), python, filepath.Join("..", "..", "docs", "examples", "httpbot.py"))
		bot.Env = append(os.Environ(), "SECRET="+secret, "PORT=0")
		out, err := bot.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, bot.Start())
		t.Cleanup(func() {
			_ = bot.Process.Kill()
			_ = bot.Wait()
		})
		address, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		c := open(t, strings.TrimSpace(address), connector.Secret(secret))
		require.NoError(t, c.Check(t.Context()))

		first, err := c.Reply(t.Context(), documentedAsk())
		require.NoError(t, err)
		require.Equal(t, conversation.Answer{
			Messages: []conversation.Message{{Text: "You said: Where is my parcel? (4)"}},
			Vendor:   map[string]string{"session": `{"turns":4}`},
		}, first)
		again, err := c.Reply(t.Context(), documentedAsk())
		require.NoError(t, err)
		require.Equal(t, first, again, "one key, one answer")

		human, err := c.Reply(t.Context(), connector.ReplyRequest{Key: "k2", Conversation: "app-shop:u-42", Text: "A human, please"})
		require.NoError(t, err)
		require.True(t, human.Handoff)
		require.Equal(t, map[string]string{"reason": "asked for a human"}, human.Customer.Fields)

		_, err = open(t, strings.TrimSpace(address), "another-secret").Reply(t.Context(), documentedAsk())
		require.Equal(t, connector.Unauthenticated, connector.KindOf(err))
	}
}
