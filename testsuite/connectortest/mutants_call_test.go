package connectortest_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
)

func callMutants() []mutant {
	return []mutant{
		{
			name:  "a send of a known key gets a new one",
			spoil: func(c *memory.Client, _ *connectortest.Options) connector.Connector { return &forgetsKeys{Client: c} },
			want:  []string{"SameKeyOnce/Deliver", "LostAnswer/Deliver", "LongTextLostHalfway/Deliver"},
		},
		{
			name: "an opening of a known key gets a new one",
			spoil: func(c *memory.Client, _ *connectortest.Options) connector.Connector {
				return &forgetsOpenings{Client: c}
			},
			want: []string{"SameKeyOnce/Open", "LostAnswer/Open"},
		},
		{
			name: "every send is made twice", more: true, spoil: plant(func(c *memory.Client) doubled { return doubled{c} }),
			want: []string{"SameKeyOnce/Deliver", "KeepsOrder/Deliver", "Parallel", "FullHandoff"},
		},
		{
			name: "a conversation has one ticket for ever", want: []string{"SameKeyOnce/Open", "FullHandoff"},
			spoil: func(c *memory.Client, _ *connectortest.Options) connector.Connector { return &oneTicket{Client: c} },
		},
		{
			name: "a long text is split between bytes", spoil: plant(func(c *memory.Client) splitsBytes { return splitsBytes{c} }),
			want: []string{"LongText/Deliver", "LongTextLostHalfway/Deliver"},
		},
		{
			name: "a long text is cut", spoil: plant(func(c *memory.Client) cuts { return cuts{c} }),
			want: []string{"LongText/Deliver", "LongTextLostHalfway/Deliver"},
		},
		{name: "markup is escaped", spoil: plant(func(c *memory.Client) escapes { return escapes{c} }), want: []string{"ArrivesAsWritten/Deliver"}},
		{name: "blanks are trimmed", spoil: plant(func(c *memory.Client) emptySent { return emptySent{c} }), want: []string{"EmptyIsRefused/Deliver"}},
		{
			name:  "a send is dropped while another is under way",
			spoil: func(c *memory.Client, _ *connectortest.Options) connector.Connector { return &drops{Client: c} }, want: []string{"Parallel"},
		},
		{
			name: "a 503 is permanent", spoil: plant(func(c *memory.Client) rekinds { return rekinds{c, http.StatusServiceUnavailable, connector.Invalid} }),
			want: []string{"StatusTable/Post"},
		},
		{
			name: "a 500 may be repeated blindly", want: []string{"StatusTable/Post", "LostAnswer/Post"},
			spoil: plant(func(c *memory.Client) rekinds {
				return rekinds{c, http.StatusInternalServerError, connector.Unavailable}
			}),
		},
		{name: "Retry-After is dropped", spoil: plant(func(c *memory.Client) hurries { return hurries{c} }), want: []string{"RetryAfter/Post"}},
		{
			name: "a page of HTML is a success", spoil: plant(func(c *memory.Client) pageAccepted { return pageAccepted{c} }),
			want: []string{"TwoHundredWithError/Post"},
		},
		{
			name: "a vendor that is not there is a mistake of ours", spoil: plant(func(c *memory.Client) rekinds { return rekinds{c, 0, connector.Invalid} }),
			want: []string{"NobodyThere/Post", "LostAnswer/Post", "LongTextLostHalfway/Post"},
		},
		{name: "a cancelled call hides why", spoil: plant(func(c *memory.Client) hidesCause { return hidesCause{c} }), want: []string{"CancelIsPassedOn/Post"}},
		{name: "an error shows the secret", spoil: plant(func(c *memory.Client) tellsSecret { return tellsSecret{c} }), want: []string{"NothingLeaks/Post"}},
		{name: "an error shows the customer's name", spoil: plant(func(c *memory.Client) tellsName { return tellsName{c} }), want: []string{"NothingLeaks/Open"}},
		{
			name: "a text is logged", want: []string{"NothingLeaks/Deliver"},
			spoil: func(c *memory.Client, o *connectortest.Options) connector.Connector {
				return logsText{c, o.Deps.Logger}
			},
		},
		{
			name: "a body is left open", want: []string{"BodiesClosed/Check"},
			spoil: through("/ping", func(resp *http.Response) { resp.Body = io.NopCloser(resp.Body) }),
		},
		{name: "a header is added", want: []string{"RequestGolden/Check"}, spoil: func(_ *memory.Client, o *connectortest.Options) connector.Connector {
			o.Deps.HTTP = &http.Client{Transport: addsHeader{o.Deps.HTTP.Transport}}
			return openMemory(*o)
		}},
	}
}

type forgetsKeys struct {
	*memory.Client
	known sync.Map
	n     atomic.Int64
}

func (m *forgetsKeys) Deliver(ctx context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	if _, again := m.known.LoadOrStore(req.Key, true); again {
		req.Key += conversation.Key(fmt.Sprintf("-%d", m.n.Add(1)))
	}
	return m.Client.Deliver(ctx, req)
}

type forgetsOpenings struct {
	*memory.Client
	known sync.Map
	n     atomic.Int64
}

func (m *forgetsOpenings) Open(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	if _, again := m.known.LoadOrStore(req.Key, true); again {
		req.Key += conversation.Key(fmt.Sprintf("-%d", m.n.Add(1)))
	}
	return m.Client.Open(ctx, req)
}

