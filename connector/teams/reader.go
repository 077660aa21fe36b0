package teams

import (
	"context"
	"errors"
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
	// doubted says when, in Unix seconds, an attempt to open a ticket ended without anybody knowing how.
	doubted connector.Tally
}

var (
	_ connector.TicketFinder  = (*Reader)(nil)
	_ connector.SentFinder    = (*Reader)(nil)
	_ connector.MessageLister = (*Reader)(nil)
	_ connector.Checker       = (*Reader)(nil)
)

func newReader(c *Client, deps connector.Deps) *Reader {
	return &Reader{
		Client: c, graph: httpx.New(Name, deps.HTTP, deps.Pace(callsPerSecond)),
		graphTokens: httpx.NewTokens(Name, deps.HTTP, func(ctx context.Context) (*oauth2.Token, error) {
			return c.config.credentials(c.config.GraphURL + "/.default").Token(ctx)
		}),
	}
}

// Traits are those of a bot that finds what it sent.
func (r *Reader) Traits() connector.Traits {
	t := r.Client.Traits()
	t.Post, t.Open = connector.ByLookup, connector.ByLookup
	return t
}

// Open is the Client's. It looks first for the thread that an earlier call with this Key made, by the mark in its card.
func (r *Reader) Open(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	const op = "Open"
	channel, err := r.channelOf(op, req.Group)
	if err != nil {
		return conversation.Ticket{}, err
	}
	if r.roots.Of(req.Key).thread == "" {
		if err := r.recall(ctx, op, channel, req.Key); err != nil {
			return conversation.Ticket{}, err
		}
	}
	ticket, err := r.Client.Open(ctx, req)
	if r.roots.Of(req.Key).thread == "" && connector.KindOf(err) == connector.UncertainOutcome {
		r.doubted.Set(req.Key, int(time.Now().Unix()))
	} else {
		r.doubted.Forget(req.Key)
	}
	return ticket, err
}

// FindTicket looks for the thread that Open began.
func (r *Reader) FindTicket(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, bool, error) {
	const op = "FindTicket"
	channel, err := r.channelOf(op, req.Group)
	if err != nil {
		return conversation.Ticket{}, false, err
	}
	found, err := r.rootOf(ctx, op, channel, req.Key)
	if err == nil && found == "" && r.early(req.Key) {
		err = tooEarly(op)
	}
	if err != nil || found == "" {
		return conversation.Ticket{}, false, err
	}
	ticket, err := ticketOf(op, root{thread: threadID(channel, found), service: r.config.BaseURL}, req)
	return ticket, err == nil, err
}

// early reports whether an attempt with the Key ended so lately that its thread may not show yet.
func (r *Reader) early(key conversation.Key) bool {
	doubted := r.doubted.Of(key)
	return doubted != 0 && time.Since(time.Unix(int64(doubted), 0)) < graphLag
}

// recall finds the thread of a Key and how much of its transcript is there. That Graph does not answer keeps nobody from
// an agent, unless a thread may be there that does not show yet.
func (r *Reader) recall(ctx context.Context, op, channel string, key conversation.Key) error {
	doubted := r.doubted.Of(key)
	found, err := r.rootOf(ctx, op, channel, key)
	switch {
	case err != nil && (doubted != 0 || ctx.Err() != nil):
		return err
	case err != nil:
		r.log.Warn("ticket is opened without a look for an earlier one", "op", op, "key", key, "kind", connector.KindOf(err))
		return nil
	case found == "" && r.early(key):
		return tooEarly(op)
	case found == "":
		return nil
	}
	thread := root{thread: threadID(channel, found), service: r.config.BaseURL}
	replies, err := r.replies(ctx, op, place{channel: channel, root: found})
	if err != nil {
		return err
	}
	told := 0
	for _, m := range replies {
		if m.by(r.config.AppID) && strings.HasPrefix(m.text(), speakerTranscript+":") {
			told++
		}
	}
	r.arrived.Set(transcriptKey(key), told)
	r.roots.Set(key, thread)
	return nil
}

// rootOf finds the first message of the thread that a call opened, among the newest of the channel.
func (r *Reader) rootOf(ctx context.Context, op, channel string, key conversation.Key) (string, error) {
	page, err := r.read(ctx, op, r.messages(channel)+"?"+url.Values{"$top": {graphPage}}.Encode())
	if err != nil {
		return "", err
	}
	for _, m := range page.Value {
		marked := func(e element) bool { return e.ID == string(key) }
		if m.by(r.config.AppID) && m.DeletedAt == "" && m.card(marked) {
			return m.ID, nil
		}
	}
	return "", nil
}

func tooEarly(op string) error {
	return &connector.Error{Connector: Name, Op: op, Kind: connector.Unavailable, RetryAfter: graphLag / 4, Err: errors.New("too early to tell")}
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
		return !m.by(r.config.AppID) || m.DeletedAt != "" || m.at().Before(req.Since.Add(-clockSkew))
	})
	if req.Attachment != nil {
		if id, found := nth(replies, req.Skip, func(m chatMessage) bool {
			return m.card(func(e element) bool { return e.Type == "Image" && e.URL == req.Attachment.URL })
		}); found {
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
		return connector.Receipt{}, false, tooEarly(op)
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
