package dialogflow

import (
	"fmt"
	"strings"
)

// Turn is what the bot is asked.
type Turn struct {
	Session string
	// Number counts the session's turns from 1.
	Number int
	Text   string
	Event  string
	// Page is the last part of the current page's name, in CX; "" at the start.
	Page       string
	Parameters map[string]any
	Contexts   []Context
}

// Context finds a context by its id.
func (t Turn) Context(id string) (Context, bool) {
	for _, c := range t.Contexts {
		if c.ID == id {
			return c, true
		}
	}
	return Context{}, false
}

// Answer is what the bot does. Each edition tells it in its own way.
type Answer struct {
	Texts []string
	// Rich are further messages, as the edition's JSON has them.
	Rich []map[string]any
	// Handoff flags the intent in ES, and is a message among the texts in CX,
	// before the last of them.
	Handoff  bool
	Metadata map[string]any
	// End flags the intent in ES, and ends the session in CX.
	End bool
	// Fallback says that nothing was understood.
	Fallback bool
	Intent   string
	Action   string
	// Event is the event that was matched, in CX.
	Event string
	// Parameters are the intent's in ES; in CX they are set in the session, nil
	// values removed.
	Parameters map[string]any
	// Page is where the session goes, in CX.
	Page string
	// Contexts are set in ES.
	Contexts []Context
	// Filling says that slots are missing, in ES.
	Filling bool
	// WebhookPayload and WebhookCode are what a fulfillment webhook left.
	WebhookPayload map[string]any
	WebhookCode    int
	// Tag calls the fulfillment webhook, in CX under this tag.
	Tag string
}

// Script is a bot for tests. It knows where an order is if it was told the
// number before, and asks for a human in every way that there is.
func Script(t Turn) Answer {
	if t.Event != "" {
		return Answer{Texts: []string{"Event " + t.Event + " of " + fmt.Sprint(t.Parameters["url"])}, Intent: "event"}
	}
	text := strings.ToLower(strings.TrimSpace(t.Text))
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case "human":
		return Answer{
			Texts: []string{"I am getting a colleague for you.", "One moment."}, Handoff: true, Intent: "talk.to.human",
			Metadata: map[string]any{"group": "billing", "reason": "user_request"}, Parameters: map[string]any{"department": "billing"},
		}
	case "webhook":
		return Answer{Texts: []string{"I ask around."}, Intent: "ask.around", Tag: "handoff", Action: "handoff"}
	case "bye":
		return Answer{Texts: []string{"Goodbye."}, End: true, Intent: "goodbye"}
	case "order":
		return Answer{
			Texts: []string{"Noted."}, Intent: "order", Page: "order", Parameters: map[string]any{"order_id": rest},
			Contexts: []Context{{ID: "order-open", Lifespan: 5, Parameters: map[string]any{"order_id": rest}}},
		}
	case "where":
		if id := t.order(); id != "" {
			return Answer{Texts: []string{"Order " + id + " is on its way."}, Intent: "where"}
		}
		return Answer{Texts: []string{"Which order?"}, Intent: "where"}
	case "said":
		return Answer{Texts: []string{fmt.Sprint("I was told: ", t.told())}, Intent: "said"}
	case "huh":
		return Answer{Texts: []string{"I did not get that."}, Fallback: true, Intent: "fallback"}
	case "silence":
		return Answer{Intent: "silence"}
	}
	return Answer{Texts: []string{fmt.Sprintf("Turn %d: %s", t.Number, t.Text)}, Intent: "echo"}
}

// order is the number that the bot was told, if it still knows.
func (t Turn) order() string {
	if c, ok := t.Context("order-open"); ok {
		return fmt.Sprint(c.Parameters["order_id"])
	}
	if id, ok := t.Parameters["order_id"]; ok && t.Page == "order" {
		return fmt.Sprint(id)
	}
	return ""
}

// told is the summary that the bot got after a hand-back.
func (t Turn) told() any {
	if c, ok := t.Context("handoff-return"); ok {
		return c.Parameters["handoff_summary"]
	}
	return t.Parameters["handoff_summary"]
}
