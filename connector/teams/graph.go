package teams

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// graphLag is how long a message may take to show in Graph. The delay is unknown; no look is trusted before.
	graphLag = 20 * time.Second
	// graphPage is the largest page of replies (learn: chatmessage-list-replies), and graphPages bounds how many are read.
	graphPage  = "50"
	graphPages = 40
	// clockSkew is how far Microsoft's clock may be from ours.
	clockSkew = time.Minute
)

// Reader is a connection that reads its threads back through Microsoft Graph. The consent that lets the bot hear all
// messages of a team allows that too (learn: channel-messages-with-rsc).
type Reader struct {
	*Client
	graph       *httpx.Client
	graphTokens *httpx.Tokens
	// refused are the sends whose last attempt here was surely not taken.
	refused connector.Tally
}

var (
	_ connector.SentFinder    = (*Reader)(nil)
	_ connector.MessageLister = (*Reader)(nil)
	_ connector.Checker       = (*Reader)(nil)
)

func newReader(c *Client, deps connector.Deps) *Reader {
	return &Reader{
		Client: c, graph: httpx.New(name, deps.HTTP, deps.Pace(callsPerSecond)),
		graphTokens: httpx.NewTokens(name, deps.HTTP, func(ctx context.Context) (*oauth2.Token, error) {
			return c.config.credentials(c.config.GraphURL + "/.default").Token(ctx)
		}),
	}
}

// Traits are those of a bot that finds what it sent.
func (r *Reader) Traits() connector.Traits {
	t := r.Client.Traits()
	t.Post = connector.ByLookup
	return t
}

// Post is the Client's. It remembers what was surely refused, so that nobody waits for it to show.
func (r *Reader) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	receipt, err := r.Client.Post(ctx, req)
	r.remember(req.Key, err)
	return receipt, err
}

// SendAttachment is the Client's, likewise.
func (r *Reader) SendAttachment(ctx context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	receipt, err := r.Client.SendAttachment(ctx, req)
	r.remember(req.Key, err)
	return receipt, err
}

func (r *Reader) remember(key conversation.Key, err error) {
	if kind := connector.KindOf(err); kind == connector.RateLimited || kind == connector.Unavailable {
		r.refused.Set(key, 1)
		return
	}
	r.refused.Forget(key)
}

// FindSent looks for the words of an earlier send among the bot's own replies. What is not there is not given up before it
// must have shown: until then it is Unavailable.
func (r *Reader) FindSent(ctx context.Context, req connector.FindRequest) (connector.Receipt, bool, error) {
	const op = "FindSent"
	p, err := r.place(op, req.Ticket)
	if err != nil {
		return connector.Receipt{}, false, err
	}
	replies, err := r.replies(ctx, op, p)
	if err != nil {
		return connector.Receipt{}, false, err
	}
	replies = slices.DeleteFunc(replies, func(m chatMessage) bool {
		return m.From.Application == nil || m.From.Application.ID != r.config.AppID || m.DeletedAt != "" || m.at().Before(req.Since.Add(-clockSkew))
	})
	if req.Attachment != nil {
		if id, found := nth(replies, req.Skip, func(m chatMessage) bool { return m.shows(req.Attachment.URL) }); found {
			return connector.Receipt{ID: filePrefix + id}, true, nil
		}
	}
	var ids []string
	parts := connector.SplitText(req.Text, maxText)
	for _, part := range parts {
		words := strings.Fields(customerName(req.Ticket.Vendor[nameKey]) + ": " + part)
		id, found := nth(replies, req.Skip, func(m chatMessage) bool { return slices.Equal(strings.Fields(m.text()), words) })
		if found {
			ids = append(ids, id)
		}
	}
	switch {
	case len(ids) > 0 && len(ids) == len(parts):
		return connector.Receipt{ID: strings.Join(ids, ",")}, true, nil
	case r.refused.Of(req.Key) == 0 && time.Since(req.Since) < graphLag:
		return connector.Receipt{}, false, &connector.Error{
			Connector: name, Op: op, Kind: connector.Unavailable, RetryAfter: graphLag / 4, Err: errors.New("too early to tell"),
		}
	}
	return connector.Receipt{}, false, nil
}

// nth finds the message that matches after skip others that match.
func nth(messages []chatMessage, skip int, match func(chatMessage) bool) (id string, found bool) {
	for _, m := range messages {
		if !match(m) {
			continue
		}
		if skip == 0 {
			return m.ID, true
		}
		skip--
	}
	return "", false
}

// ListMessages gives what people wrote in the thread, under the ids of the activities that should have told it. Who has
// the ticket is no matter of Teams, and pictures and files are not read: a message is told by its words.
func (r *Reader) ListMessages(ctx context.Context, req connector.ListRequest) ([]connector.Inbound, error) {
	const op = "ListMessages"
	p, err := r.place(op, req.Ticket)
	if err != nil {
		return nil, err
	}
	replies, err := r.replies(ctx, op, p)
	if err != nil {
		return nil, err
	}
	var list []connector.Inbound
	for _, m := range replies {
		if m.From.User == nil || m.Type != "message" || m.DeletedAt != "" || m.ID == "" {
			continue
		}
		a := r.asActivity(m)
		if events := r.said(a, p.thread); len(events) > 0 {
			ev := events[0]
			r.complete(&ev, a, p.thread, m.at())
			list = append(list, connector.Inbound{Ref: connector.Ref{Ticket: p.thread}, Event: ev})
		}
	}
	return list, nil
}

