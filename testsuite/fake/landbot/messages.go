package landbot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// author is who says something; its kind is the sender.type of the hooks.
type author struct {
	kind string // "customer", "bot", "agent" or "sys"
	id   int64
	name string
}

var system = author{kind: "sys", name: "Landbot"}

// said is one message before it is shown in the three forms the vendor has: the
// hook, the transcript, and the page that a person looks at.
type said struct {
	kind   string
	data   map[string]any // the hook's
	raw    any            // _raw.message: a text, or the agent's id on events
	text   string         // the transcript's and the journal's
	extras map[string]any // more keys of the transcript
}

func text(body string) said {
	return said{kind: "text", data: map[string]any{"body": body}, raw: body, text: body}
}

func image(url, caption string) said {
	data := map[string]any{"url": url}
	if caption != "" {
		data["caption"] = caption
	}
	return said{kind: "image", data: data, raw: caption, text: url, extras: map[string]any{"url": url}}
}

// transcript is one entry of the vendor's message list, which has no id and no
// role of the author.
type transcript struct {
	at     time.Time
	sender string
	said   said
}

// record appends a message to the conversation and returns the hooks that tell
// of it, one for each hook of the channel.
func (s *Server) record(c *customer, by author, m said) []fake.Hook {
	now := s.opts.Now()
	c.seq++
	c.last = now
	if by.kind == "customer" {
		c.spoke = now
	}
	if by.kind != "sys" && by.kind != "bot" {
		s.restartIdle(c)
	}
	c.messages = append(c.messages, transcript{at: now, sender: by.name, said: m})
	return s.envelopes(c, by, m, now)
}

// envelopes builds the hooks of one message. Its uuid and trace are made from
// what it is, so that repeats carry the same ones.
func (s *Server) envelopes(c *customer, by author, m said, now time.Time) []fake.Hook {
	unique := sha256.Sum256(fmt.Appendf(nil, "%d/%d", c.id, c.seq))
	message := map[string]any{
		"type": m.kind, "timestamp": c.timestamp(by, now), "data": m.data,
		"sender":   map[string]any{"id": by.id, "name": by.name, "type": by.kind},
		"customer": c.hookView(),
		"channel":  map[string]any{"id": c.channel.ID, "name": c.channel.Name, "type": c.channel.Type},
		"_raw":     c.raw(by, m, uuid(unique)),
	}
	if m.kind == "event" && s.opts.Unknown.ActionInRaw {
		raw, _ := message["_raw"].(map[string]any)
		maps.Copy(raw, m.data)
		message["data"] = map[string]any{}
	}
	body, _ := json.Marshal(map[string]any{"messages": []any{message}})
	var out []fake.Hook
	for _, h := range s.hooked {
		if h.ChannelID != c.channel.ID {
			continue
		}
		trace := unique
		if s.opts.Unknown.TracePerHook {
			trace = sha256.Sum256(fmt.Appendf(nil, "%d/%d/%d", c.id, c.seq, h.ID))
		}
		out = append(out, fake.Hook{Op: OpHook, URL: h.URL, Body: body, Header: http.Header{
			"Content-Type":  {"application/json"},
			"User-Agent":    {"landbot/webhooks"},
			"Authorization": {"Token " + h.Token},
			"Sentry-Trace":  {hex.EncodeToString(trace[:16]) + "-" + hex.EncodeToString(trace[16:24]) + "-1"},
		}})
	}
	return out
}

// timestamp is in seconds: an integer for a WhatsApp customer, else with microseconds.
func (c *customer) timestamp(by author, now time.Time) any {
	if c.channel.Type == "whatsapp" && by.kind == "customer" {
		return now.Unix()
	}
	return json.Number(strconv.FormatFloat(epoch(now), 'f', 6, 64))
}

// hookView is the customer as hooks show it: custom fields are extra keys, and
// lists in them come out as another language's text.
func (c *customer) hookView() map[string]any {
	v := map[string]any{"id": c.id, "name": c.name, "agent_id": orNull(c.agent), "archived": c.archived}
	if c.channel.Type == "whatsapp" {
		v["phone"] = strconv.FormatInt(34600000000+c.id%1000000, 10)
	} else {
		v["is_external"] = "True"
		v["country"] = "Spain"
		v["webchat_type"] = "Native"
		v["url"] = "https://landbot.online/v3/H-1/index.html"
	}
	for name, f := range c.fields {
		if list, ok := f.Value.([]any); ok {
			quoted := []string{}
			for _, e := range list {
				quoted = append(quoted, fmt.Sprintf("'%v'", e))
			}
			v[name] = "[" + strings.Join(quoted, ", ") + "]"
			continue
		}
		v[name] = f.Value
	}
	return v
}

func (c *customer) raw(by author, m said, id string) map[string]any {
	raw := map[string]any{
		"uuid": id, "author_type": by.kind, "author_uuid": nil, "chat": c.chat,
		"seq": c.seq, "message": m.raw, "rich_text": nil, "read": false,
	}
	switch by.kind {
	case "customer":
		raw["author_type"] = "user"
	case "bot":
		raw["samurai"] = -by.id
	default:
		raw["samurai"] = by.id
	}
	return raw
}

