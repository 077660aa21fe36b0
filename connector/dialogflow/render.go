package dialogflow

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"
)

// texts shows the messages of an answer as texts, in order: one for each message or card. What a channel cannot press is
// a list of lines, and what it cannot show is a link.
func (c *Client) texts(messages []message, otherwise string) []string {
	var texts []string
	for _, m := range messages {
		for _, text := range c.shown(m) {
			if text = strings.TrimSpace(text); text != "" {
				texts = append(texts, text)
			}
		}
	}
	if len(texts) == 0 && strings.TrimSpace(otherwise) != "" {
		texts = []string{strings.TrimSpace(otherwise)}
	}
	return texts
}

func (c *Client) shown(m message) []string {
	switch {
	case m.Text != nil && c.config.Edition == editionES:
		// These are variants of one text.
		return m.Text.Text[:min(1, len(m.Text.Text))]
	case m.Text != nil:
		return []string{strings.Join(m.Text.Text, "\n")}
	case m.Payload != nil:
		return richContent(m.Payload)
	case m.Image != nil:
		return []string{link(m.Image.AccessibilityText, m.Image.ImageURI)}
	case m.QuickReplies != nil:
		return []string{lines(m.QuickReplies.Title, bullets(m.QuickReplies.QuickReplies))}
	case m.Card != nil:
		return []string{m.Card.text()}
	case m.SimpleResponses != nil:
		return m.SimpleResponses.texts()
	case m.BasicCard != nil:
		return []string{m.BasicCard.text()}
	case m.Suggestions != nil:
		var titles []string
		for _, s := range m.Suggestions.Suggestions {
			titles = append(titles, s.Title)
		}
		return []string{bullets(titles)}
	case m.LinkOutSuggestion != nil:
		return []string{link(m.LinkOutSuggestion.DestinationName, m.LinkOutSuggestion.URI)}
	case m.TelephonyTransferCall != nil:
		return []string{m.TelephonyTransferCall.PhoneNumber}
	}
	return nil
}

func (k card) text() string {
	parts := []string{k.Title, k.Subtitle, link("", k.ImageURI)}
	for _, b := range k.Buttons {
		if isLink(b.Postback) {
			parts = append(parts, bullet(link(b.Text, b.Postback)))
		} else {
			parts = append(parts, bullet(cmp.Or(b.Text, b.Postback)))
		}
	}
	return lines(parts...)
}

func (k basicCard) text() string {
	parts := []string{k.Title, k.Subtitle, k.FormattedText, link(k.Image.AccessibilityText, k.Image.ImageURI)}
	for _, b := range k.Buttons {
		parts = append(parts, bullet(link(b.Title, b.OpenURIAction.URI)))
	}
	return lines(parts...)
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

// richContent shows the cards of a payload, one text each. Payloads of other conventions show nothing.
func richContent(payload json.RawMessage) []string {
	var body struct {
		RichContent [][]json.RawMessage `json:"richContent"`
	}
	if json.Unmarshal(payload, &body) != nil {
		return nil
	}
	var texts []string
	for _, parts := range body.RichContent {
		var shown []string
		for _, raw := range parts {
			var p richPart
			if json.Unmarshal(raw, &p) == nil {
				shown = append(shown, p.text())
			}
		}
		texts = append(texts, lines(shown...))
	}
	return texts
}

func (p richPart) text() string {
	switch p.Type {
	case "image":
		return link(p.AccessibilityText, p.RawURL)
	case "button":
		return bullet(link(plain(p.Text), p.Link))
	case "list":
		return bullet(lines(p.Title, p.Subtitle))
	case "chips":
		var chips []string
		for _, o := range p.Options {
			chips = append(chips, link(o.Text, o.Link))
		}
		return bullets(chips)
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

func bullets(texts []string) string {
	marked := make([]string, len(texts))
	for i, t := range texts {
		marked[i] = bullet(t)
	}
	return lines(marked...)
}
