package crisp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
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

// The headers of web hooks (web hook reference). Only a plugin's are signed.
const (
	headerTimestamp = "X-Crisp-Request-Timestamp"
	headerSignature = "X-Crisp-Signature"
)

// milliseconds is from where a time is taken for milliseconds: the reference does not say whether the header's is.
const milliseconds = 100_000_000_000

// Verify checks the signature of a plugin's web hook, HMAC-SHA256 of "[timestamp;body]" (node-crisp-api, lib/crisp.ts),
// or the key in the address of a workspace's, which is not signed (guide web-hooks/website-hooks).
func (c *Client) Verify(d *connector.Delivery) error {
	if len(c.config.HookKey) > 0 {
		return c.verifyKey(d)
	}
	at := d.Header.Get(headerTimestamp)
	message := slices.Concat([]byte("["+at+";"), d.Body, []byte("]"))
	if !sign.HexSHA256(c.config.HookSecret, message, d.Header.Get(headerSignature)) {
		return connector.Errorf(Name, "Verify", connector.Unauthenticated, "the signature is missing or wrong")
	}
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return connector.Errorf(Name, "Verify", connector.Unauthenticated, "the timestamp is no number")
	}
	signed := time.Unix(n, 0)
	if n > milliseconds {
		signed = time.UnixMilli(n)
	}
	if within := time.Duration(c.config.HookTolerance); within > 0 && !sign.Fresh(signed, d.ReceivedAt, within) {
		return connector.Errorf(Name, "Verify", connector.Unauthenticated, "the timestamp is too old, or from the future")
	}
	return nil
}

// verifyKey checks the key in the address, and that the hook is the configured workspace's.
func (c *Client) verifyKey(d *connector.Delivery) error {
	query, err := url.ParseQuery(d.Query)
	if keys := query["key"]; err != nil || len(keys) != 1 || !c.config.HookKey.Match(keys[0]) {
		return connector.Errorf(Name, "Verify", connector.Unauthenticated, "the key in the address is missing or wrong")
	}
	var h hook
	if json.Unmarshal(d.Body, &h) == nil && h.WebsiteID != "" && h.WebsiteID != c.config.WebsiteID {
		return connector.Errorf(Name, "Verify", connector.Forbidden, "webhook of another workspace")
	}
	return nil
}

// eventBucketURL tells where a file can be put. It is about no conversation.
const eventBucketURL = "bucket:url:upload:generated"

// Decode says what happened in a conversation. A plugin's hooks tell of all workspaces that it is installed on, and of
// all their conversations: those of other workspaces, and of sub-inboxes that are not for handoffs, are left alone.
func (c *Client) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	c.uploads.hear()
	var h hook
	if err := json.Unmarshal(d.Body, &h); err != nil {
		return nil, invalid("body is not a web hook's JSON")
	}
	if h.Event == "" {
		return nil, invalid("web hook without an event")
	}
	if h.Event == eventBucketURL {
		return nil, c.addressCame(h)
	}
	w := &reading{Client: c, hook: h, at: d.ReceivedAt}
	if h.Timestamp > 0 {
		w.at = time.UnixMilli(h.Timestamp).UTC()
	}
	decode, ok := map[string]func() error{
		"message:received":              w.messageReceived,
		"message:send":                  w.messageSend,
		"message:updated":               w.messageUpdated,
		"message:removed":               w.messageRemoved,
		"message:compose:receive":       w.composeReceive,
		"message:acknowledge:read:send": w.readSend,
		"session:set_routing":           w.setRouting,
		"session:set_state":             w.setState,
		"session:set_segments":          w.setSegments,
		"session:set_block":             w.setBlock,
		"session:removed":               w.removed,
	}[h.Event]
	if !ok || h.WebsiteID != "" && h.WebsiteID != c.config.WebsiteID {
		return nil, nil
	}
	var a about
	if json.Unmarshal(h.Data, &a) != nil || a.SessionID == "" {
		return nil, invalid("data of " + h.Event + " names no session")
	}
	w.session = a.SessionID
	if c.elsewhere(a.InboxID) {
		return nil, nil
	}
	if err := decode(); err != nil {
		return nil, err
	}
	return w.events, nil
}

// elsewhere reports whether something happened in a sub-inbox that is not for handoffs. A hook that tells no inbox at
// all, not even null, is looked at.
func (c *Client) elsewhere(inbox json.RawMessage) bool {
	if len(c.config.Inboxes) == 0 || len(inbox) == 0 {
		return false
	}
	var id string
	return json.Unmarshal(inbox, &id) != nil || !slices.Contains(c.config.Inboxes, id)
}

// addressCame brings an upload address to who waits for it in this process. It is no event of the conversation.
func (c *Client) addressCame(h hook) error {
	var to bucketURL
	if json.Unmarshal(h.Data, &to) != nil || to.ID == "" {
		return invalid("data of " + h.Event + " make no sense")
	}
	if to.Resource.ID == c.config.WebsiteID {
		c.uploads.bring(to)
	}
	return nil
}

// reading is one web hook being decoded.
type reading struct {
	*Client
	hook    hook
	session string
	at      time.Time
	events  []connector.Inbound
}

func invalid(why string) error { return connector.Errorf(Name, "Decode", connector.Invalid, "%s", why) }

