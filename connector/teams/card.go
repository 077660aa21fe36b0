package teams

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// maxFields bounds how much of what the bot collected a card shows, and maxValue how long a value is.
	maxFields = 10
	maxValue  = 200
	// agentInput is the card's input with the choice of whom to transfer to; its value joins what a button carries.
	agentInput = "agent"
)

// standing is what a ticket's card shows.
type standing struct {
	// mark names, unseen, the call that opened the ticket.
	mark string
	// ticket is our conversation's id: what the buttons carry back.
	ticket string
	name   string
	// details are what is known about the customer, by label.
	details [][2]string
	// status is one sentence.
	status string
	state  conversation.State
	// link opens the conversation elsewhere; may be empty.
	link    string
	choices []choice
	mention bool
}

// detailsOf chooses what a card shows of a customer besides the name.
func detailsOf(who conversation.Customer) [][2]string {
	details := [][2]string{{"E-mail", who.Email}, {"Phone", who.Phone}, {"Language", who.Language}}
	for i, key := range slices.Sorted(maps.Keys(who.Fields)) {
		if i < maxFields {
			details = append(details, [2]string{connector.CutText(key, maxName), who.Fields[key]})
		}
	}
	details = slices.DeleteFunc(details, func(d [2]string) bool { return strings.TrimSpace(d[1]) == "" })
	for i := range details {
		details[i][1] = connector.CutText(details[i][1], maxValue)
	}
	return details
}

// statusOf says how things stand.
func statusOf(change conversation.Change, since time.Time) string {
	waiting := func(words string) string {
		if since.IsZero() {
			return words
		}
		return words + " since " + since.UTC().Format("2 Jan 15:04 MST")
	}
	switch change.To {
	case conversation.Waiting:
		return waiting("Waiting for an agent")
	case conversation.Reassigning:
		return waiting("Waiting for another agent")
	case conversation.Assigned:
		who := change.Agent.Name
		if who == "" {
			who = "an agent"
		}
		if !since.IsZero() {
			return "With " + who + "; " + waiting("the customer is waiting")
		}
		return "With " + who
	case conversation.InBot:
		return "Back with the bot"
	case conversation.Ended:
		return "Closed"
	}
	return string(change.To)
}

// message writes the card. All that people have written is in text runs, which show it as it is; everything else of a
// card reads markup (Adaptive Cards 1.5).
func (s standing) message() message {
	name := customerName(s.name)
	body := []element{
		{Type: "RichTextBlock", ID: s.mark, Inlines: []textRun{{Type: "TextRun", Text: name, Weight: "Bolder", Size: "Large"}}},
		{Type: "RichTextBlock", Inlines: []textRun{{Type: "TextRun", Text: s.status, Weight: "Bolder"}}},
	}
	for _, d := range s.details {
		body = append(body, element{Type: "RichTextBlock", Inlines: []textRun{
			{Type: "TextRun", Text: d[0] + ": ", IsSubtle: true}, {Type: "TextRun", Text: d[1]},
		}})
	}
	actions := s.buttons()
	if len(actions) > 0 {
		body = append(body, element{Type: "RichTextBlock", Inlines: []textRun{{Type: "TextRun", Text: s.hint(), IsSubtle: true, Size: "Small"}}})
		if len(s.choices) > 0 {
			body = append(body, element{Type: "Input.ChoiceSet", ID: agentInput, Style: "compact", Placeholder: "Transfer to…", Choices: s.choices})
		}
	}
	if u, err := url.Parse(s.link); s.link != "" && err == nil && u.Scheme == "https" {
		actions = append(actions, cardAction{Type: "Action.OpenUrl", Title: "History", URL: s.link})
	}
	return message{
		Type: "message", Summary: name + ": " + s.status,
		Attachments: []cardHolder{{ContentType: typeCard, Content: card{
			Type: "AdaptiveCard", Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Version: "1.5", Body: body, Actions: actions,
		}}},
	}
}

// hint says what happens to what agents write.
func (s standing) hint() string {
	if s.mention {
		return "The customer gets the replies here that mention this bot. Begin with " + noteMark + " to keep one among yourselves."
	}
	return "The customer gets every reply here. Begin with " + noteMark + " to keep one among yourselves. " +
		"If this card does not change after your first reply, ask your administrator for the permission ChannelMessage.Read.Group."
}

// buttons are what can be done now; nothing when the ticket is over.
func (s standing) buttons() []cardAction {
	var actions []cardAction
	add := func(title, verb string) {
		actions = append(actions, cardAction{
			Type: "Action.Execute", Title: title, Verb: verb, Data: &actionData{Ticket: s.ticket},
			Fallback: &cardAction{Type: "Action.Submit", Title: title, Data: &actionData{Ticket: s.ticket, Verb: verb}},
		})
	}
	switch s.state {
	case conversation.Waiting, conversation.Reassigning:
		add("Claim", verbClaim)
	case conversation.Assigned:
		add("Claim", verbClaim)
		add("Release", verbRelease)
	case conversation.InBot, conversation.Ended:
		return nil
	}
	if len(s.choices) > 0 {
		add("Transfer", verbTransfer)
	}
	add("Back to bot", verbBack)
	add("Close", verbClose)
	return actions
}
