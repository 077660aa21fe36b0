package gateway

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// typingLasts is how long somebody is shown to type who neither goes on nor stops. With both tries of telling that it
	// is over, a notice whose end was lost is gone within 10 seconds, with a second to spare for a busy machine.
	typingLasts = 6 * time.Second
	// passWithin bounds one try, from its turn to the other side: later it would be untrue.
	passWithin = 1500 * time.Millisecond
	// passAtOnce bounds the notices under way, and passLanes those that are waiting or shown; more are dropped.
	passAtOnce = 16
	passLanes  = 4_096
	// One conversation may bring this many notices a second, and this many at once.
	passRate  = 4
	passBurst = 16
)

// passing takes notices of typing and reading from one side to the other, outside the history: best effort, never
// recorded. Those of one person go one after the other, and only the newest of those that wait is worth going.
type passing struct {
	connections   map[string]connector.Connector
	conversations Conversations
	streams       *streams
	metrics       *metrics
	logger        *slog.Logger
	flood         *flood
	slots         chan struct{}

	mu    sync.Mutex
	lanes map[string]*lane
}

// lane is the way of one person's notices of one kind.
type lane struct {
	next *notice
	busy bool
	// shown says that the other side was told that somebody types.
	shown bool
	// turn counts what was put here, so that a timer knows whether it is the last one's.
	turn  int
	timer *time.Timer
}

// notice is what passes by.
type notice struct {
	from   conversation.Arrival
	typing *connector.Typing
	read   *connector.Read
	// owed is the end of something that is shown: it goes out whatever has become of the conversation.
	owed bool
	// expired says that nobody told it but the clock.
	expired bool
}

func (n notice) kind() string {
	if n.read != nil {
		return "read"
	}
	return "typing"
}

// person names whose notice it is.
func (n notice) person() string {
	side, author := "/agent/", ""
	if n.from.Starts {
		side = "/customer/"
	}
	switch {
	case n.read != nil:
		author = n.read.Author.ID
	case n.typing != nil:
		author = n.typing.Author.ID
	}
	return subject(n.from) + side + n.kind() + "/" + author
}

func newPassing(s *Server) *passing {
	return &passing{
		connections: s.config.Connections, conversations: s.conversations, streams: s.streams, metrics: s.metrics, logger: s.config.Logger,
		flood: newFlood(passRate, passBurst), slots: make(chan struct{}, passAtOnce), lanes: map[string]*lane{},
	}
}

// pass passes a notice on in the background, or drops it if there are too many.
func (p *passing) pass(a conversation.Arrival, in connector.Inbound) {
	n := notice{from: a, typing: in.Typing, read: in.Read}
	allowed := p.flood.allow(subject(a))
	p.mu.Lock()
	defer p.mu.Unlock()
	person := n.person()
	l := p.lanes[person]
	begins := n.typing != nil && n.typing.On
	switch {
	case l == nil && (!allowed || len(p.lanes) >= passLanes):
		p.count(n, "dropped")
		return
	case l == nil:
		l = &lane{}
		p.lanes[person] = l
	case !allowed && begins:
		// It is shown already, or about to be: it only lasts longer.
		p.expireLater(person, l, n)
		p.count(n, "dropped")
		return
	case !allowed && n.read != nil:
		p.count(n, "dropped")
		return
	}
	if begins {
		p.expireLater(person, l, n)
	} else {
		l.stop()
	}
	p.put(person, l, n)
}

// put has a notice go out next. The caller holds the lock.
func (p *passing) put(person string, l *lane, n notice) {
	if l.next != nil {
		p.count(*l.next, "dropped")
	}
	l.next = &n
	if !l.busy {
		l.busy = true
		go p.run(person, l)
	}
}

// stop forgets the timer. The caller holds the lock.
func (l *lane) stop() {
	l.turn++
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

// expireLater ends the typing that begins with n, if nobody else does. The caller holds the lock.
func (p *passing) expireLater(person string, l *lane, n notice) {
	l.stop()
	turn := l.turn
	l.timer = time.AfterFunc(typingLasts, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if l.turn != turn {
			return
		}
		l.timer = nil
		over := connector.Typing{Author: n.typing.Author}
		p.put(person, l, notice{from: n.from, typing: &over, expired: true})
	})
}

// run lets what waits in a lane go out, until nothing does.
func (p *passing) run(person string, l *lane) {
	for {
		p.mu.Lock()
		if l.next == nil {
			l.busy = false
			if l.timer == nil {
				delete(p.lanes, person)
			}
			p.mu.Unlock()
			return
		}
		n := *l.next
		l.next = nil
		ends := n.typing != nil && !n.typing.On
		n.owed = ends && l.shown
		p.mu.Unlock()
		told, result := p.show(n)
		p.count(n, result)
		if told && n.typing != nil {
			p.mu.Lock()
			l.shown = n.typing.On
			p.mu.Unlock()
		}
	}
}

// show tells the other side, and says whether it may know now, and what became of it. That something is over is told
// twice if need be.
func (p *passing) show(n notice) (told bool, result string) {
	told, err := p.tell(n)
	if err != nil && n.owed && !connector.KindOf(err).Permanent() {
		told, err = p.tell(n)
	}
	switch {
	case err != nil:
		p.logger.Debug("notice dropped", "connection", n.from.Connection, "notice", n.kind(), "kind", connector.KindOf(err))
		return told, string(connector.KindOf(err))
	case !told:
		return false, "not_shown"
	case n.expired:
		return true, "expired"
	}
	return true, "shown"
}

// tell makes the call, if an agent has the conversation and the other side can show it. It reports whether it was made.
func (p *passing) tell(n notice) (told bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), passWithin)
	defer cancel()
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return false, &connector.Error{Op: "Typing", Kind: connector.RateLimited, Err: ctx.Err()}
	}
	id, err := p.conversations.Locate(ctx, n.from)
	if err != nil {
		return false, err
	}
	view, err := p.conversations.View(ctx, id)
	if err != nil {
		return false, err
	}
	if view.State != conversation.Assigned && !n.owed {
		return false, nil
	}
	if n.from.Starts {
		if len(view.Tickets) == 0 {
			return false, nil
		}
		ticket := view.Tickets[len(view.Tickets)-1].Ticket
		return p.call(ctx, view.Desk, n, "", ticket, view.DeskVendor)
	}
	streamed := n.typing != nil && p.streams.agentTypes(id, *n.typing)
	told, err = p.call(ctx, view.Channel, n, view.Ref, conversation.Ticket{}, view.ChannelVendor)
	return told || streamed, err
}

// call calls the side where it is to be shown.
func (p *passing) call(
	ctx context.Context, connection string, n notice, to string, ticket conversation.Ticket, vendor map[string]string,
) (told bool, err error) {
	x := p.connections[connection]
	switch {
	case n.typing != nil:
		if sender, ok := x.(connector.TypingSender); ok {
			return true, sender.SendTyping(ctx, connector.TypingRequest{
				To: to, Ticket: ticket, On: n.typing.On, Text: n.typing.Text, Author: n.typing.Author, Vendor: vendor,
			})
		}
	case n.read != nil:
		if marker, ok := x.(connector.ReadMarker); ok {
			return true, marker.MarkRead(ctx, connector.ReadRequest{
				To: to, Ticket: ticket, At: n.read.At, Author: n.read.Author, Vendor: vendor,
			})
		}
	}
	return false, nil
}

func (p *passing) count(n notice, result string) {
	p.metrics.passing.WithLabelValues(n.from.Connection, n.kind(), result).Inc()
}