func uuid(b [32]byte) string {
	h := hex.EncodeToString(b[:16])
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

// deliver sends the hooks of a message at once.
func (s *Server) deliver(hooks []fake.Hook) {
	for _, h := range hooks {
		s.hooks.Send(h, 0)
	}
}

// echo sends the hooks of one of the API's own sends, later or before the answer.
func (s *Server) echo(op string, hooks []fake.Hook) {
	if !s.Faults.EchoOn(op, true) {
		return
	}
	if s.opts.EchoBeforeAnswer {
		s.now = append(s.now, hooks...)
		return
	}
	after := s.opts.EchoMin
	if span := s.opts.EchoMax - s.opts.EchoMin; span > 0 {
		after += time.Duration(s.rand.Int64N(int64(span)))
	}
	for _, h := range hooks {
		s.hooks.Send(h, after)
	}
}

// listMessages is the transcript: the whole history, in no order.
func (s *Server) listMessages(c call) reply {
	return s.withCustomer(c, func(cu *customer) reply {
		list := []map[string]any{}
		for _, m := range cu.messages {
			entry := map[string]any{
				"type": m.said.kind, "message": m.said.raw, "sender": m.sender,
				"message_datetime": m.at.In(s.opts.Unknown.TranscriptZone).Format(time.DateTime),
			}
			maps.Copy(entry, m.said.extras)
			list = append(list, entry)
		}
		s.rand.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
		return reply{http.StatusOK, map[string]any{"success": true, "messages": list}}
	})
}

func (s *Server) sendText(c call) reply {
	var body struct {
		Message string `json:"message"`
	}
	return s.send(c, &body, func() (said, reply, bool) {
		if strings.TrimSpace(body.Message) == "" {
			return said{}, failure(http.StatusUnprocessableEntity, "message", "This field may not be blank"), false
		}
		return text(body.Message), done, true
	})
}

func (s *Server) sendImage(c call) reply {
	var body struct {
		URL     string `json:"url"`
		Caption string `json:"caption"`
	}
	return s.send(c, &body, func() (said, reply, bool) {
		if !strings.HasPrefix(body.URL, "https://") && !strings.HasPrefix(body.URL, "http://") {
			return said{}, failure(http.StatusUnprocessableEntity, "url", "Enter a valid URL"), false
		}
		return image(body.URL, body.Caption), done, true
	})
}

func (s *Server) sendLocation(c call) reply {
	var body struct {
		Latitude  *float64 `json:"latitude"`
		Longitude *float64 `json:"longitude"`
	}
	return s.send(c, &body, func() (said, reply, bool) {
		if body.Latitude == nil || body.Longitude == nil {
			return said{}, failure(http.StatusUnprocessableEntity, "latitude", "This field is required"), false
		}
		where := fmt.Sprintf("%g,%g", *body.Latitude, *body.Longitude)
		return said{
			kind: "location", data: map[string]any{"latitude": *body.Latitude, "longitude": *body.Longitude}, text: where,
		}, done, true
	})
}

// send says something as the token's agent, and takes the conversation from the
// bot. There is no deduplication and no id in the answer.
func (s *Server) send(c call, body any, read func() (said, reply, bool)) reply {
	return s.withCustomer(c, func(cu *customer) reply {
		if bad, ok := c.decode(body); !ok {
			return bad
		}
		m, bad, ok := read()
		if !ok {
			return bad
		}
		if bad, ok := s.maySend(cu, c.agent); !ok {
			return bad
		}
		cu.bot = 0
		if s.opts.Unknown.SendAssigns {
			cu.agent = c.agent.ID
		}
		s.see(cu, agentName(c.agent.ID), m.kind, m.text)
		s.echo("send_"+m.kind, s.record(cu, author{"agent", c.agent.ID, c.agent.Name}, m))
		return done
	})
}

// maySend says whether the state of the customer lets an agent speak.
func (s *Server) maySend(cu *customer, by Agent) (reply, bool) {
	const field = "customer_id"
	switch {
	case cu.channel.Inactive:
		return failure(http.StatusPreconditionFailed, "channel_id", "Channel is not active"), false
	case cu.blocked:
		return failure(http.StatusPreconditionFailed, field, "Customer is blocked"), false
	case cu.optedOut:
		return failure(http.StatusPreconditionFailed, field, "Customer has no opt-in"), false
	case cu.dropped:
		return failure(s.opts.Unknown.DroppedSendStatus, field, "You can't send message to this customer"), false
	case cu.agent != 0 && cu.agent != by.ID && s.opts.Unknown.HeldSendStatus != 0:
		return failure(s.opts.Unknown.HeldSendStatus, field, "Customer belongs to another agent"), false
	case cu.channel.Type == "whatsapp" && s.opts.Now().Sub(cu.spoke) > 24*time.Hour:
		return failure(http.StatusPreconditionFailed, field, "Customer is out of the 24 hours window"), false
	}
	return reply{}, true
}

// see notes in the journal what a person sees.
func (s *Server) see(c *customer, who, kind, what string) {
	s.Journal.Add(fake.Entry{
		Conversation: strconv.FormatInt(c.id, 10), Who: who, Kind: kind, Text: what, At: s.opts.Now(),
	})
}

func agentName(id int64) string { return "agent:" + strconv.FormatInt(id, 10) }
