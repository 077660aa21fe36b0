package gateway

import (
	"encoding/json"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/handoff-engine/handoff/conversation"
)

// commandBody is the body of POST /v1/conversations/<id>/commands.
type commandBody struct {
	Command string              `json:"command"`
	Agent   string              `json:"agent"`
	Group   string              `json:"group"`
	Node    string              `json:"node"`
	Text    string              `json:"text"`
	Reason  conversation.Reason `json:"reason"`
	Actor   string              `json:"actor"`
	// Priority is how urgent a handoff is: low, normal, high or urgent.
	Priority string `json:"priority"`
	// Policy holds the keys that the command policy changes, as handoff.yaml names them.
	Policy *conversation.Policy `json:"policy"`
	// Key names the send that resend repeats; empty means all in trouble.
	Key conversation.Key `json:"key"`
}

// maxCommand bounds a command's body.
const maxCommand = 64 << 10

// idempotencyKey is what may name a command.
var idempotencyKey = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,128}$`)

// authorize wants the operator's token; without one configured, it answers this machine only.
func (s *Server) authorize(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if len(s.config.APIToken) == 0 {
			if !fromLoopback(c.Request()) {
				return echo.NewHTTPError(http.StatusForbidden, "set HANDOFF_API_TOKEN to use /v1 from another machine")
			}
			return next(c)
		}
		token, ok := strings.CutPrefix(c.Request().Header.Get("Authorization"), "Bearer ")
		if !ok || !s.config.APIToken.Match(token) {
			c.Response().Header().Set("WWW-Authenticate", "Bearer")
			return echo.NewHTTPError(http.StatusUnauthorized, "a bearer token is needed: Authorization: Bearer <HANDOFF_API_TOKEN>")
		}
		return next(c)
	}
}

// fromLoopback reports whether the request was made on this machine, to this machine's own name: a page of another
// site, opened in a browser here, has another Host.
func fromLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		return false
	}
	name := r.Host
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	return name == "localhost" || net.ParseIP(name).IsLoopback()
}

// view answers GET /v1/conversations/<id>.
func (s *Server) view(c echo.Context) error {
	view, err := s.conversations.View(c.Request().Context(), c.Param("id"))
	if err != nil {
		return apiError(err)
	}
	return c.JSON(http.StatusOK, view)
}

// list answers GET /v1/conversations?state=&route=&ticket=&page=&size=.
func (s *Server) list(c echo.Context) error {
	f := conversation.Filter{
		State: conversation.State(c.QueryParam("state")), Route: c.QueryParam("route"), Ticket: c.QueryParam("ticket"), Page: c.QueryParam("page"),
	}
	if f.State != "" && !knownState(f.State) {
		return echo.NewHTTPError(http.StatusBadRequest, "state is one of bot, waiting, agent-assigned, timed-out-reassign, ended")
	}
	if size := c.QueryParam("size"); size != "" {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 || n > 500 {
			return echo.NewHTTPError(http.StatusBadRequest, "size is a number from 1 to 500")
		}
		f.Size = n
	}
	summaries, next, err := s.conversations.List(c.Request().Context(), f)
	if err != nil {
		return apiError(err)
	}
	return c.JSON(http.StatusOK, map[string]any{"conversations": summaries, "next": next})
}

func knownState(state conversation.State) bool {
	return slices.Contains(conversation.States(), state)
}

// command answers POST /v1/conversations/<id>/commands, after the command took effect.
func (s *Server) command(c echo.Context) error {
	key := c.Request().Header.Get("Idempotency-Key")
	if !idempotencyKey.MatchString(key) {
		return echo.NewHTTPError(http.StatusBadRequest, "send an Idempotency-Key header: up to 128 letters, digits, or . _ : -")
	}
	var body commandBody
	decoder := json.NewDecoder(http.MaxBytesReader(c.Response(), c.Request().Body, maxCommand))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, "the body is JSON with command, agent, group, node, text, reason, actor, priority, policy, key")
	}
	kind, ok := conversation.CommandKinds()[body.Command]
	if !ok {
		return echo.NewHTTPError(http.StatusBadRequest, "command is one of handoff, assign, hand_back, end, resend, note, policy")
	}
	outcome, err := s.conversations.Command(c.Request().Context(), c.Param("id"), conversation.Event{
		ID: "command:" + key, Source: conversation.Operator, Kind: kind, At: time.Now(), Agent: body.Agent, Group: body.Group, Node: body.Node,
		Text: body.Text, Reason: body.Reason, Key: body.Key, Priority: body.Priority, Policy: body.Policy, Author: conversation.Author{ID: body.Actor, Name: body.Actor},
	})
	if err != nil {
		return apiError(err)
	}
	return c.JSON(http.StatusOK, map[string]any{"command": body.Command, "state": outcome.State, "epoch": outcome.Epoch})
}
