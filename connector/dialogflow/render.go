package dialogflow

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/handoff-engine/handoff/conversation"
)

// words shows the messages of an answer, in order: one for each message or card. What a channel cannot show is a link.
func (c *Client) words(messages []message, otherwise string) []conversation.Message {
	var list []conversation.Message
	for _, m := range messages {
		for _, x := range c.shown(m) {
			if x.Text = strings.TrimSpace(x.Text); x.Text != "" || len(x.Buttons) > 0 {
				list = append(list, x)
			}
		}
	}
	if otherwise = strings.TrimSpace(otherwise); len(list) == 0 && otherwise != "" {
		list = said(otherwise)
	}
	return list
}

func (c *Client) shown(m message) []conversation.Message {
	switch {
	case m.Text != nil && c.config.Edition == editionES:
		// These are variants of one text.
		return said(m.Text.Text[:min(1, len(m.Text.Text))]...)
	case m.Text != nil:
		return said(strings.Join(m.Text.Text, "\n"))
	case m.Payload != nil:
		return richContent(m.Payload)
	case m.Image != nil:
		return said(link(m.Image.AccessibilityText, m.Image.ImageURI))
	case m.QuickReplies != nil:
		return []conversation.Message{{Text: m.QuickReplies.Title, Buttons: answers(m.QuickReplies.QuickReplies)}}
	case m.Card != nil:
		return []conversation.Message{m.Card.message()}
	case m.SimpleResponses != nil:
		return said(m.SimpleResponses.texts()...)
	case m.BasicCard != nil:
		return []conversation.Message{m.BasicCard.message()}
	case m.Suggestions != nil:
		var titles []string
		for _, s := range m.Suggestions.Suggestions {
			titles = append(titles, s.Title)
		}
		return []conversation.Message{{Buttons: answers(titles)}}
	case m.LinkOutSuggestion != nil:
		return []conversation.Message{{Buttons: pressable(m.LinkOutSuggestion.DestinationName, m.LinkOutSuggestion.URI)}}
	case m.TelephonyTransferCall != nil:
		return said(m.TelephonyTransferCall.PhoneNumber)
	}
	return nil
}

// said makes each text a message.
func said(texts ...string) []conversation.Message {
	list := make([]conversation.Message, len(texts))
	for i, text := range texts {
		list[i].Text = text
	}
	return list
}

// answers makes each text a button that says it.
func answers(texts []string) []conversation.Button {
	var buttons []conversation.Button
	for _, text := range texts {
		buttons = append(buttons, pressable(text, "")...)
	}
	return buttons
}

// pressable makes a button that opens an address, or says what the bot wants to be told. There is none where nothing can be
// read on it.
func pressable(label, target string) []conversation.Button {
	b := conversation.Button{Label: strings.TrimSpace(label)}
	switch {
	case isLink(target):
		b.URL = target
	case target != b.Label:
		b.Value = target
	}
	if b.Label == "" {
		b.Label, b.Value = cmp.Or(b.URL, b.Value), ""
	}
	if b.Label == "" {
		return nil
	}
	return []conversation.Button{b}
}

func (k card) message() conversation.Message {
	m := conversation.Message{Text: lines(k.Title, k.Subtitle, link("", k.ImageURI))}
	for _, b := range k.Buttons {
		m.Buttons = append(m.Buttons, pressable(b.Text, b.Postback)...)
	}
	return m
}

func (k basicCard) message() conversation.Message {
	m := conversation.Message{Text: lines(k.Title, k.Subtitle, k.FormattedText, link(k.Image.AccessibilityText, k.Image.ImageURI))}
	for _, b := range k.Buttons {
		m.Buttons = append(m.Buttons, pressable(b.Title, b.OpenURIAction.URI)...)
	}
	return m
}

func (s simpleResponses) texts() []string {
	var texts []string
	for _, r := range s.SimpleResponses {
		texts = append(texts, cmp.Or(r.DisplayText, r.TextToSpeech))
	}
	return texts
}

// richPart is one part of a card of Dialogflow Messenger (vendor reference, rich response messages).
type richPart struct {
	Type              string          `json:"type"`
	Title             string          `json:"title"`
	Subtitle          string          `json:"subtitle"`
	Text              json.RawMessage `json:"text"`
	Link              string          `json:"link"`
	ActionLink        string          `json:"actionLink"`
	RawURL            string          `json:"rawUrl"`
	AccessibilityText string          `json:"accessibilityText"`
	Image             struct {
		Src struct {
			RawURL string `json:"rawUrl"`
		} `json:"src"`
	} `json:"image"`
	Options []struct {
		Text string `json:"text"`
		Link string `json:"link"`
	} `json:"options"`
}

// richContent shows the cards of a payload, one message each. Payloads of other conventions show nothing.
func richContent(payload json.RawMessage) []conversation.Message {
	var body struct {
		RichContent [][]json.RawMessage `json:"richContent"`
	}
	if json.Unmarshal(payload, &body) != nil {
		return nil
	}
	var list []conversation.Message
	for _, parts := range body.RichContent {
		var texts []string
		var m conversation.Message
		for _, raw := range parts {
			var p richPart
			if json.Unmarshal(raw, &p) == nil {
				texts = append(texts, p.text())
				m.Buttons = append(m.Buttons, p.buttons()...)
			}
		}
		m.Text = lines(texts...)
		list = append(list, m)
	}
	return list
}

// buttons are what can be pressed in a part.
func (p richPart) buttons() []conversation.Button {
	switch p.Type {
	case "button":
		return pressable(plain(p.Text), p.Link)
	case "chips":
		var buttons []conversation.Button
		for _, o := range p.Options {
			buttons = append(buttons, pressable(o.Text, o.Link)...)
		}
		return buttons
	}
	return nil
}

// text is what can be read in a part besides its buttons.
func (p richPart) text() string {
	switch p.Type {
	case "image":
		return link(p.AccessibilityText, p.RawURL)
	case "button", "chips":
		return ""
	case "list":
		return bullet(lines(p.Title, p.Subtitle))
	default:
		return lines(p.Title, p.Subtitle, p.words(), link("", p.Image.Src.RawURL), link("", p.ActionLink))
	}
}

// words is the text of a part, which is a list of lines in a description.
func (p richPart) words() string {
	var list []string
	if json.Unmarshal(p.Text, &list) == nil {
		return lines(list...)
	}
	return plain(p.Text)
}

// link shows what an address is called, and the address.
func link(title, address string) string {
	switch {
	case !isLink(address):
		return title
	case title == "":
		return address
	default:
		return title + ": " + address
	}
}

func isLink(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// lines joins what is not empty.
func lines(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if strings.TrimSpace(p) != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "\n")
}

func bullet(text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return "- " + text
}
