package slack

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
)

// The headers of a delivery, and how old it may be: each attempt is signed anew [docs: verifying requests].
const (
	headerTimestamp = "X-Slack-Request-Timestamp"
	headerSignature = "X-Slack-Signature"
	tolerance       = 5 * time.Minute
)

// Verify checks the signature over the raw body, and whose app and workspace it is about.
func (c *Client) Verify(d *connector.Delivery) error {
	at := d.Header.Get(headerTimestamp)
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != at || !sign.Fresh(time.Unix(seconds, 0), d.ReceivedAt, tolerance) {
		return connector.Errorf(Name, "Verify", connector.Unauthenticated, "the timestamp is missing, too old, or from the future")
	}
	signature, v0 := strings.CutPrefix(d.Header.Get(headerSignature), "v0=")
	message := slices.Concat([]byte("v0:"+at+":"), d.Body)
	if !sign.HexSHA256(c.config.SigningSecret, message, signature) || !v0 {
		return connector.Errorf(Name, "Verify", connector.Unauthenticated, "the signature is missing or wrong")
	}
	return c.meant(d.Body)
}

// meant refuses what is about another app or workspace, where the configuration names ours.
func (c *Client) meant(body []byte) error {
	if c.config.TeamID == "" && c.config.AppID == "" {
		return nil
	}
	var about struct {
		TeamID string `json:"team_id"`
		Team   struct {
			ID string `json:"id"`
		} `json:"team"`
		AppID string `json:"api_app_id"`
	}
	content, err := payloadOf(body)
	if err != nil || json.Unmarshal(content, &about) != nil {
		// Decode says what is wrong with it.
		return nil
	}
	team := cmp.Or(about.TeamID, about.Team.ID)
	if want := c.config.TeamID; want != "" && team != "" && team != want {
		return connector.Errorf(Name, "Verify", connector.Forbidden, "webhook of another workspace")
	}
	if want := c.config.AppID; want != "" && about.AppID != "" && about.AppID != want {
		return connector.Errorf(Name, "Verify", connector.Forbidden, "webhook of another app")
	}
	return nil
}

// Challenge answers the check of the request URL, which is signed like everything else [docs: url_verification].
func (c *Client) Challenge(d *connector.Delivery) (body []byte, contentType string, ok bool) {
	var check struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
	}
	if json.Unmarshal(d.Body, &check) != nil || check.Type != "url_verification" || c.Verify(d) != nil {
		return nil, "", false
	}
	return []byte(check.Challenge), "text/plain; charset=utf-8", true
}

// Decode says what happened in a thread, or which button was pressed. Both kinds arrive at one address.
func (c *Client) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	content, err := payloadOf(d.Body)
	if err != nil || content == nil {
		return nil, err
	}
	var head struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(content, &head) != nil || head.Type == "" {
		return nil, invalid("body is not a webhook's JSON")
	}
	switch head.Type {
	case "event_callback":
		return c.decodeEvent(content)
	case "block_actions":
		return c.decodeClick(content)
	}
	return nil, nil
}

func invalid(why string) error { return connector.Errorf(Name, "Decode", connector.Invalid, "%s", why) }

// payloadOf gives the JSON of a body: events are JSON, clicks a form with JSON in it, commands a form without, which
// concerns no handoff [docs: interactivity, slash commands].
func payloadOf(body []byte) (content []byte, err error) {
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && trimmed[0] == '{' {
		return body, nil
	}
	form, err := url.ParseQuery(string(body))
	switch {
	case err == nil && form.Get("payload") != "":
		return []byte(form.Get("payload")), nil
	case err == nil && (form.Get("command") != "" || form.Get("ssl_check") != ""):
		return nil, nil
	}
	return nil, invalid("body is neither JSON nor a form")
}

