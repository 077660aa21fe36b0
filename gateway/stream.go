package gateway

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// A stream looks again soon after something happened, and ever more rarely while nothing does.
	lookSoon  = 250 * time.Millisecond
	lookLater = 5 * time.Second
	// keepAlive is how often a quiet stream says that it is there, for proxies and for devices that lost the network.
	keepAlive = 15 * time.Second
	// writeWithin bounds one write to a device.
	writeWithin = 10 * time.Second
	// The streams that are open at a time, in all and for one conversation.
	maxStreams      = 2_000
	maxStreamsOfOne = 8
)

// listener is one stream's ear.
type listener struct {
	// nudge tells that something may have happened, and typing that an agent types: it passes by, and is kept nowhere.
	nudge  chan struct{}
	typing chan connector.Typing
}

// streams are those that are open.
type streams struct {
	mu   sync.Mutex
	open map[string]map[*listener]bool
	n    int
	// stopping is closed when the process stops.
	stopping chan struct{}
	once     sync.Once
}

func newStreams() *streams {
	return &streams{open: map[string]map[*listener]bool{}, stopping: make(chan struct{})}
}

// enter makes room for a stream of a conversation.
func (s *streams) enter(id string) (*listener, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.n >= maxStreams:
		return nil, &refusal{http.StatusServiceUnavailable, "too many streams are open here; try again"}
	case len(s.open[id]) >= maxStreamsOfOne:
		return nil, &refusal{http.StatusTooManyRequests, "too many streams of this conversation are open; try again"}
	}
	if s.open[id] == nil {
		s.open[id] = map[*listener]bool{}
	}
	l := &listener{make(chan struct{}, 1), make(chan connector.Typing, 1)}
	s.open[id][l] = true
	s.n++
	return l, nil
}

func (s *streams) leave(id string, l *listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n--
	delete(s.open[id], l)
	if len(s.open[id]) == 0 {
		delete(s.open, id)
	}
}

// nudge tells the streams of a conversation that something happened to it.
func (s *streams) nudge(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.open[id] {
		select {
		case l.nudge <- struct{}{}:
		default:
		}
	}
}

// agentTypes shows the streams of a conversation, at this process, that an agent types. It reports whether there are any.
func (s *streams) agentTypes(id string, notice connector.Typing) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.open[id] {
		select {
		case <-l.typing:
			// Only the newest is true.
		default:
		}
		l.typing <- notice
	}
	return len(s.open[id]) > 0
}

// stop ends all streams: their devices connect again, to another process.
func (s *streams) stop() { s.once.Do(func() { close(s.stopping) }) }

// stream answers GET …/stream: what the customer sees, as server-sent events. It keeps nothing: each event's id says
// where in the conversation's own state the next one begins.
func (s *Server) stream(c echo.Context) error {
	v, err := s.visit(c)
	if err != nil {
		return s.refuse(c, v.connection, nil, err)
	}
	d, err := s.read(c)
	if err != nil {
		return s.refuse(c, v.connection, v.x, err)
	}
	until, err := v.api.AllowRead(d, v.key)
	if err != nil {
		return s.refuse(c, v.connection, v.x, err)
	}
	ctx, cancel := context.WithCancel(c.Request().Context())
	defer cancel()
	if !until.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, until)
		defer cancel()
	}
	id := conversation.ID(v.connection, v.key)
	ear, err := s.streams.enter(id)
	if err != nil {
		return s.refuse(c, v.connection, v.x, err)
	}
	defer s.streams.leave(id, ear)
	view, err := s.look(ctx, id)
	if err != nil {
		return apiError(err)
	}
	w := newEventWriter(c)
	if w.begin() != nil {
		return nil
	}
	r := &reader{key: v.key, files: s.config.Files, at: placeOf(c.Request().Header.Get("Last-Event-ID"))}
	for wait := lookSoon; ; wait = min(2*wait, lookLater) {
		pieces := r.news(view)
		for _, p := range pieces {
			if w.write(p.write()) != nil {
				return nil
			}
		}
		if len(pieces) > 0 {
			wait = lookSoon
		}
		nudged, alive := s.pause(ctx, ear, w, r, wait)
		if !alive || w.keepAlive() != nil {
			return nil
		}
		if nudged {
			wait = lookSoon / 2
		}
		// While the conversations cannot be reached the stream stays open: it goes on when they can.
		if next, err := s.look(ctx, id); err == nil {
			view = next
		}
	}
}

// look looks at a conversation. One that is not there yet is empty: the app may listen before anybody speaks.
func (s *Server) look(ctx context.Context, id string) (conversation.View, error) {
	view, err := s.conversations.View(ctx, id)
	if errors.Is(err, conversation.ErrNotFound) {
		return conversation.View{}, nil
	}
	return view, err
}

// pause waits for something to happen, at most for a while, and says whether something did and the stream goes on.
// Meanwhile it shows that an agent types.
func (s *Server) pause(ctx context.Context, ear *listener, w *eventWriter, r *reader, wait time.Duration) (nudged, alive bool) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, false
		case <-s.streams.stopping:
			return false, false
		case <-ear.nudge:
			return true, true
		case <-timer.C:
			return false, true
		case notice := <-ear.typing:
			if w.write(r.typing(notice, time.Now()).write()) != nil {
				return false, false
			}
		}
	}
}

// eventWriter writes to one device, and gives up on one that does not read.
type eventWriter struct {
	response *echo.Response
	control  *http.ResponseController
	last     time.Time
}

func newEventWriter(c echo.Context) *eventWriter {
	return &eventWriter{response: c.Response(), control: http.NewResponseController(c.Response())}
}

// begin answers with the headers.
func (w *eventWriter) begin() error {
	h := w.response.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.response.WriteHeader(http.StatusOK)
	return w.write([]byte("retry: 1000\n\n"))
}

func (w *eventWriter) write(event []byte) error {
	w.last = time.Now()
	_ = w.control.SetWriteDeadline(w.last.Add(writeWithin))
	if _, err := w.response.Write(event); err != nil {
		return err
	}
	return w.control.Flush()
}

// keepAlive writes a comment if nothing was written for a while.
func (w *eventWriter) keepAlive() error {
	if time.Since(w.last) < keepAlive {
		return nil
	}
	return w.write([]byte(":\n\n"))
}
