package slack

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/slack-go/slack/slackutilsx"
)

// notePrefix begins what agents say among themselves.
const notePrefix = "//"

// escape writes a text so that Slack shows it as it is, and nobody can ping a channel or name a link by it [docs:
// formatting].
func escape(text string) string { return slackutilsx.EscapeMessage(text) }

// unescape is the reverse of escape.
func unescape(text string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
}

// control is what stands between < and >: a mention, a channel, a link, a date.
var control = regexp.MustCompile(`<([^<>]*)>`)

// plainText is what an agent's text says to somebody who is not in Slack.
func (c *Client) plainText(text string) string {
	text = control.ReplaceAllStringFunc(text, func(found string) string {
		target, label, labelled := strings.Cut(found[1:len(found)-1], "|")
		switch {
		case target == "":
			return ""
		case target[0] == '@':
			return c.mentioned(target[1:], label)
		case target[0] == '#':
			return "#" + orElse(label, target[1:])
		case strings.HasPrefix(target, "!date^"):
			return label
		case target[0] == '!':
			// Groups of agents, and everybody: pings that mean nothing outside.
			return ""
		case labelled && !names(label, target):
			return label + " (" + target + ")"
		}
		return orElse(label, target)
	})
	return unescape(text)
}

// names reports whether a label is the link itself, as Slack makes links of what people write.
func names(label, target string) bool {
	for _, scheme := range []string{"https://", "http://", "mailto:", "tel:"} {
		target = strings.TrimPrefix(target, scheme)
	}
	for _, scheme := range []string{"https://", "http://"} {
		label = strings.TrimPrefix(label, scheme)
	}
	return strings.TrimSuffix(label, "/") == strings.TrimSuffix(target, "/")
}

// mentioned names a mentioned person as customers may know him.
func (c *Client) mentioned(id, label string) string {
	if known := c.config.AgentNames[id]; known != "" {
		return "@" + known
	}
	if label != "" {
		return "@" + strings.TrimPrefix(label, "@")
	}
	return "@agent"
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// opening is what may stand before the prefix of a note: a mention, as of our bot.
var opening = regexp.MustCompile(`^<[@!][^<>]*>`)

// isNote reports whether a text is meant for agents alone: it begins with // after blanks, mentions, and the marks of
// formatting, which agents do not see as characters when they write.
func (c *Client) isNote(text string) bool {
	for {
		text = strings.TrimLeftFunc(text, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune("*_~`>•◦▪", r)
		})
		rest, quoted := strings.CutPrefix(text, "&gt;")
		if !quoted {
			rest = opening.ReplaceAllString(text, "")
		}
		if rest == text {
			break
		}
		text = rest
	}
	return strings.HasPrefix(c.plainText(text), notePrefix)
}
