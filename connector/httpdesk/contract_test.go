package httpdesk_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpdesk"
	"github.com/handoff-engine/handoff/conversation"
	fakehttpdesk "github.com/handoff-engine/handoff/testsuite/fake/httpdesk"
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

func TestTheDocumentedWebhooksAreWhatADeskIsTold(t *testing.T) {
	var bodies []string
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, err
	})}
	c := connect(t, httpdesk.Config{URL: "https://desk.example/handoff"}, client).(connector.Desk)
	ticket, err := c.Open(t.Context(), open1)
	require.NoError(t, err)
	_, err = c.Post(t.Context(), connector.PostRequest{
		Key: "app-shop:u-42/k3f9a2bq-9", Ticket: ticket, Text: "Is anybody there?", At: now.Add(time.Minute),
	})
	require.NoError(t, err)
	require.JSONEq(t, documented(t, "opened"), bodies[0])
	require.JSONEq(t, documented(t, "message"), bodies[1])
}

func TestTheDocumentedEventIsUnderstood(t *testing.T) {
	c := connect(t, httpdesk.Config{URL: "https://desk.example/handoff"}, nil)
	d := delivery("evt-1", documented(t, "event"))
	d.ReceivedAt = now.Add(time.Hour)
	events, err := c.Decode(d)
	require.NoError(t, err)
	require.Equal(t, []connector.Inbound{{Ref: connector.Ref{ID: "app-shop:u-42"}, Event: conversation.Event{
		ID: "evt-1", Kind: conversation.AgentSaid, At: now.Add(2 * time.Minute), TicketID: ticket1, Agent: "mira", MessageID: "m-1001",
		Author: conversation.Author{ID: "mira", Name: "Mira"}, Text: "Hello Ana, I look into it.",
	}}}, events)
}

// terminal is the example desk, with its terminal and a gateway that decodes what it tells.
type terminal struct {
	t       *testing.T
	conn    everything
	in      io.WriteCloser
	out     *bufio.Reader
	decoded chan connector.Inbound
}

func startTerminal(t *testing.T, python, secret string) *terminal {
	t.Helper()
	d := &terminal{t: t, decoded: make(chan connector.Inbound, 10)}
	var refused atomic.Bool
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !refused.Swap(true) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		delivered := &connector.Delivery{Method: r.Method, Header: r.Header, Body: body, ReceivedAt: time.Now()}
		if err := d.conn.Verify(delivered); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		events, err := d.conn.Decode(delivered)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, err.Error())
			return
		}
		for _, in := range events {
			d.decoded <- in
		}
	}))
	t.Cleanup(gateway.Close)
	program := exec.CommandContext(t.Context(), python, filepath.Join("..", "..", "docs", "examples", "httpdesk.py"))
	program.Env = append(os.Environ(), "SECRET="+secret, "PORT=0", "HANDOFF="+gateway.URL, "USER=robin")
	var err error
	d.in, err = program.StdinPipe()
	require.NoError(t, err)
	out, err := program.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	t.Cleanup(func() {
		_ = program.Process.Kill()
		_ = program.Wait()
	})
	d.out = bufio.NewReader(out)
	d.conn = connect(t, httpdesk.Config{URL: d.shows(), Secret: connector.Secrets{connector.Secret(secret)}, Mirror: true}, nil).(everything)
	return d
}

// shows gives the next line of the terminal.
func (d *terminal) shows() string {
	d.t.Helper()
	line, err := d.out.ReadString('\n')
	require.NoError(d.t, err)
	return strings.TrimSpace(line)
}

// tells types a line, and gives what the gateway was told.
func (d *terminal) tells(line string) conversation.Event {
	d.t.Helper()
	_, err := io.WriteString(d.in, line+"\n")
	require.NoError(d.t, err)
	select {
	case in := <-d.decoded:
		require.Equal(d.t, "app-shop:u-42", in.Ref.ID)
		return in.Event
	case <-time.After(20 * time.Second):
		require.Fail(d.t, "nothing was told of: "+line)
	}
	return conversation.Event{}
}

func TestTheDeskInATerminalKeepsTheContract(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: the example is in Python")
	}
	for _, secret := range []string{fakehttpdesk.DefaultSecret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} {
		d := startTerminal(t, python, secret)
		require.NoError(t, d.conn.Check(t.Context()))
		ticket, err := d.conn.Open(t.Context(), open1)
		require.NoError(t, err)
		require.Equal(t, []string{"[1] customer: I want a refund", "[1] bot: I get somebody.", "[1] handoff: somebody is asked for"},
			[]string{d.shows(), d.shows(), d.shows()})
		post := connector.PostRequest{Key: "app-shop:u-42/k3f9a2bq-9", Ticket: ticket, Text: "Is <anybody> there? 你好", At: now}
		for range 2 {
			_, err = d.conn.Post(t.Context(), post)
			require.NoError(t, err)
		}
		require.Equal(t, "[1] customer: Is <anybody> there? 你好", d.shows(), "a repeat is shown once")
		require.NoError(t, d.conn.WriteNote(t.Context(), connector.NoteRequest{Key: "app-shop:u-42/k3f9a2bq-10", Ticket: ticket, Text: "a note"}))
		require.Equal(t, "[1] handoff: a note", d.shows())

		said := d.tells("1 Hello Ana, 你好")
		require.Equal(t, conversation.AgentSaid, said.Kind)
		require.Equal(t, "Hello Ana, 你好", said.Text)
		require.Equal(t, conversation.Author{ID: "robin", Name: "Robin"}, said.Author)
		noted := d.tells("1 /note between us")
		require.Equal(t, conversation.AgentNoted, noted.Kind)
		require.Empty(t, noted.Text)
		require.Equal(t, conversation.AgentUnassigned, d.tells("1 /leave").Kind)
		require.Equal(t, conversation.HandedBack, d.tells("1 /bot").Kind)
		require.Equal(t, conversation.TicketClosed, d.tells("1 /close").Kind)

		require.NoError(t, d.conn.CloseTicket(t.Context(), connector.CloseRequest{Key: "app-shop:u-42/k3f9a2bq-11", Ticket: ticket}))
		_, err = d.conn.SendAttachment(t.Context(), connector.AttachmentRequest{Key: "k", Ticket: ticket, Attachment: conversation.Attachment{URL: "https://a"}})
		require.Equal(t, connector.Unsupported, connector.KindOf(err), "the file becomes a link")
		there, err := d.conn.Availability(t.Context(), connector.AvailabilityRequest{})
		require.NoError(t, err)
		require.Equal(t, connector.AvailabilityUnknown, there)
		ticket.ID = "app-shop:u-42~none"
		post.Key, post.Ticket = "app-shop:u-42/k3f9a2bq-12", ticket
		_, err = d.conn.Post(t.Context(), post)
		require.Equal(t, connector.NotFound, connector.KindOf(err))

		stranger := connect(t, httpdesk.Config{URL: "http://127.0.0.1:1/", Secret: connector.Secrets{"another"}}, nil)
		body, err := json.Marshal(map[string]any{"type": "ping"})
		require.NoError(t, err)
		require.Equal(t, connector.Unauthenticated, connector.KindOf(stranger.Verify(delivery("evt", string(body)))))
	}
}
