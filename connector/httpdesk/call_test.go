package httpdesk_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpdesk"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakehttpdesk "github.com/handoff-engine/handoff/testsuite/fake/httpdesk"
)

func TestADeskSaysWhatItHasNoUseFor(t *testing.T) {
	lacks := []string{
		httpdesk.TypeTicketMirrored, httpdesk.TypeTicketAssigned, httpdesk.TypeTicketUpdated, httpdesk.TypeAttachmentCreated,
		httpdesk.TypeMessageUpdated, httpdesk.TypeMessageDeleted, httpdesk.TypeNoteCreated, httpdesk.TypeCustomerTyping,
		httpdesk.TypeCustomerRead, httpdesk.TypeCustomerRated,
	}
	_, c, ticket := opened(t, fakehttpdesk.Options{Lacks: lacks, Mute: true})
	all := calls(c, ticket)
	require.NoError(t, all["Post"](t, "app-shop:u-42/k3f9a2bq-20"))
	delete(all, "Post")
	for name, call := range all {
		switch err := call(t, "app-shop:u-42/k3f9a2bq-21"); name {
		case "Open", "CloseTicket", "Check", "Availability", "Queue", "UpdateTicket", "WriteRating":
			require.NoError(t, err, name)
		default:
			require.Equal(t, connector.Unsupported, connector.KindOf(err), name)
		}
	}
}

// calls lists everything that a desk is called for.
func calls(c everything, ticket conversation.Ticket) map[string]func(t *testing.T, key conversation.Key) error {
	edit := func(del bool) func(t *testing.T, key conversation.Key) error {
		return func(t *testing.T, key conversation.Key) error {
			req := connector.EditRequest{Key: key + "e", Ticket: ticket, Message: "m", Delete: del}
			if !del {
				req.Text = "new words"
			}
			return c.EditMessage(t.Context(), req)
		}
	}
	return map[string]func(t *testing.T, key conversation.Key) error{
		"Open": func(t *testing.T, key conversation.Key) error {
			req := open1
			req.Key, req.Link, req.Agent = key+"o", "https://handoff.example/c", "mira"
			req.Previous = &conversation.Ticket{ID: "app-shop:u-42~k3f9a2bq-1"}
			_, err := c.Open(t.Context(), req)
			return err
		},
		"Mirror": func(t *testing.T, key conversation.Key) error {
			_, err := c.Mirror(t.Context(), connector.MirrorRequest{Key: key + "m", Conversation: "app-shop:u-42", Lines: open1.Transcript})
			return err
		},
		"Post": func(t *testing.T, key conversation.Key) error {
			_, err := c.Post(t.Context(), connector.PostRequest{Key: key, Ticket: ticket, Text: "hello", At: now})
			return err
		},
		"SendAttachment": func(t *testing.T, key conversation.Key) error {
			_, err := c.SendAttachment(t.Context(), connector.AttachmentRequest{Key: key + "a", Ticket: ticket, Attachment: conversation.Attachment{
				URL: "https://files.example/a.png", Name: "a.png", ContentType: "image/png", Size: 3,
			}})
			return err
		},
		"EditMessage":   edit(false),
		"DeleteMessage": edit(true),
		"WriteNote": func(t *testing.T, key conversation.Key) error {
			return c.WriteNote(t.Context(), connector.NoteRequest{Key: key + "n", Ticket: ticket, Text: "between us"})
		},
		"Assign": func(t *testing.T, key conversation.Key) error {
			return c.Assign(t.Context(), connector.AssignRequest{Key: key + "as", Ticket: ticket, Agent: "mira", Group: "returns"})
		},
		"UpdateTicket": func(t *testing.T, key conversation.Key) error {
			return c.UpdateTicket(t.Context(), connector.UpdateRequest{
				Key: key + "u", Ticket: ticket, At: now, WaitingSince: now, Customer: open1.Customer,
				Change: conversation.Change{From: conversation.Waiting, To: conversation.Assigned, Reason: "r", Agent: conversation.Author{ID: "mira"}},
			})
		},
		"WriteRating": func(t *testing.T, key conversation.Key) error {
			return c.WriteRating(t.Context(), connector.RatingReport{Key: key + "r", Ticket: ticket, Rating: 5, Comment: "between us"})
		},
		"SendTyping": func(t *testing.T, _ conversation.Key) error {
			return c.SendTyping(t.Context(), connector.TypingRequest{Ticket: ticket, Text: "hel"})
		},
		"MarkRead": func(t *testing.T, _ conversation.Key) error {
			return c.MarkRead(t.Context(), connector.ReadRequest{Ticket: ticket, At: now})
		},
		"Availability": func(t *testing.T, _ conversation.Key) error {
			_, err := c.Availability(t.Context(), connector.AvailabilityRequest{})
			return err
		},
		"Queue": func(t *testing.T, _ conversation.Key) error {
			_, err := c.Queue(t.Context(), connector.QueueRequest{Ticket: ticket})
			return err
		},
		"CloseTicket": func(t *testing.T, key conversation.Key) error {
			return c.CloseTicket(t.Context(), connector.CloseRequest{Key: key + "c", Ticket: ticket})
		},
		"Check": func(t *testing.T, _ conversation.Key) error { return c.Check(t.Context()) },
	}
}

