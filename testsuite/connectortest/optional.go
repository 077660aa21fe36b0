package connectortest

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

func optionalCases() []entry {
	return []entry{
		{
			name:      "Twice",
			why:       "what is already so is no error: pausing, resuming, assigning and closing twice",
			methods:   []string{methodPause, methodResume, methodAssign, methodClose, methodSubscribe},
			perMethod: twice,
		},
		{
			name:      "PostIntoClosed",
			why:       "writing into a closed ticket is a Conflict or NotFound, which opens a new one; never a silent success",
			methods:   []string{methodClose},
			perMethod: postIntoClosed,
		},
		{
			name:      "OpenedIsFound",
			why:       "a ticket whose opening was not answered is found under its Key by another process, and can be closed; looking opens none",
			methods:   []string{methodFindOpen},
			perMethod: openedIsFound,
		},
		{
			name:      "NoteStaysPrivate",
			why:       "a note is seen by agents and by nobody else",
			methods:   []string{methodNote},
			perMethod: noteStaysPrivate,
		},
		{
			name:      "EditInPlace",
			why:       "what was sent reads as it was changed to, once; the old words are seen no more",
			methods:   []string{methodEdit},
			perMethod: editInPlace,
		},
		{
			name:      "MirrorOnce",
			why:       "what agents read along, told again with the same Key, makes no other ticket",
			methods:   []string{methodMirror},
			perMethod: mirrorOnce,
		},
		{
			name:      "NobodyAvailable",
			why:       "nobody being there is an answer, not an error",
			methods:   []string{methodAvailable},
			perMethod: nobodyAvailable,
		},
		{
			name:      "AssignNobody",
			why:       "an agent who is not there is a Conflict or NotFound, so that the ladder goes on to the next rung",
			methods:   []string{methodAssign},
			perMethod: assignNobody,
		},
		{
			name:      "ListHeals",
			why:       "what a list tells carries the IDs that the webhooks carried, so that healing doubles nothing",
			methods:   []string{methodList},
			perMethod: listHeals,
		},
		{
			name:      "SubscribeOnce",
			why:       "registering the webhook at each start leaves one subscription",
			methods:   []string{methodSubscribe},
			perMethod: subscribeOnce,
		},
		{
			name:      "FetchGivesTheBytes",
			why:       "a fetched file is the file",
			methods:   []string{methodFetch},
			perMethod: fetchGivesTheBytes,
		},
		{
			name:  "Challenge",
			why:   "the vendor's handshake is answered, and nothing else is taken for one",
			needs: is[connector.Challenger],
			alone: challenge,
		},
	}
}

func editInPlace(w *world, method string) {
	do := w.prepare(method)
	sees := func() string {
		if is[connector.Desk](w.conn) {
			return strings.Join(w.vendor.AgentSees(w.openTicket()), "\n")
		}
		to, _ := w.conversation()
		return strings.Join(w.vendor.CustomerSees(to), "\n")
	}
	require.Contains(w, sees(), saidText)
	require.NoError(w, do(w.Context(), w.key()))
	require.NotContains(w, sees(), saidText)
	require.Equal(w, 1, strings.Count(sees(), editedText), sees())
}

func mirrorOnce(w *world, method string) {
	do := w.prepare(method)
	key := w.key()
	require.NoError(w, do(w.Context(), key))
	tickets := w.vendor.Tickets()
	require.NoError(w, do(w.Context(), key), "the second time")
	require.Equal(w, tickets, w.vendor.Tickets())
}

func twice(w *world, method string) {
	do := w.prepare(method)
	require.NoError(w, do(w.Context(), w.key()))
	require.NoError(w, do(w.Context(), w.key()), "the second time")
}

func postIntoClosed(w *world, _ string) {
	do := w.prepare(methodClose)
	require.NoError(w, do(w.Context(), w.key()))
	if w.vendor.Closed != nil {
		require.True(w, w.vendor.Closed(w.openTicket()), "the ticket is open")
	}
	_, err := w.post(w.Context(), w.key(), saidText)
	require.Contains(w, []connector.Kind{connector.Conflict, connector.NotFound}, connector.KindOf(err))
}

func openedIsFound(w *world, _ string) {
	req, count := w.openRequest(w.key()), w.counter(methodOpen)
	find := func() (conversation.Ticket, bool) {
		ticket, found, err := w.conn.(connector.TicketFinder).FindTicket(w.Context(), req)
		require.NoError(w, err)
		return ticket, found
	}
	before := count()
	_, found := find()
	require.False(w, found, "found before it was opened")
	require.Equal(w, before, count(), "looking has opened one")
	opened, err := w.conn.(connector.Desk).Open(w.Context(), req)
	require.NoError(w, err)
	w.reopen()
	ticket, found := find()
	require.True(w, found, "not found after it was opened")
	require.Equal(w, opened.ID, ticket.ID)
	other := req
	other.Key = w.key()
	_, found, err = w.conn.(connector.TicketFinder).FindTicket(w.Context(), other)
	require.NoError(w, err)
	require.False(w, found, "found under a Key that opened none")
	require.NoError(w, w.conn.(connector.TicketCloser).CloseTicket(w.Context(), connector.CloseRequest{Key: w.key(), Ticket: ticket, Vendor: w.deskVendor}))
	if w.vendor.Closed != nil {
		require.True(w, w.vendor.Closed(ticket), "the ticket is open")
	}
}

