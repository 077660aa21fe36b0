package tiledesk

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// What we hang onto messages: Tiledesk keeps attributes, shows them in lists and gives them back in webhooks (observed).
const (
	// markAttribute says what a message of ours is:
	//
	//	<key>                              the one message of a send
	//	<key>#2/3                          the second message of a send that takes three
	//	<conversation>/<engagement>:<n>    line n of what was said before
	markAttribute = "handoff_key"
	// conversationAttribute is our reference. On a conversation's first message it becomes the conversation's.
	conversationAttribute = "handoff_conversation"
	// subtypeAttribute marks what is none of the customer's business: info, info/support, private.
	subtypeAttribute = "subtype"
)

// channelName names us among the project's channels.
const channelName = "handoff"

// outgoing is a message of ours, mark and all.
type outgoing struct {
	mark string
	newMessage
}

// sendMark marks message n of a send of several.
func sendMark(mark string, n, of int) string {
	if of == 1 {
		return mark
	}
	return fmt.Sprintf("%s#%d/%d", mark, n, of)
}

// lineMark marks line n of the engagement that a key belongs to.
func lineMark(key conversation.Key, n int) string {
	engagement := string(key)
	if i := strings.LastIndexByte(engagement, '-'); i >= 0 {
		engagement = engagement[:i]
	}
	return engagement + ":" + strconv.Itoa(n)
}

// proves gives the key of the send that a message completes, and reports whether it does. Lines prove nothing.
func proves(mark string) (conversation.Key, bool) {
	key, part, several := strings.Cut(mark, "#")
	if several {
		if n, of, ok := strings.Cut(part, "/"); !ok || n != of {
			return "", false
		}
	}
	slash := strings.LastIndexByte(key, '/')
	if slash < 0 || strings.Contains(key[slash:], ":") {
		return "", false
	}
	return conversation.Key(key), true
}

// sent finds a send of some parts among messages: the id of its last part, if all are there.
func sent(mark string, messages []message) (id string, found bool) {
	have := marksOf(messages)
	if id, found = have[mark]; found {
		return id, true
	}
	for shown := range have {
		rest, ok := strings.CutPrefix(shown, mark+"#")
		if !ok {
			continue
		}
		_, count, _ := strings.Cut(rest, "/")
		of, err := strconv.Atoi(count)
		if err != nil || of < 2 || of > len(messages) {
			continue
		}
		for n := 1; n <= of; n++ {
			if id, found = have[sendMark(mark, n, of)]; !found {
				break
			}
		}
		if found {
			return id, true
		}
	}
	return "", false
}

// marksOf gives the ids of our messages by their marks.
func marksOf(messages []message) map[string]string {
	have := map[string]string{}
	for _, m := range messages {
		if mark := m.Attributes.text(markAttribute); mark != "" {
			have[mark] = m.ID
		}
	}
	return have
}

// texts writes a text as messages, in parts where it is too long.
func texts(mark, conversationID string, from person, text string) []outgoing {
	parts := connector.SplitText(text, maxText)
	list := make([]outgoing, 0, len(parts))
	for i, part := range parts {
		list = append(list, compose(sendMark(mark, i+1, len(parts)), conversationID, from, part))
	}
	return list
}

// compose writes a message.
func compose(mark, conversationID string, from person, text string) outgoing {
	if from.name == "" {
		from.name = noName
	}
	return outgoing{mark, newMessage{
		Text: disarm(text), Sender: from.id, SenderFullname: from.name, Channel: channel{channelName}, RequestStatus: statusTemp,
		Attributes: map[string]string{markAttribute: mark, conversationAttribute: conversationID},
	}}
}

// shownFile writes a file as a message, by its address. The type must be there: the server never answers to a file
// without one (observed).
func shownFile(mark, conversationID string, from person, file conversation.Attachment, caption string) outgoing {
	name, contentType := file.Name, file.ContentType
	if name == "" {
		name = "file"
	}
	if contentType == "" {
		contentType = mime.TypeByExtension(path.Ext(name))
	}
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	image := strings.HasPrefix(contentType, "image/")
	if !image {
		caption = strings.TrimSuffix("["+linkText.Replace(name)+"]("+file.URL+")\n"+caption, "\n")
	}
	m := compose(mark, conversationID, from, caption)
	m.Type, m.Metadata = "file", &metadata{Src: file.URL, Name: name, Type: contentType, Size: file.Size}
	if image {
		m.Type = "image"
	}
	return m
}

// place writes a place as a link.
func place(a conversation.Attachment) string {
	return fmt.Sprintf("https://www.openstreetmap.org/?mlat=%g&mlon=%g", a.Latitude, a.Longitude)
}

// linkText keeps a file's name within the brackets of its link.
//
//nolint:gochecknoglobals // a constant table
var linkText = strings.NewReplacer("[", "(", "]", ")", "\n", " ")

// unseen is a zero width space: it has no width and no ink.
const unseen = "\u200b"

// label is what the server takes for one of the project's labels: the whole text gives way to it (code:
// pubmodules/messageTransformer).
var label = regexp.MustCompile(`\$\{[^}]+\}`)

// disarm keeps words from being obeyed. Everything from the first backslash to the end of a text is a command if it is
// one word for word: \close closes the conversation, \agent moves it, \error throws (observed). Something unseen behind
// it makes it another word (observed), and within ${NAME} makes it no label.
func disarm(text string) string {
	text = label.ReplaceAllStringFunc(text, func(l string) string { return "$" + unseen + l[1:] })
	if strings.Contains(text, `\`) && !strings.HasSuffix(text, unseen) {
		text += unseen
	}
	return text
}

// obeyed gives a text without the command that an agent ended it with: that was said to the desk.
func obeyed(text string) string {
	at := strings.IndexByte(text, '\\')
	if at < 0 || text[at:] != `\close` && text[at:] != `\agent` {
		return text
	}
	return strings.TrimSpace(text[:at])
}

// post sends one message and gives the vendor's answer, which shows the conversation as it is now.
func (c *Client) post(ctx context.Context, op, ticket string, m outgoing) (message, error) {
	var got message
	err := c.call(ctx, call{op: op, method: http.MethodPost, path: requestPath(ticket, "/messages"), body: m.newMessage}, &got)
	return got.posted(op, err)
}

// postAs is post with somebody else's token.
func (c *Client) postAs(ctx context.Context, op, ticket, authorization string, m outgoing) (message, error) {
	var got message
	err := c.send(ctx, call{op: op, method: http.MethodPost, body: m.newMessage}, c.address(requestPath(ticket, "/messages")), authorization, &got)
	return got.posted(op, err)
}

// posted judges the answer to a message of ours.
func (m message) posted(op string, err error) (message, error) {
	switch {
	case err != nil:
		return message{}, err
	case m.ID == "":
		return message{}, connector.Errorf(Name, op, connector.UncertainOutcome, "the message has no id")
	case m.Request != nil && m.Request.Status == statusClosed:
		// It was taken, and nobody is told of it (observed).
		return message{}, connector.Errorf(Name, op, connector.Conflict, "the conversation is closed")
	}
	return m, nil
}
