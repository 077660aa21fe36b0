package gateway

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// webhook is the way of a vendor's event: it is read once, and received.
func (s *Server) webhook(c echo.Context) error {
	name := c.Param("connection")
	x, known := s.config.Connections[name]
	limit := int64(maxBody)
	if keeper, ok := x.(connector.FileKeeper); ok {
		limit = max(limit, min(keeper.BodyLimit(c.Param("*")), maxFileBody))
	}
	d, err := s.readUpTo(c, limit)
	if err != nil {
		return s.refuse(c, name, nil, err)
	}
	if !known {
		// About the work that a known connection would have cost.
		_ = sha256.Sum256(d.Body)
		return s.refuse(c, "", nil, &refusal{http.StatusNotFound, "there is no connection of this name"})
	}
	if answered, err := s.answerChallenge(c, x, d); answered {
		return err
	}
	return s.receive(c, name, x, d)
}

// receive verifies and decodes a delivery, stores its events, and only then answers 2xx.
func (s *Server) receive(c echo.Context, name string, x connector.Connector, d *connector.Delivery) error {
	if err := x.Verify(d); err != nil {
		return s.refuse(c, name, x, err)
	}
	keeper, keepsFiles := x.(connector.FileKeeper)
	if !keepsFiles && !utf8.Valid(d.Body) {
		return s.refuse(c, name, x, connector.Errorf(x.Name(), "Decode", connector.Invalid, "the body is not UTF-8"))
	}
	if keepsFiles {
		if err := keeper.KeepFiles(c.Request().Context(), d); err != nil {
			return s.refuse(c, name, x, err)
		}
	}
	inbound, err := x.Decode(d)
	if err != nil {
		return s.refuse(c, name, x, err)
	}
	for _, in := range inbound {
		if in.Typing != nil || in.Read != nil {
			s.passing.pass(address(name, in), in)
			continue
		}
		if err := s.store(c, name, x, in, d.ReceivedAt); err != nil {
			return s.refuse(c, name, x, err)
		}
	}
	s.metrics.webhooks.WithLabelValues(name, "accepted").Inc()
	s.metrics.took.WithLabelValues(name).Observe(time.Since(d.ReceivedAt).Seconds())
	traits := x.Traits()
	status := traits.AnswerStatus
	if status == 0 {
		status = http.StatusOK
	}
	switch {
	case traits.AnswerEmpty:
		return c.NoContent(status)
	case traits.AnswerBody != "":
		return c.JSONBlob(status, []byte(traits.AnswerBody))
	}
	return c.JSON(status, map[string]string{"status": "accepted"})
}

// store stores one event.
func (s *Server) store(c echo.Context, name string, x connector.Connector, in connector.Inbound, now time.Time) error {
	a := address(name, in)
	a.Event.Source = name
	if a.Event.At.IsZero() {
		a.Event.At = now
	}
	if a.ID == "" && a.Ticket == "" && a.TicketPrefix == "" {
		return connector.Errorf(x.Name(), "Decode", connector.Invalid, "the event names no conversation")
	}
	if encoded, err := json.Marshal(a.Event); err != nil || len(encoded) > maxEvent {
		return &refusal{http.StatusRequestEntityTooLarge, "the event is too large"}
	}
	if !s.flood.allow(subject(a)) {
		return &connector.Error{Connector: x.Name(), Op: "Signal", Kind: connector.RateLimited, RetryAfter: time.Second}
	}
	result, err := s.signaler.Signal(c.Request().Context(), a)
	if err != nil {
		s.metrics.events.WithLabelValues(name, string(a.Event.Kind), "not_stored").Inc()
		return &notStored{err}
	}
	s.metrics.events.WithLabelValues(name, string(a.Event.Kind), string(result)).Inc()
	s.streams.nudge(a.ID)
	if a.Event.Weak {
		s.metrics.weak.WithLabelValues(name).Inc()
	}
	return nil
}

// address says which conversation an event belongs to.
func address(name string, in connector.Inbound) conversation.Arrival {
	a := conversation.Arrival{
		Connection: name, ID: in.Ref.ID, Ticket: in.Ref.Ticket, TicketPrefix: in.Ref.TicketPrefix, Event: in.Event,
	}
	if in.Ref.Conversation != "" {
		a.ID, a.Starts = conversation.ID(name, in.Ref.Conversation), true
		if a.Event.Ref == "" {
			a.Event.Ref = in.Ref.Conversation
		}
	}
	return a
}

// challenge answers the vendors whose handshake is a GET.
func (s *Server) challenge(c echo.Context) error {
	d, err := s.read(c)
	if err != nil {
		return s.refuse(c, "", nil, err)
	}
	if x, known := s.config.Connections[c.Param("connection")]; known {
		if answered, err := s.answerChallenge(c, x, d); answered {
			return err
		}
	}
	return s.refuse(c, "", nil, &refusal{http.StatusNotFound, "webhooks are sent by POST"})
}

func (s *Server) answerChallenge(c echo.Context, x connector.Connector, d *connector.Delivery) (bool, error) {
	challenger, ok := x.(connector.Challenger)
	if !ok {
		return false, nil
	}
	body, contentType, ok := challenger.Challenge(d)
	if !ok {
		return false, nil
	}
	return true, c.Blob(http.StatusOK, contentType, body)
}

// read reads the request once.
func (s *Server) read(c echo.Context) (*connector.Delivery, error) { return s.readUpTo(c, maxBody) }

// readUpTo reads the request once, up to a limit in bytes.
func (s *Server) readUpTo(c echo.Context, limit int64) (*connector.Delivery, error) {
	r := c.Request()
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, &refusal{http.StatusUnsupportedMediaType, "compressed bodies are not accepted"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, limit))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, &refusal{http.StatusRequestEntityTooLarge, "the body is too large"}
	}
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, "the body could not be read"}
	}
	return &connector.Delivery{
		Method: r.Method, Hookpoint: c.Param("*"), Query: r.URL.RawQuery, Header: r.Header, Body: body, ReceivedAt: time.Now(),
	}, nil
}