func noteStaysPrivate(w *world, method string) {
	do := w.prepare(method)
	require.NoError(w, do(w.Context(), w.key()))
	require.NotContains(w, w.vendor.AgentSees(w.openTicket()), saidText, "the note is among the public messages")
	if w.vendor.Notes != nil {
		require.Contains(w, w.vendor.Notes(w.openTicket()), saidText, "the agents do not see the note")
	}
	if w.vendor.CustomerSees != nil && w.vendor.Conversation != nil {
		to, _ := w.conversation()
		require.NotContains(w, w.vendor.CustomerSees(to), saidText, "the customer sees the note")
	}
}

func nobodyAvailable(w *world, _ string) {
	require.NotNil(w, w.vendor.Nobody, "Vendor.Nobody is needed for Availability")
	reader := w.conn.(connector.AvailabilityReader)
	there, err := reader.Availability(w.Context(), connector.AvailabilityRequest{})
	require.NoError(w, err)
	require.NotEqual(w, connector.Offline, there, "somebody is there")
	w.vendor.Nobody()
	w.reopen()
	there, err = w.conn.(connector.AvailabilityReader).Availability(w.Context(), connector.AvailabilityRequest{})
	require.NoError(w, err)
	require.Contains(w, []connector.Availability{connector.Offline, connector.AvailabilityUnknown}, there)
}

func assignNobody(w *world, _ string) {
	ticket := w.openTicket()
	err := w.conn.(connector.AgentAssigner).Assign(w.Context(), connector.AssignRequest{
		Key: w.key(), Ticket: ticket, Agent: "nobody-of-this-name", Vendor: w.deskVendor,
	})
	require.Contains(w, []connector.Kind{connector.Conflict, connector.NotFound, connector.Invalid}, connector.KindOf(err))
}

func listHeals(w *world, _ string) {
	if !is[connector.Desk](w.conn) {
		return
	}
	require.NotNil(w, w.vendor.AgentSays, "Vendor.AgentSays is needed for ListMessages")
	require.NotNil(w, w.vendor.Webhooks, "Vendor.Webhooks is needed for ListMessages")
	ticket := w.openTicket()
	w.vendor.AgentSays(ticket, "I look into it.")
	w.vendor.AgentSays(ticket, "It is on its way.")
	_, err := w.post(w.Context(), w.key(), saidText)
	require.NoError(w, err)
	told := map[string]conversation.Event{}
	for _, d := range w.vendor.Webhooks() {
		require.NoError(w, w.conn.Verify(d), "a webhook of the fake")
		events, err := w.conn.Decode(d)
		require.NoError(w, err, "a webhook of the fake")
		for _, in := range events {
			told[in.Event.ID] = in.Event
		}
	}
	list := connector.ListRequest{Ticket: ticket, State: conversation.Waiting, Vendor: w.deskVendor}
	events, err := w.conn.(connector.MessageLister).ListMessages(w.Context(), list)
	require.NoError(w, err)
	var said []string
	for _, in := range events {
		require.NotEmpty(w, in.Event.ID)
		if in.Event.Kind != conversation.AgentSaid {
			require.NotEqual(w, conversation.CustomerSaid, in.Event.Kind, "our own words came back from the list")
			continue
		}
		said = append(said, in.Event.Text)
		webhook, ok := told[in.Event.ID]
		require.True(w, ok, "the list's ID %s of an agent's words was in no webhook", in.Event.ID)
		require.Equal(w, webhook.Text, in.Event.Text)
		require.Equal(w, webhook.Author, in.Event.Author)
	}
	require.Equal(w, []string{"I look into it.", "It is on its way."}, said)
	again, err := w.conn.(connector.MessageLister).ListMessages(w.Context(), list)
	require.NoError(w, err)
	require.Equal(w, ids(events), ids(again), "the same list gives other IDs")
}

func subscribeOnce(w *world, method string) {
	require.NotNil(w, w.vendor.Subscriptions, "Vendor.Subscriptions is needed for Subscribe")
	do := w.prepare(method)
	require.NoError(w, do(w.Context(), ""))
	once := w.vendor.Subscriptions()
	require.NotZero(w, once)
	w.reopen()
	require.NoError(w, do(w.Context(), ""))
	require.Equal(w, once, w.vendor.Subscriptions())
}

func fetchGivesTheBytes(w *world, _ string) {
	require.NotNil(w, w.vendor.File, "Vendor.File is needed for FetchAttachment")
	f, err := w.conn.(connector.AttachmentFetcher).FetchAttachment(w.Context(), w.vendor.File([]byte(pictureBytes)))
	require.NoError(w, err)
	got, err := io.ReadAll(f)
	require.NoError(w, err)
	require.NoError(w, f.Close())
	require.Equal(w, pictureBytes, string(got))
}

func challenge(t T, s Subject) {
	c := s.mustOpen(t).(connector.Challenger)
	handshakes := s.named(t, prefixChallenge)
	require.NotEmpty(t, handshakes, "no captured webhook is named challenge-…")
	for _, f := range handshakes {
		body, _, ok := c.Challenge(s.signed(f))
		require.True(t, ok, f.name)
		golden(t, s.Dir+"/testdata/webhooks/"+f.name+".golden", body)
	}
	for _, f := range s.ordinary(t) {
		if slices.ContainsFunc(handshakes, func(h fixture) bool { return h.name == f.name }) {
			continue
		}
		_, _, ok := c.Challenge(s.signed(f))
		require.False(t, ok, "%s was taken for a handshake", f.name)
	}
	_, _, ok := c.Challenge(&connector.Delivery{Method: http.MethodPost, Header: http.Header{}, ReceivedAt: fixtureTime})
	require.False(t, ok, "an empty body was taken for a handshake")
}
