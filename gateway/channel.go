package gateway

import (
	"net/http"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/handoff-engine/handoff/connector"
)

// The paths below /v1/channels/<connection>/conversations/<key>/.
const (
	channelPath = "/v1/channels/:connection/conversations/:key"
	eventsPath  = channelPath + "/events"
	tokensPath  = channelPath + "/tokens"
	streamPath  = channelPath + "/stream"
)

// channelKey is how a team may name its conversations.
var channelKey = regexp.MustCompile(connector.KeyPattern)

// channels adds the addresses of the teams' own channels. Each connection has its own credentials: the operator's
// token opens none of them.
func (s *Server) channels(e *echo.Echo) {
	e.POST(eventsPath, s.channelEvent)
	e.POST(tokensPath, s.channelToken)
	e.GET(streamPath, s.stream)
	for _, path := range []string{eventsPath, streamPath} {
		e.OPTIONS(path, s.preflight)
	}
}

// visit is a request to a team's own channel.
type visit struct {
	// connection is the connection's name.
	connection string
	api        connector.ConversationAPI
	x          connector.Connector
	key        string
}

// visit finds the channel that a request is for, and lets pages of the allowed origins read the answer.
func (s *Server) visit(c echo.Context) (visit, error) {
	v := visit{connection: c.Param("connection"), key: c.Param("key")}
	x, known := s.config.Connections[v.connection]
	api, serves := x.(connector.ConversationAPI)
	if !known || !serves {
		return visit{}, &refusal{http.StatusNotFound, "there is no channel with an API of this name"}
	}
	v.api, v.x = api, x
	if origin := c.Request().Header.Get("Origin"); origin != "" {
		h := c.Response().Header()
		h.Add("Vary", "Origin")
		if api.AllowOrigin(origin) {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Expose-Headers", "Retry-After")
		}
	}
	if !channelKey.MatchString(v.key) {
		return v, &refusal{http.StatusBadRequest, "a conversation's key has up to 128 letters, digits, or _ . : -"}
	}
	return v, nil
}

// channelEvent answers POST …/events: the same way as a webhook's, with a better word for mistakes.
func (s *Server) channelEvent(c echo.Context) error {
	v, err := s.visit(c)
	if err != nil {
		return s.refuse(c, v.connection, nil, err)
	}
	d, err := s.read(c)
	if err != nil {
		return s.refuse(c, v.connection, v.x, err)
	}
	d.Hookpoint = "conversations/" + v.key + "/events"
	return s.receive(c, v.connection, v.x, d)
}

// tokenAnswer is what POST …/tokens gives.
type tokenAnswer struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
}

// channelToken answers POST …/tokens with a customer token.
func (s *Server) channelToken(c echo.Context) error {
	v, err := s.visit(c)
	if err != nil {
		return s.refuse(c, v.connection, nil, err)
	}
	d, err := s.read(c)
	if err != nil {
		return s.refuse(c, v.connection, v.x, err)
	}
	minted, err := v.api.MintToken(d, v.key)
	if err != nil {
		return s.refuse(c, v.connection, v.x, err)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusCreated, tokenAnswer{minted.Token.Reveal(), minted.ExpiresAt.UTC()})
}

// preflight tells a browser what a page may send.
func (s *Server) preflight(c echo.Context) error {
	if _, err := s.visit(c); err != nil {
		return s.refuse(c, "", nil, err)
	}
	h := c.Response().Header()
	if h.Get("Access-Control-Allow-Origin") != "" {
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID")
		h.Set("Access-Control-Max-Age", "600")
	}
	return c.NoContent(http.StatusNoContent)
}
