package teams

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

const (
	// graphPage is the largest page of messages (learn: chatmessage-list-replies), and graphPages bounds how many are read.
	graphPage  = "50"
	graphPages = 40
)

// messages is the address of a channel's messages.
func (r *Reader) messages(channel string) string {
	return r.config.GraphURL + "/v1.0/teams/" + url.PathEscape(r.config.TeamGroupID) + "/channels/" + url.PathEscape(channel) + "/messages"
}

// replies are all messages of a thread but its first, oldest first.
func (r *Reader) replies(ctx context.Context, op string, p place) ([]chatMessage, error) {
	address := r.messages(p.channel) + "/" + url.PathEscape(p.root) + "/replies?" + url.Values{"$top": {graphPage}}.Encode()
	var all []chatMessage
	for range graphPages {
		page, err := r.read(ctx, op, address)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Value...)
		if address = page.NextLink; address == "" {
			break
		}
		if !strings.HasPrefix(address, r.config.GraphURL+"/") {
			return nil, connector.Errorf(Name, op, connector.Invalid, "the next page is at another host")
		}
	}
	slices.SortFunc(all, func(a, b chatMessage) int { return cmp.Or(a.at().Compare(b.at()), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// read gets one page.
func (r *Reader) read(ctx context.Context, op, address string) (chatMessages, error) {
	for again := false; ; again = true {
		var page chatMessages
		token, err := r.graphTokens.Get(ctx, op)
		if err != nil {
			return page, err
		}
		_, err = r.graph.Do(ctx, httpx.Request{
			Op: op, Method: http.MethodGet, URL: address, Header: http.Header{"Authorization": {"Bearer " + token}},
		}, &page)
		if connector.KindOf(err) != connector.Unauthenticated || again {
			return page, err
		}
		r.graphTokens.Forget(token)
	}
}

// chatMessages is one page of messages (learn: chatmessage-list-replies).
type chatMessages struct {
	NextLink string        `json:"@odata.nextLink"`
	Value    []chatMessage `json:"value"`
}

// chatMessage is a message as Graph shows it.
type chatMessage struct {
	ID        string `json:"id"`
	Type      string `json:"messageType"`
	CreatedAt string `json:"createdDateTime"`
	DeletedAt string `json:"deletedDateTime"`
	From      struct {
		Application *graphIdentity `json:"application"`
		User        *graphIdentity `json:"user"`
	} `json:"from"`
	Body struct {
		ContentType string `json:"contentType"`
		Content     string `json:"content"`
	} `json:"body"`
	Attachments []struct {
		ContentType string `json:"contentType"`
		Content     string `json:"content"`
	} `json:"attachments"`
	Mentions []struct {
		Text      string `json:"mentionText"`
		Mentioned struct {
			Application *graphIdentity `json:"application"`
		} `json:"mentioned"`
	} `json:"mentions"`
}

type graphIdentity struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
}

func (m chatMessage) at() time.Time {
	at, _ := time.Parse(time.RFC3339Nano, m.CreatedAt)
	return at
}

// text gives the words of a message, with mentions as activities have them.
func (m chatMessage) text() string {
	if m.Body.ContentType == "text" {
		return m.Body.Content
	}
	return plainText(m.Body.Content)
}

// by reports whether an app wrote the message.
func (m chatMessage) by(app string) bool {
	return m.From.Application != nil && m.From.Application.ID == app
}

// card reports whether the message is a card with an element that matches.
func (m chatMessage) card(match func(element) bool) bool {
	for _, a := range m.Attachments {
		var c card
		if a.ContentType == typeCard && json.Unmarshal([]byte(a.Content), &c) == nil && slices.ContainsFunc(c.Body, match) {
			return true
		}
	}
	return false
}