// answering is a client whose calls go to f and to no network.
func answering(f func(r *http.Request) (status int, header http.Header, body string)) *http.Client {
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		status, header, body := f(r)
		if status == 0 {
			return nil, errors.New("the connection broke")
		}
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})}
}

type roundTripper func(r *http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestEveryRefusalIsOfItsKindWhateverWasTold(t *testing.T) {
	for status := 400; status <= 599; status++ {
		client := answering(func(*http.Request) (int, http.Header, string) {
			return status, nil, "between us, Ana: " + fakehttpdesk.DefaultSecret
		})
		config := httpdesk.Config{URL: "https://desk.example/handoff", Mirror: true}
		names := []string{"Mirror", "UpdateTicket", "EditMessage", "DeleteMessage", "MarkRead", "WriteRating"}
		for _, name := range names {
			c := connect(t, config, client).(everything)
			err := calls(c, conversation.Ticket{ID: ticket1})[name](t, "app-shop:u-42/k3f9a2bq-20")
			want := connector.KindOfStatus(status)
			if status == http.StatusNotImplemented {
				want = connector.Unsupported
				if name == "UpdateTicket" || name == "WriteRating" {
					require.NoError(t, err, "nothing is to be done instead")
					continue
				}
			}
			require.Equal(t, want, connector.KindOf(err), "%s %d", name, status)
			for _, private := range []string{"between us", "Ana", "new words", fakehttpdesk.DefaultSecret, "desk.example"} {
				require.NotContains(t, err.Error(), private, name)
			}
		}
	}
}

func TestNothingIsSentAfterTheDeskAnsweredGoneUntilItIsAskedAgain(t *testing.T) {
	gone, sent := true, 0
	client := answering(func(*http.Request) (int, http.Header, string) {
		sent++
		if gone {
			return http.StatusGone, nil, ""
		}
		return http.StatusNoContent, nil, ""
	})
	c := connect(t, httpdesk.Config{URL: "https://desk.example/handoff", Mirror: true}, client).(everything)
	ticket := conversation.Ticket{ID: ticket1}
	for range 3 {
		_, err := c.Post(t.Context(), connector.PostRequest{Key: "k", Ticket: ticket, Text: "hello"})
		require.Equal(t, connector.NotFound, connector.KindOf(err))
	}
	require.Equal(t, 1, sent)
	require.Equal(t, connector.NotFound, connector.KindOf(c.Check(t.Context())))
	gone = false
	_, err := c.Post(t.Context(), connector.PostRequest{Key: "k", Ticket: ticket, Text: "hello"})
	require.Equal(t, connector.NotFound, connector.KindOf(err), "nobody has asked the desk yet")
	require.NoError(t, c.Check(t.Context()))
	_, err = c.Post(t.Context(), connector.PostRequest{Key: "k", Ticket: ticket, Text: "hello"})
	require.NoError(t, err)
}

func TestATooManyHoldsEverythingForAsLongAsItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		client := answering(func(*http.Request) (int, http.Header, string) {
			if sent++; sent == 1 {
				return http.StatusTooManyRequests, http.Header{"Retry-After": {"7"}}, ""
			}
			return http.StatusNoContent, nil, ""
		})
		c := connect(t, httpdesk.Config{URL: "https://desk.example/handoff", Mirror: true}, client).(everything)
		post := func(key conversation.Key) *connector.Error {
			_, err := c.Post(t.Context(), connector.PostRequest{Key: key, Ticket: conversation.Ticket{ID: ticket1}, Text: "hello"})
			e, _ := errors.AsType[*connector.Error](err)
			return e
		}
		require.Equal(t, 7*time.Second, post("k1").RetryAfter)
		time.Sleep(3 * time.Second)
		held := post("k2")
		require.Equal(t, connector.RateLimited, held.Kind)
		require.Equal(t, 4*time.Second, held.RetryAfter, "another conversation waits too")
		_, err := c.Queue(t.Context(), connector.QueueRequest{})
		require.Equal(t, connector.RateLimited, connector.KindOf(err))
		require.Equal(t, 1, sent)
		time.Sleep(4 * time.Second)
		require.Nil(t, post("k1"))
		require.Nil(t, post("k2"))
		require.Equal(t, 3, sent)
	})
}

func TestTheDesksPaceIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began := time.Now()
		client := answering(func(*http.Request) (int, http.Header, string) {
			at = append(at, time.Since(began))
			return http.StatusNoContent, nil, ""
		})
		c := connect(t, httpdesk.Config{URL: "https://desk.example/handoff", CallsPerSecond: 5}, client)
		require.InDelta(t, 5, c.Traits().CallsPerSecond, 0)
		for range 60 {
			_, err := c.(connector.Desk).Post(t.Context(), connector.PostRequest{Key: "k", Ticket: conversation.Ticket{ID: ticket1}, Text: "hello"})
			require.NoError(t, err)
		}
		for i := 5; i < len(at); i++ {
			require.GreaterOrEqual(t, at[i]-at[i-5], time.Second, "more than five calls in a second")
		}
		require.Less(t, at[len(at)-1], 20*time.Second, "slower than need be")
	})
}

func TestEverySecretSignsSoThatTheDeskCanChangeAtAnyMoment(t *testing.T) {
	for _, secrets := range [][]connector.Secret{{"next", fakehttpdesk.DefaultSecret}, {fakehttpdesk.DefaultSecret, "next"}} {
		s, c := desk(t, fakehttpdesk.Options{}, secrets...)
		require.NoError(t, c.Check(t.Context()))
		require.Len(t, s.Told(), 1)
		there, err := c.Availability(t.Context(), connector.AvailabilityRequest{Group: fakehttpdesk.Group})
		require.NoError(t, err)
		require.Equal(t, connector.Online, there)
	}
	_, c := desk(t, fakehttpdesk.Options{}, "another")
	require.Equal(t, connector.Unauthenticated, connector.KindOf(c.Check(t.Context())))
	_, err := c.Availability(t.Context(), connector.AvailabilityRequest{})
	require.Equal(t, connector.Unauthenticated, connector.KindOf(err))
}

func TestOnceOnlyIsPromisedOfMessagesOnlyIfTheDeskDeduplicates(t *testing.T) {
	config := httpdesk.Config{URL: "https://desk.example/handoff"}
	require.Equal(t, connector.AtLeastOnce, connect(t, config, nil).Traits().Post)
	require.Equal(t, connector.ByKey, connect(t, config, nil).Traits().Open)

	s, c, ticket := opened(t, fakehttpdesk.Options{TakesTwice: true})
	s.Faults.Set(httpdesk.TypeMessageCreated, fake.AcceptThenReset().For(1))
	post := connector.PostRequest{Key: "app-shop:u-42/k3f9a2bq-8", Ticket: ticket, Text: "hello"}
	_, err := c.Post(t.Context(), post)
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
	_, err = c.Post(t.Context(), post)
	require.NoError(t, err)
	require.Equal(t, []string{"hello", "hello"}, s.AgentSees(ticket.ID), "such a desk shows it twice")
}