// decodeEvent reads an event of the Events API.
func (c *Client) decodeEvent(content []byte) ([]connector.Inbound, error) {
	var e envelope
	var what struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(content, &e) != nil || json.Unmarshal(e.Event, &what) != nil || what.Type == "" {
		return nil, invalid("envelope makes no sense")
	}
	if what.Type != "message" || e.External {
		// app_mention among others: it comes in addition to the message. People of other companies are no agents.
		return nil, nil
	}
	var m message
	if json.Unmarshal(e.Event, &m) != nil || m.Channel == "" || !isTS(m.TS) {
		return nil, invalid("message makes no sense")
	}
	if !isChannel(m.Channel) {
		return nil, nil
	}
	us := ourselves{app: e.APIAppID}
	for _, a := range e.Authorizations {
		if a.IsBot {
			us.bot = a.UserID
		}
	}
	var list []connector.Inbound
	for _, ev := range c.tell(us, m) {
		list = append(list, connector.Inbound{Ref: connector.Ref{Ticket: ev.TicketID}, Event: ev})
	}
	return list, nil
}

// decodeClick reads which button was pressed, by whom, and on which card. A click may come before the answer of the call
// that made the card, so the conversation is named by the reference that the button carries.
func (c *Client) decodeClick(content []byte) ([]connector.Inbound, error) {
	var click interaction
	if json.Unmarshal(content, &click) != nil || len(click.Actions) == 0 {
		return nil, invalid("click makes no sense")
	}
	channel, thread := click.Container.ChannelID, cmp.Or(click.Container.ThreadTS, click.Container.MessageTS)
	if channel == "" && click.Channel != nil {
		channel = click.Channel.ID
	}
	if !isChannel(channel) || !isTS(thread) || !idPattern.MatchString(click.User.ID) {
		return nil, invalid("click without a person, a channel or a message")
	}
	if click.foreign() {
		return nil, nil
	}
	var list []connector.Inbound
	for i, a := range click.Actions {
		ev, ok := c.clicked(click, a)
		if !ok {
			continue
		}
		if !isTS(a.ActionTS) {
			return nil, invalid("click without a time")
		}
		ev.ID = strings.Join([]string{"click", channel, click.User.ID, a.ActionID, a.ActionTS}, ":")
		if i > 0 {
			ev.ID += ":" + strconv.Itoa(i)
		}
		ev.At, ev.TicketID = timeOf(a.ActionTS), ticketID(channel, thread)
		ref := connector.Ref{Ticket: ev.TicketID}
		if id := a.conversation(); id != "" {
			ref = connector.Ref{ID: id}
		}
		list = append(list, connector.Inbound{Ref: ref, Event: ev})
	}
	return list, nil
}

// foreign reports whether a person of another company clicked, which only a shared channel allows. The workspaces of one
// Enterprise Grid are one company.
func (i interaction) foreign() bool {
	grid := len(i.Enterprise) > 0 && string(i.Enterprise) != "null"
	return !grid && i.Team != nil && i.Team.ID != "" && i.User.TeamID != "" && i.User.TeamID != i.Team.ID
}

// conversation is the reference that a button carries as its value, and a select in the id of its block.
func (a action) conversation() string {
	if isReference(a.Value) {
		return a.Value
	}
	return conversationOf(a.BlockID)
}

// clicked says what a button means, and false for one that is not ours.
func (c *Client) clicked(click interaction, a action) (conversation.Event, bool) {
	who := c.author(click.User.ID, click.User.Name)
	switch a.ActionID {
	case actionClaim:
		return conversation.Event{Kind: conversation.AgentAssigned, Agent: who.ID, Author: who, Reason: conversation.Claimed}, true
	case actionRelease:
		return conversation.Event{Kind: conversation.AgentUnassigned, Author: who}, true
	case actionTransfer:
		to := c.author(a.SelectedUser, "")
		return conversation.Event{Kind: conversation.AgentAssigned, Agent: to.ID, Author: to}, isUser(to.ID) && to.ID != click.Message.User
	case actionBack:
		return conversation.Event{Kind: conversation.HandedBack, Author: who}, true
	case actionClose:
		return conversation.Event{Kind: conversation.TicketClosed, Author: who}, true
	}
	return conversation.Event{}, false
}

// author is an agent as customers see him: under the configured name, else the one that Slack tells.
func (c *Client) author(id, told string) conversation.Author {
	if configured := c.config.AgentNames[id]; configured != "" {
		told = configured
	}
	return conversation.Author{ID: id, Name: told}
}