type oneTicket struct {
	*memory.Client
	tickets sync.Map
}

func (m *oneTicket) Open(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	if t, ok := m.tickets.Load(req.Conversation); ok {
		return t.(conversation.Ticket), nil
	}
	t, err := m.Client.Open(ctx, req)
	if err == nil {
		m.tickets.Store(req.Conversation, t)
	}
	return t, err
}

type doubled struct{ *memory.Client }

func (m doubled) Deliver(ctx context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	if r, err := m.Client.Deliver(ctx, req); err != nil {
		return r, err
	}
	req.Key += "-again"
	return m.Client.Deliver(ctx, req)
}

type splitsBytes struct{ *memory.Client }

func (m splitsBytes) Deliver(ctx context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	for i := 0; len(req.Text) > memory.MaxText; i++ {
		first := req
		first.Text, req.Text = req.Text[:memory.MaxText], req.Text[memory.MaxText:]
		first.Key += conversation.Key(fmt.Sprintf("-%d", i))
		if r, err := m.Client.Deliver(ctx, first); err != nil {
			return r, err
		}
	}
	return m.Client.Deliver(ctx, req)
}

type cuts struct{ *memory.Client }

func (m cuts) Deliver(ctx context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	if runes := []rune(req.Text); len(runes) > memory.MaxText {
		req.Text = string(runes[:memory.MaxText])
	}
	return m.Client.Deliver(ctx, req)
}

type escapes struct{ *memory.Client }

func (m escapes) Deliver(ctx context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	req.Text = html.EscapeString(req.Text)
	return m.Client.Deliver(ctx, req)
}

type emptySent struct{ *memory.Client }

func (m emptySent) Deliver(ctx context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	if strings.TrimSpace(req.Text) == "" {
		return connector.Receipt{}, nil
	}
	return m.Client.Deliver(ctx, req)
}

type drops struct {
	*memory.Client
	under atomic.Int64
}

func (m *drops) Deliver(ctx context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	defer m.under.Add(-1)
	if m.under.Add(1) > 1 {
		return connector.Receipt{}, nil
	}
	return m.Client.Deliver(ctx, req)
}

// posted changes the error of Post.
func posted(r connector.Receipt, err error, change func(e *connector.Error)) (connector.Receipt, error) {
	if e, ok := errors.AsType[*connector.Error](err); ok {
		change(e)
	}
	return r, err
}

type rekinds struct {
	*memory.Client
	status int
	kind   connector.Kind
}

func (m rekinds) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	r, err := m.Client.Post(ctx, req)
	return posted(r, err, func(e *connector.Error) {
		// What we find wrong ourselves has no status either, and is left alone.
		if e.Status == m.status && e.Kind != connector.Invalid {
			e.Kind = m.kind
		}
	})
}

type hurries struct{ *memory.Client }

func (m hurries) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	r, err := m.Client.Post(ctx, req)
	return posted(r, err, func(e *connector.Error) { e.RetryAfter = 0 })
}

type pageAccepted struct{ *memory.Client }

func (m pageAccepted) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	r, err := m.Client.Post(ctx, req)
	var e *connector.Error
	if errors.As(err, &e) && e.Status == http.StatusOK {
		return r, nil
	}
	return r, err
}

type hidesCause struct{ *memory.Client }

func (m hidesCause) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	r, err := m.Client.Post(ctx, req)
	return posted(r, err, func(e *connector.Error) { e.Err = errors.New("no answer") })
}

type tellsSecret struct{ *memory.Client }

func (m tellsSecret) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	r, err := m.Client.Post(ctx, req)
	return posted(r, err, func(e *connector.Error) { e.Err = fmt.Errorf("with %s: %w", secret, e.Err) })
}

type tellsName struct{ *memory.Client }

func (m tellsName) Open(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	ticket, err := m.Client.Open(ctx, req)
	if e, ok := errors.AsType[*connector.Error](err); ok {
		e.Err = fmt.Errorf("for %s: %w", req.Customer.Name, e.Err)
	}
	return ticket, err
}

type logsText struct {
	*memory.Client
	log *slog.Logger
}

func (m logsText) Deliver(ctx context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	r, err := m.Client.Deliver(ctx, req)
	if err != nil {
		m.log.Warn("sending", "text", req.Text)
	}
	return r, err
}

// through opens the client over a transport that spoils the answers of one path.
func through(path string, spoil func(*http.Response)) func(*memory.Client, *connectortest.Options) connector.Connector {
	return func(_ *memory.Client, o *connectortest.Options) connector.Connector {
		o.Deps.HTTP = &http.Client{Transport: spoils{o.Deps.HTTP.Transport, path, spoil}}
		return openMemory(*o)
	}
}

type spoils struct {
	base  http.RoundTripper
	path  string
	spoil func(*http.Response)
}

func (s spoils) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := s.base.RoundTrip(req)
	if err == nil && req.URL.Path == s.path {
		s.spoil(resp)
	}
	return resp, err
}

type addsHeader struct{ base http.RoundTripper }

func (a addsHeader) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Path == "/ping" {
		req = req.Clone(req.Context())
		req.Header.Set("X-Debug", "1")
	}
	return a.base.RoundTrip(req)
}
