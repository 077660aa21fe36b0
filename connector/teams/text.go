package teams

import (
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/handoff-engine/handoff/conversation"
)

// noteMark begins what agents write among themselves.
const noteMark = "//"

// botID is how Teams calls our bot.
func (c *Client) botID() string { return "28:" + c.config.AppID }

// isUs reports whether an account is our bot.
func (c *Client) isUs(a account) bool { return a.ID == c.botID() || a.ID == c.config.AppID }

// author is an agent, by the object id that is the same for every bot, under the configured name or else the one in Teams.
func (c *Client) author(a account) conversation.Author {
	who := conversation.Author{ID: a.AADObjectID, Name: a.Name}
	if who.ID == "" {
		who.ID = a.ID
	}
	if configured := c.config.AgentNames[who.ID]; configured != "" {
		who.Name = configured
	}
	return who
}

// private reports whether a message is for agents only: it begins with the note's mark, before or behind mentions, or,
// where we are to be mentioned, does not mention us.
func (c *Client) private(a activity) bool {
	if c.config.MentionOnly && !c.mentioned(a) {
		return true
	}
	bare := a.Text
	for _, e := range a.Entities {
		if e.Type == "mention" && e.Text != "" {
			bare = strings.ReplaceAll(bare, e.Text, "")
		}
	}
	return strings.HasPrefix(trimmed(withoutQuotes(a, bare)), noteMark)
}

func (c *Client) mentioned(a activity) bool {
	for _, e := range a.Entities {
		if e.Type == "mention" && c.isUs(e.Mentioned) {
			return true
		}
	}
	return false
}

// words are what the customer reads of a message: its text without the mention of us, with others by their names, and
// without the place of a quotation (learn: conversation-messages).
func (c *Client) words(a activity) string {
	text := a.Text
	for _, e := range a.Entities {
		switch {
		case e.Type != "mention" || e.Text == "":
		case c.isUs(e.Mentioned):
			text = strings.ReplaceAll(text, e.Text, "")
		default:
			text = strings.ReplaceAll(text, e.Text, e.Mentioned.Name)
		}
	}
	text = trimmed(withoutQuotes(a, text))
	if a.escaped() {
		text = html.UnescapeString(text)
	}
	return text
}

// escaped reports whether the text is written as markup writes it. Nothing says whether Teams does that; the HTML that comes
// along shows what was meant.
func (a activity) escaped() bool {
	if !strings.Contains(a.Text, "&") {
		return false
	}
	bare := strings.NewReplacer("<at>", "", "</at>", "", "\u00a0", " ").Replace(withoutQuotes(a, a.Text))
	for _, x := range a.Attachments {
		var markup string
		if x.ContentType != typeHTML || json.Unmarshal(x.Content, &markup) != nil {
			continue
		}
		meant := strings.Fields(plainText(markup))
		return !slices.Equal(strings.Fields(bare), meant) && slices.Equal(strings.Fields(html.UnescapeString(bare)), meant)
	}
	return false
}

// quote stands where a message quotes another.
var quote = regexp.MustCompile(`<quoted messageId="[^"<>]*"\s*/>`)

func withoutQuotes(a activity, text string) string {
	for _, e := range a.Entities {
		if e.Type == "quotedReply" {
			return quote.ReplaceAllString(text, "")
		}
	}
	return text
}

// trimmed takes away blanks, also those that nobody sees and those that Teams writes as markup, around a text.
func trimmed(text string) string {
	const space = "&nbsp;"
	for {
		text = strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' })
		cut := strings.TrimSuffix(strings.TrimPrefix(text, space), space)
		if cut == text {
			return text
		}
		text = cut
	}
}

// The types of attachments.
const (
	typeCard = "application/vnd.microsoft.card.adaptive"
	typeFile = "application/vnd.microsoft.teams.file.download.info"
	typeHTML = "text/html"
)

// filesOf gives the files of a message. What has no address that customers could use, such as a file in SharePoint, is
// named, never dropped. The HTML of the text is no file.
func filesOf(a activity) []conversation.Message {
	var files []conversation.Message
	for _, x := range a.Attachments {
		switch {
		case x.ContentType == typeHTML:
		case x.ContentType == typeFile && download(x) != "":
			files = append(files, conversation.Message{Attachment: &conversation.Attachment{URL: download(x), Name: x.Name}})
		case strings.HasPrefix(x.ContentType, "image/") && x.ContentURL != "":
			f := conversation.Attachment{URL: x.ContentURL, Name: x.Name, ContentType: x.ContentType}
			if strings.HasSuffix(f.ContentType, "*") {
				f.ContentType = ""
			}
			files = append(files, conversation.Message{Attachment: &f})
		default:
			files = append(files, conversation.Message{Text: "[unsupported: " + x.ContentType + "]"})
		}
	}
	if len(files) == 0 && a.Text == "" && len(a.Attachments) > 0 {
		// A picture that exists as HTML only.
		files = append(files, conversation.Message{Text: "[unsupported: " + a.Attachments[0].ContentType + "]"})
	}
	return files
}

// download is the address of a file that Teams serves by itself, with the right to it in the address.
func download(x attachment) string {
	var content struct {
		DownloadURL string `json:"downloadUrl"`
	}
	if json.Unmarshal(x.Content, &content) != nil {
		return ""
	}
	return content.DownloadURL
}
