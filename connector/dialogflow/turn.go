package dialogflow

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// What the bot is told after a hand-back: parameters of the session in CX, of one context in ES.
const (
	returnContext   = "handoff-return"
	returnLifespan  = 5
	paramReturned   = "handoff_returned"
	paramSummary    = "handoff_summary"
	paramAgent      = "handoff_agent"
	maxSummary      = 2000
	summaryElision  = "…"
	payloadID       = "conversation_id"
	payloadCut      = "text_cut"
	payloadFile     = "file_url"
	payloadFileName = "file_name"
)

// turn is one question to the bot.
type turn struct {
	session string
	request detectRequest
	// before is the state that the turn begins in.
	before state
	// cut is how many characters the question lost.
	cut int
}

// newTurn makes the question for one message of the customer.
func (c *Client) newTurn(req connector.ReplyRequest, now time.Time) turn {
	s := load(req.Vendor)
	returned := s.gaveAway || slices.ContainsFunc(req.Context, func(l conversation.Line) bool { return l.Role == conversation.RoleAgent })
	fresh := s.session == "" || s.ended || returned && c.config.Resume == resumeFresh
	if fresh {
		s = state{session: sessionID(req.Key)}
	}
	t := turn{session: c.config.session(s.session), before: s}
	t.request.QueryParams.TimeZone = c.config.Timezone
	t.ask(c.config, req)
	told := map[string]json.RawMessage{}
	if returned {
		told = c.told(req.Context)
	}
	restore := c.config.ResendState || returned || s.expired(now, c.config.ttl())
	if c.config.Edition == editionES {
		t.withContexts(fresh, restore, s.filling && !returned && !s.expired(now, c.config.ttl()), told)
	} else {
		t.withPage(c.config, fresh, restore, told)
	}
	return t
}

// ask puts the customer's words, or the event that stands for a file, into the question.
func (t *turn) ask(config Config, req connector.ReplyRequest) {
	params, input := &t.request.QueryParams, &t.request.QueryInput
	language := config.language(req.Customer)
	params.Payload = map[string]any{payloadID: req.Conversation}
	if a := req.Attachment; a != nil && a.URL != "" {
		params.Payload[payloadFile], params.Payload[payloadFileName] = a.URL, a.Name
	}
	text := strings.TrimSpace(req.Text)
	switch {
	case text == "" && config.FileEvent != "":
		input.Event = event(config, params, *req.Attachment)
	case text == "":
		input.Text = &textInput{Text: config.FileText}
	default:
		text, t.cut = shorten(text)
		if t.cut > 0 {
			params.Payload[payloadCut] = true
		}
		input.Text = &textInput{Text: text}
	}
	switch {
	case config.Edition == editionCX:
		input.LanguageCode = language
	case input.Event != nil:
		input.Event.LanguageCode = language
	default:
		input.Text.LanguageCode = language
	}
}

// event tells of a file. Its particulars are the event's in ES and the session's in CX.
func event(config Config, params *queryParams, a conversation.Attachment) *eventInput {
	about := map[string]string{"url": a.URL, "name": a.Name, "content_type": a.ContentType}
	if config.Edition == editionES {
		return &eventInput{Name: config.FileEvent, Parameters: about}
	}
	params.Parameters = map[string]json.RawMessage{}
	for name, value := range about {
		params.Parameters[name] = quoted(value)
	}
	return &eventInput{Event: config.FileEvent}
}

// withContexts sends the state of ES along. While slots are being filled, only Google knows how far that is.
func (t *turn) withContexts(fresh, restore, filling bool, told map[string]json.RawMessage) {
	params := &t.request.QueryParams
	if fresh || restore && !filling {
		params.ResetContexts = true
		for _, x := range t.before.contexts {
			x.Name = t.session + "/contexts/" + x.Name
			params.Contexts = append(params.Contexts, x)
		}
	}
	if len(told) > 0 {
		params.Contexts = slices.DeleteFunc(params.Contexts, func(x esContext) bool { return strings.HasSuffix(x.Name, "/"+returnContext) })
		params.Contexts = append(params.Contexts, esContext{
			Name: t.session + "/contexts/" + returnContext, LifespanCount: returnLifespan, Parameters: told,
		})
	}
}

// withPage sends the state of CX along: the page and all parameters, or neither.
func (t *turn) withPage(config Config, fresh, restore bool, told map[string]json.RawMessage) {
	params := &t.request.QueryParams
	params.Channel = config.Channel
	if config.SessionTTL > 0 {
		params.SessionTTL = fmt.Sprintf("%ds", int(time.Duration(config.SessionTTL).Seconds()))
	}
	all := map[string]json.RawMessage{}
	if !fresh && restore && t.before.page != "" {
		params.CurrentPage = t.before.page
		maps.Copy(all, t.before.parameters)
	}
	if params.CurrentPage == "" && !fresh {
		// Google's own session goes on: a wish for a human in it was heard already.
		for _, name := range config.HandoffParameters {
			all[name] = json.RawMessage("null")
		}
	}
	maps.Copy(all, params.Parameters)
	maps.Copy(all, told)
	params.Parameters = all
}

// told is what the bot learns about the time when it was not asked.
func (c *Client) told(lines []conversation.Line) map[string]json.RawMessage {
	told := map[string]json.RawMessage{paramReturned: json.RawMessage("true")}
	if !c.config.ShareSummary {
		return told
	}
	var summary []string
	for _, l := range lines {
		text := l.Text
		if l.Attachment != nil {
			text = strings.TrimSpace(text + " [file]")
		}
		switch {
		case l.Deleted || text == "" || l.Role == conversation.RoleNotice:
			continue
		case l.Role == conversation.RoleAgent:
			if l.Name != "" {
				told[paramAgent] = quoted(l.Name)
			}
			summary = append(summary, "Agent: "+text)
		case l.Role == conversation.RoleCustomer:
			summary = append(summary, "Customer: "+text)
		default:
			summary = append(summary, "Bot: "+text)
		}
	}
	runes := []rune(strings.Join(summary, "\n"))
	if len(runes) > maxSummary {
		// What was said last matters most.
		runes = append([]rune(summaryElision), runes[len(runes)-maxSummary+1:]...)
	}
	if len(runes) > 0 {
		told[paramSummary] = quoted(string(runes))
	}
	return told
}

// shorten cuts a text that is too long for one turn, behind a word if there is one, and says how much it lost.
func shorten(text string) (short string, lost int) {
	runes := []rune(text)
	if len(runes) <= maxText {
		return text, 0
	}
	end := maxText
	for end > maxText/2 && !unicode.IsSpace(runes[end]) {
		end--
	}
	if !unicode.IsSpace(runes[end]) {
		end = maxText
	}
	short = strings.TrimRightFunc(string(runes[:end]), unicode.IsSpace)
	return short, len(runes) - len([]rune(short))
}

// quoted makes a JSON text.
func quoted(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage(`""`)
	}
	return b
}
