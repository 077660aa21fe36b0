package gateway

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// retryAfter is how long a vendor is asked to wait while an event cannot be stored.
const retryAfter = 5 * time.Second

// refusal is an answer that is no connector's matter.
type refusal struct {
	status int
	why    string
}

func (r *refusal) Error() string { return r.why }

// notStored says that an event is not known to be stored.
type notStored struct{ err error }

func (n *notStored) Error() string { return "the event could not be stored" }
func (n *notStored) Unwrap() error { return n.err }

// statusOf maps every kind to its HTTP status, once.
func statusOf(kind connector.Kind) int {
	switch kind {
	case connector.Unauthenticated:
		return http.StatusUnauthorized
	case connector.Forbidden:
		return http.StatusForbidden
	case connector.Invalid:
		return http.StatusBadRequest
	case connector.NotFound:
		return http.StatusNotFound
	case connector.Conflict:
		return http.StatusConflict
	case connector.RateLimited:
		return http.StatusTooManyRequests
	case connector.Unsupported:
		return http.StatusUnprocessableEntity
	case connector.Unavailable, connector.UncertainOutcome:
		return http.StatusServiceUnavailable
	}
	return http.StatusServiceUnavailable
}

// explains reports whether who calls x is told what to mend.
func explains(x connector.Connector) bool {
	_, ours := x.(connector.ConversationAPI)
	return ours || x != nil && x.Traits().ExplainsRefusals
}

// refuse answers a webhook that was not accepted, with one line in the log that holds nothing of its content.
func (s *Server) refuse(c echo.Context, connection string, x connector.Connector, err error) error {
	status, why, wait := http.StatusServiceUnavailable, "the event could not be stored; send it again", retryAfter
	var refused *refusal
	var unstored *notStored
	var e *connector.Error
	switch {
	case errors.As(err, &refused):
		status, why, wait = refused.status, refused.why, 0
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			wait = time.Second
		}
	case errors.As(err, &unstored):
	case errors.As(err, &e):
		status, why, wait = statusOf(e.Kind), string(e.Kind), e.RetryAfter
		if e.Kind == connector.Unavailable && wait == 0 {
			wait = time.Second
		}
		if explains(x) && e.Err != nil {
			// Who calls us by our own contract is told what to mend; a connector's words quote nothing.
			why = e.Err.Error()
		}
	}
	result := strconv.Itoa(status)
	repeats := x != nil && x.Traits().RepeatsOnRefusal
	if repeats && status >= 400 && status < 500 && status != http.StatusUnauthorized &&
		status != http.StatusForbidden && status != http.StatusTooManyRequests && status != http.StatusRequestEntityTooLarge {
		// This vendor would send the same bad body again and again: it is told that all is well, and we count it.
		status, result = http.StatusOK, "refused_"+result
	}
	s.metrics.webhooks.WithLabelValues(connection, result).Inc()
	s.config.Logger.Warn("webhook refused", "connection", connection, "status", status, "reason", reasonOf(err, why))
	if wait > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	if _, ours := x.(connector.ConversationAPI); ours && status == http.StatusUnauthorized {
		c.Response().Header().Set("WWW-Authenticate", "Bearer")
	}
	if status == http.StatusOK {
		return c.JSON(status, map[string]string{"status": "ignored"})
	}
	return c.JSON(status, map[string]string{"error": why})
}

// reasonOf gives an error's text for the log if it is one of ours, which hold no content.
func reasonOf(err error, why string) string {
	if e, ok := errors.AsType[*connector.Error](err); ok {
		return e.Error()
	}
	if unstored, ok := errors.AsType[*notStored](err); ok {
		return fmt.Sprintf("not stored: %v", unstored.err)
	}
	return why
}

// apiError turns what the conversations say into an answer of the API.
func apiError(err error) error {
	switch {
	case errors.Is(err, conversation.ErrNotFound):
		return echo.NewHTTPError(http.StatusNotFound, "there is no such conversation")
	case errors.Is(err, conversation.ErrRefused):
		return echo.NewHTTPError(http.StatusConflict, err.Error())
	case errors.Is(err, conversation.ErrBusy):
		return echo.NewHTTPError(http.StatusTooManyRequests, "too many commands to this conversation at once; try again")
	}
	return echo.NewHTTPError(http.StatusServiceUnavailable, "conversations cannot be reached right now; try again").SetInternal(err)
}

// answerError answers what a handler returned as an error, without its inner text.
func (s *Server) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status, why := http.StatusInternalServerError, "internal error"
	if he, ok := errors.AsType[*echo.HTTPError](err); ok {
		status, why = he.Code, fmt.Sprint(he.Message)
		if he.Internal != nil {
			s.config.Logger.Warn("request failed", "route", c.Path(), "status", status, "error", he.Internal)
		}
	} else {
		s.config.Logger.Error("request failed", "route", c.Path(), "error", err)
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		c.Response().Header().Set("Retry-After", "1")
	}
	if c.Request().Method == http.MethodHead {
		_ = c.NoContent(status)
		return
	}
	_ = c.JSON(status, map[string]string{"error": why})
}