// read decodes the data.
func (w *reading) read(into any) error {
	if json.Unmarshal(w.hook.Data, into) != nil {
		return invalid("data of " + w.hook.Event + " make no sense")
	}
	return nil
}

func (w *reading) add(ev conversation.Event) {
	if ev.At.IsZero() {
		ev.At = w.at
	}
	ev.TicketID = w.session
	w.events = append(w.events, connector.Inbound{Ref: connector.Ref{Ticket: w.session}, Event: ev})
}

// addWeak gives an event of a hook that names no message: its id is made of what is told. The hook's time is part of it.
func (w *reading) addWeak(ev conversation.Event) {
	ev.Weak = true
	ev.ID = weakID(w.hook.WebsiteID, w.hook.Event, w.session, strconv.FormatInt(w.hook.Timestamp, 10), string(compact(w.hook.Data)))
	w.add(ev)
}

func weakID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "weak-" + hex.EncodeToString(sum[:16])
}

func compact(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

// message decodes the data as a message, which has a fingerprint.
func (w *reading) message() (message, error) {
	var m message
	if err := w.read(&m); err != nil {
		return m, err
	}
	if m.Fingerprint <= 0 {
		return m, invalid("data of " + w.hook.Event + " have no fingerprint")
	}
	return m, nil
}

// messageReceived tells what the visitor received: an operator's words, but also notes, events, automatic answers, and
// whatever we post as an operator.
func (w *reading) messageReceived() error {
	m, err := w.message()
	if err != nil {
		return err
	}
	if m.From != fromOperator {
		return nil
	}
	if ev, ok := w.said(w.session, m); ok {
		w.add(ev)
	}
	return nil
}

// messageSend tells what the visitor sent: the echo of what we posted.
func (w *reading) messageSend() error {
	m, err := w.message()
	if err != nil {
		return err
	}
	if m.From != fromUser {
		return nil
	}
	if ev, ok := w.said(w.session, m); ok {
		w.add(ev)
	}
	return nil
}

// messageUpdated gives new words. The hook does not say whose they are: they mean something only if Target was passed on
// to the customer before, which a note never was.
func (w *reading) messageUpdated() error {
	var m messageUpdated
	if err := w.read(&m); err != nil {
		return err
	}
	if m.Fingerprint <= 0 {
		return invalid("data of message:updated have no fingerprint")
	}
	if ev, ok := edited(w.session, m.Fingerprint, m.Content, w.hook.Timestamp); ok {
		w.add(ev)
	}
	return nil
}

func (w *reading) messageRemoved() error {
	m, err := w.message()
	if err != nil {
		return err
	}
	mark := fingerprintText(m.Fingerprint)
	w.add(conversation.Event{ID: "removed:" + w.session + ":" + mark, Kind: conversation.AgentDeleted, Target: mark})
	return nil
}

// composeReceive tells that an operator types. What he has typed so far may become a note: it is not passed on.
func (w *reading) composeReceive() error {
	var t composing
	if err := w.read(&t); err != nil {
		return err
	}
	if t.Automated || t.Type != "start" && t.Type != "stop" {
		return nil
	}
	w.events = append(w.events, connector.Inbound{
		Ref:    connector.Ref{Ticket: w.session},
		Typing: &connector.Typing{On: t.Type == "start", Author: w.author(t.User)},
	})
	return nil
}

// readSend tells that what the visitor sent was read. The names are seen from the visitor (web hook reference).
func (w *reading) readSend() error {
	w.events = append(w.events, connector.Inbound{Ref: connector.Ref{Ticket: w.session}, Read: &connector.Read{At: w.at}})
	return nil
}

// setRouting tells who has the conversation now.
func (w *reading) setRouting() error {
	var r routed
	if err := w.read(&r); err != nil {
		return err
	}
	switch {
	case r.RoutingID != nil && *r.RoutingID != "":
		w.addWeak(conversation.Event{Kind: conversation.AgentAssigned, Agent: *r.RoutingID, Author: w.author(user{ID: *r.RoutingID})})
	case r.PreviousID != nil && *r.PreviousID != "":
		w.addWeak(conversation.Event{Kind: conversation.AgentUnassigned})
	}
	return nil
}

// setState tells of a state, without who brought it about: our own close comes back, too. Only "resolved" is an end;
// session:set_closed says that an operator closed his view.
func (w *reading) setState() error {
	var s struct {
		State string `json:"state"`
	}
	if err := w.read(&s); err != nil {
		return err
	}
	if s.State == stateResolved {
		w.add(closed(w.session))
	}
	return nil
}

// setSegments gives the customer back to the bot, if that is what an operator's segment says.
func (w *reading) setSegments() error {
	var s struct {
		Segments []string `json:"segments"`
	}
	if err := w.read(&s); err != nil {
		return err
	}
	if back := w.config.BackToBotSegment; back != "" && slices.Contains(s.Segments, back) {
		w.add(conversation.Event{ID: "segment:" + w.session, Kind: conversation.HandedBack})
	}
	return nil
}

// setBlock ends the ticket of a customer whom the operators block.
func (w *reading) setBlock() error {
	var b struct {
		IsBlocked bool `json:"is_blocked"`
	}
	if err := w.read(&b); err != nil {
		return err
	}
	if b.IsBlocked {
		w.add(closed(w.session))
	}
	return nil
}

// removed ends the ticket of a conversation that is not there any more.
func (w *reading) removed() error {
	w.add(closed(w.session))
	return nil
}
