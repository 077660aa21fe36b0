package connectortest_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
)

func abilityMutants() []mutant {
	return []mutant{
		{name: "the name is not the folder's", more: true, spoil: plant(func(c *memory.Client) renamed { return renamed{c} }), want: []string{"NameIsFolder"}},
		{name: "an ability is lost", want: []string{"CapabilitiesGolden"}, spoil: plant(func(c *memory.Client) channelOnly { return channelOnly{c} })},
		{
			name: "the traits change", want: []string{"TraitsAreSound"},
			spoil: func(c *memory.Client, _ *connectortest.Options) connector.Connector { return &fickle{Client: c} },
		},
		{
			name: "closing twice is an error", want: []string{"Twice/CloseTicket"},
			spoil: func(c *memory.Client, _ *connectortest.Options) connector.Connector { return &closesOnce{Client: c} },
		},
		{name: "words into a closed ticket vanish", spoil: plant(func(c *memory.Client) vanishes { return vanishes{c} }), want: []string{"PostIntoClosed/CloseTicket", "StatusTable/Post"}},
		{name: "nobody there is an error", spoil: plant(func(c *memory.Client) nobodyIsError { return nobodyIsError{c} }), want: []string{"NobodyAvailable/Availability"}},
		{
			name: "an unknown agent is assigned", spoil: plant(func(c *memory.Client) assignsAnybody { return assignsAnybody{c} }),
			want: []string{"AssignNobody/Assign", "StatusTable/Assign"},
		},
		{name: "everything was sent", spoil: plant(func(c *memory.Client) findsAll { return findsAll{c} }), want: []string{"FoundOnlyIfSent/FindSent"}},
		{name: "every ticket is found", more: true, spoil: plant(func(c *memory.Client) findsTickets { return findsTickets{c} }), want: []string{"OpenedIsFound/FindTicket"}},
		{name: "a list has ids of its own", spoil: plant(func(c *memory.Client) listsAnew { return listsAnew{c} }), want: []string{"ListHeals/ListMessages", "FullHandoff"}},
		{
			name: "a note is posted too", spoil: plant(func(c *memory.Client) tellsNotes { return tellsNotes{c} }),
			want: []string{"NoteStaysPrivate/WriteNote", "RequestGolden/WriteNote"},
		},
		{
			name: "new words are said too", spoil: plant(func(c *memory.Client) saysEdits { return saysEdits{c} }),
			want: []string{"EditInPlace/EditMessage", "RequestGolden/EditMessage"},
		},
		{
			name: "each look along makes a ticket", want: []string{"MirrorOnce/Mirror"},
			spoil: func(c *memory.Client, _ *connectortest.Options) connector.Connector {
				return &mirrorsAnew{Client: c}
			},
		},
	}
}

type renamed struct{ *memory.Client }

func (renamed) Name() string { return "Memory" }

type channelOnly struct{ connector.Channel }

type fickle struct {
	*memory.Client
	n atomic.Int64
}

func (m *fickle) Traits() connector.Traits {
	traits := m.Client.Traits()
	traits.CallsPerSecond = float64(m.n.Add(1))
	return traits
}

type closesOnce struct {
	*memory.Client
	closed atomic.Bool
}

func (m *closesOnce) CloseTicket(ctx context.Context, req connector.CloseRequest) error {
	if m.closed.Load() {
		return connector.Errorf(memory.Name, "CloseTicket", connector.Conflict, "closed")
	}
	err := m.Client.CloseTicket(ctx, req)
	m.closed.Store(err == nil)
	return err
}

type vanishes struct{ *memory.Client }

func (m vanishes) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	r, err := m.Client.Post(ctx, req)
	if connector.KindOf(err) == connector.Conflict {
		return r, nil
	}
	return r, err
}

type nobodyIsError struct{ *memory.Client }

func (m nobodyIsError) Availability(ctx context.Context, req connector.AvailabilityRequest) (connector.Availability, error) {
	there, err := m.Client.Availability(ctx, req)
	if err == nil && there == connector.Offline {
		err = connector.Errorf(memory.Name, "Availability", connector.NotFound, "nobody is there")
	}
	return there, err
}

type assignsAnybody struct{ *memory.Client }

func (m assignsAnybody) Assign(ctx context.Context, req connector.AssignRequest) error {
	err := m.Client.Assign(ctx, req)
	if connector.KindOf(err) == connector.NotFound {
		return nil
	}
	return err
}

type findsAll struct{ *memory.Client }

func (m findsAll) FindSent(ctx context.Context, req connector.FindRequest) (connector.Receipt, bool, error) {
	r, _, err := m.Client.FindSent(ctx, req)
	return r, err == nil, err
}

type findsTickets struct{ *memory.Client }

func (findsTickets) FindTicket(context.Context, connector.OpenRequest) (conversation.Ticket, bool, error) {
	return conversation.Ticket{ID: "T-1001"}, true, nil
}

type listsAnew struct{ *memory.Client }

func (m listsAnew) ListMessages(ctx context.Context, req connector.ListRequest) ([]connector.Inbound, error) {
	events, err := m.Client.ListMessages(ctx, req)
	for i := range events {
		events[i].Event.ID = "listed-" + events[i].Event.ID
	}
	return events, err
}

type tellsNotes struct{ *memory.Client }

func (m tellsNotes) WriteNote(ctx context.Context, req connector.NoteRequest) error {
	if err := m.Client.WriteNote(ctx, req); err != nil {
		return err
	}
	_, err := m.Client.Post(ctx, connector.PostRequest{Key: req.Key + "-public", Ticket: req.Ticket, Text: req.Text})
	return err
}

type saysEdits struct{ *memory.Client }

func (m saysEdits) EditMessage(ctx context.Context, req connector.EditRequest) error {
	if err := m.Client.EditMessage(ctx, req); err != nil {
		return err
	}
	_, err := m.Client.Post(ctx, connector.PostRequest{Key: req.Key + "-said", Ticket: req.Ticket, Text: req.Text})
	return err
}

type mirrorsAnew struct {
	*memory.Client
	known sync.Map
	n     atomic.Int64
}

func (m *mirrorsAnew) Mirror(ctx context.Context, req connector.MirrorRequest) (conversation.Ticket, error) {
	if _, again := m.known.LoadOrStore(req.Key, true); again {
		req.Key += conversation.Key(fmt.Sprintf("-%d", m.n.Add(1)))
	}
	return m.Client.Mirror(ctx, req)
}