// asActivity writes a message as the activity that would have told it.
func (r *Reader) asActivity(m chatMessage) activity {
	a := activity{
		Type: "message", ID: m.ID, Timestamp: m.CreatedAt, Text: m.text(),
		From: account{AADObjectID: m.From.User.ID, Name: m.From.User.DisplayName},
	}
	for _, x := range m.Mentions {
		e := entity{Type: "mention", Text: "<at>" + x.Text + "</at>", Mentioned: account{Name: x.Text}}
		if app := x.Mentioned.Application; app != nil {
			e.Mentioned.ID = "28:" + app.ID
		}
		a.Entities = append(a.Entities, e)
	}
	if trimmed(a.Text) == "" {
		a.Text, a.Attachments = "", []attachment{{ContentType: typeHTML}}
	}
	return a
}

// Check proves besides that threads can be read.
func (r *Reader) Check(ctx context.Context) error {
	if err := r.Client.Check(ctx); err != nil {
		return err
	}
	_, err := r.read(ctx, "Check", r.messages(r.config.ChannelID)+"?"+url.Values{"$top": {"1"}}.Encode())
	return err
}

// messages is the address of a channel's messages.
func (r *Reader) messages(channel string) string {
	return r.config.GraphURL + "/v1.0/teams/" + url.PathEscape(r.config.TeamGroupID) + "/channels/" + url.PathEscape(channel) + "/messages"
}

// replies are all messages of a thread but its first, oldest first.
func (r *Reader) replies(ctx context.Context, op string, p place) ([]chatMessage, error) {
	address := r.messages(p.channel) + "/" + url.PathEscape(p.root) + "/replies?" + url.Values{"$top": {graphPage}}.Encode()
	var all []chatMessage
	for range graphPages {
		page, err := r.read(ctx, op, address)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Value...)
		if address = page.NextLink; address == "" {
			break
		}
		if !strings.HasPrefix(address, r.config.GraphURL+"/") {
			return nil, connector.Errorf(name, op, connector.Invalid, "the next page is at another host")
		}
	}
	slices.SortFunc(all, func(a, b chatMessage) int { return cmp.Or(a.at().Compare(b.at()), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// read gets one page.
func (r *Reader) read(ctx context.Context, op, address string) (chatMessages, error) {
	for again := false; ; again = true {
		var page chatMessages
		token, err := r.graphTokens.Get(ctx, op)
		if err != nil {
			return page, err
		}
		_, err = r.graph.Do(ctx, httpx.Request{
			Op: op, Method: http.MethodGet, URL: address, Header: http.Header{"Authorization": {"Bearer " + token}},
		}, &page)
		if connector.KindOf(err) != connector.Unauthenticated || again {
			return page, err
		}
		r.graphTokens.Forget(token)
	}
}

// chatMessages is one page of messages (learn: chatmessage-list-replies).
type chatMessages struct {
	NextLink string        `json:"@odata.nextLink"`
	Value    []chatMessage `json:"value"`
}

// chatMessage is a message as Graph shows it.
type chatMessage struct {
	ID        string `json:"id"`
	Type      string `json:"messageType"`
	CreatedAt string `json:"createdDateTime"`
	DeletedAt string `json:"deletedDateTime"`
	From      struct {
		Application *graphIdentity `json:"application"`
		User        *graphIdentity `json:"user"`
	} `json:"from"`
	Body struct {
		ContentType string `json:"contentType"`
		Content     string `json:"content"`
	} `json:"body"`
	Attachments []struct {
		ContentType string `json:"contentType"`
		Content     string `json:"content"`
	} `json:"attachments"`
	Mentions []struct {
		Text      string `json:"mentionText"`
		Mentioned struct {
			Application *graphIdentity `json:"application"`
		} `json:"mentioned"`
	} `json:"mentions"`
}

type graphIdentity struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
}

func (m chatMessage) at() time.Time {
	at, _ := time.Parse(time.RFC3339Nano, m.CreatedAt)
	return at
}

// text gives the words of a message, with mentions as activities have them.
func (m chatMessage) text() string {
	if m.Body.ContentType == "text" {
		return m.Body.Content
	}
	return plainText(m.Body.Content)
}

// shows reports whether a card of the message shows the picture of an address.
func (m chatMessage) shows(address string) bool {
	for _, a := range m.Attachments {
		var c card
		if a.ContentType != typeCard || json.Unmarshal([]byte(a.Content), &c) != nil {
			continue
		}
		if slices.ContainsFunc(c.Body, func(e element) bool { return e.Type == "Image" && e.URL == address }) {
			return true
		}
	}
	return false
}
