package omnidesk

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/testsuite/fake"
)

// The hookpoints, as faults name them.
const (
	HookMessage = "messageForCustomer"
	HookUpload  = "uploadForCustomer"
	HookTyping  = "typingIndicatorForCustomer"
	HookEnd     = "endSession"
)

// pair is one field of a hookpoint. Value is a text, a truth value or a File.
type pair struct {
	name  string
	value any
}

// keptHook is a call that was kept instead of being sent.
type keptHook struct {
	at   time.Time
	hook fake.Hook
}

// call calls a hookpoint of a session, below the address that the last call from
// the other side named. It carries neither an id nor a time nor a signature.
func (s *Server) call(x *session, hookpoint string, fields ...pair) {
	h := encode(s.opts.Encoding, fields)
	h.Op, h.URL, h.Of = hookpoint, x.chatServer+"/"+hookpoint+h.URL, x.id
	if s.opts.Kept {
		s.kept = append(s.kept, keptHook{s.opts.Now(), h})
		return
	}
	s.hooks.Send(h, 0)
}

// encode writes the fields. The hook's URL is what is behind the hookpoint's name.
func encode(encoding Encoding, fields []pair) fake.Hook {
	if encoding != Base64 && slices.ContainsFunc(fields, func(p pair) bool { _, ok := p.value.(*File); return ok }) {
		encoding = Multipart
	}
	switch encoding {
	case Multipart:
		return encodeMultipart(fields)
	case Form, Query:
		values := url.Values{}
		for _, p := range fields {
			values.Set(p.name, fmt.Sprint(p.value))
		}
		if encoding == Query {
			return fake.Hook{URL: "?" + values.Encode(), Header: http.Header{}}
		}
		return fake.Hook{Body: []byte(values.Encode()), Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
	default:
		object := map[string]any{}
		for _, p := range fields {
			object[p.name] = p.value
			if f, ok := p.value.(*File); ok {
				object[p.name], object["fileName"] = base64.StdEncoding.EncodeToString(f.Content), f.Name
			}
		}
		body, _ := json.Marshal(object)
		return fake.Hook{Body: body, Header: http.Header{"Content-Type": {"application/json"}}}
	}
}

func encodeMultipart(fields []pair) fake.Hook {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range fields {
		f, ok := p.value.(*File)
		if !ok {
			_ = w.WriteField(p.name, fmt.Sprint(p.value))
			continue
		}
		part, _ := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {multipart.FileContentDisposition(p.name, f.Name)}, "Content-Type": {f.ContentType},
		})
		_, _ = part.Write(f.Content)
	}
	_ = w.Close()
	return fake.Hook{Body: b.Bytes(), Header: http.Header{"Content-Type": {w.FormDataContentType()}}}
}

// Webhooks gives the hookpoints' calls that were kept, as a gateway below
// /webhooks/<connection> would get them.
func (s *Server) Webhooks() []*connector.Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*connector.Delivery
	for _, k := range s.kept {
		u, err := url.Parse(k.hook.URL)
		if err != nil {
			continue
		}
		parts := strings.SplitN(strings.TrimPrefix(u.Path, "/webhooks/"), "/", 2)
		all = append(all, &connector.Delivery{
			Method: http.MethodPost, Hookpoint: parts[len(parts)-1], Query: u.RawQuery, Header: k.hook.Header, Body: k.hook.Body,
			ReceivedAt: k.at,
		})
	}
	return all
}

// errNoPost is why an address for platform webhooks is refused.
var errNoPost = errors.New("the address does not answer OPTIONS with Allow: POST")

// SetWebhook says where platform webhooks are posted, as in the vendor's settings:
// the address must answer OPTIONS with 200 or 204 and an Allow that holds POST.
func (s *Server) SetWebhook(address string) error {
	req, err := http.NewRequest(http.MethodOptions, address, nil)
	if err != nil {
		return errNoPost
	}
	resp, err := s.opts.Client.Do(req)
	if err != nil {
		return errNoPost
	}
	_ = resp.Body.Close()
	good := resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusNoContent
	if !good || !strings.Contains(resp.Header.Get("Allow"), http.MethodPost) {
		return errNoPost
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.webhookURL = address
	return nil
}

// tell sends a platform webhook about a ticket. What they are called, and what is
// in them, is not documented.
func (s *Server) tell(kind string, t *ticket, more map[string]any) {
	if s.webhookURL == "" {
		return
	}
	data := s.item(t, false)
	maps.Copy(data, more)
	body, _ := json.Marshal(map[string]any{"type": kind, "timestamp": s.opts.Now().UTC().Format(time.RFC3339), "data": data})
	s.platform.Send(fake.Hook{
		Op: OpPlatform, URL: s.webhookURL, Body: body,
		Header: http.Header{"Content-Type": {"application/json"}, "Webhook-Id": {"msg_" + strconv.FormatInt(s.nextID(), 10)}},
	}, 0)
}

// sign signs one attempt as the Standard Webhooks document says: the same id for
// every attempt, another time.
func (s *Server) sign(h fake.Hook) http.Header {
	header := h.Header.Clone()
	at := strconv.FormatInt(s.opts.Now().Unix(), 10)
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.opts.WebhookSecret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", header.Get("Webhook-Id"), at, h.Body)
	header.Set("Webhook-Timestamp", at)
	header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return header
}
