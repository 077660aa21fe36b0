package config

import (
	"fmt"
	"time"

	"github.com/handoff-engine/handoff/conversation"
)

// Answer says what a route does about one kind of trouble, and what the customer is told.
type Answer struct {
	// Trouble is what may happen, in words.
	Trouble string
	// Follows is what the policy does about it, in words.
	Follows string
	// Text is the name of what the customer is told.
	Text conversation.TextName
}

// Answers lists what a route does about every kind of trouble that every route meets sooner or later.
func Answers(route conversation.Route) []Answer {
	route = route.WithDefaults()
	p := route.Policy
	exhausted := lastResort(p.OnExhausted)
	answers := []Answer{
		{"no agent takes it, or an agent falls silent", ladder(route) + ", then after " + Short(time.Duration(p.MaxWait)) + " " + exhausted.Follows, exhausted.Text},
		{"the desk is down", whenDown(route) + exhausted.Follows, exhausted.Text},
	}
	unavailable := lastResort(p.OnUnavailable)
	unavailable.Trouble = "nobody is there"
	answers = append(answers, unavailable)
	if p.Hours != nil {
		closed := Answer{"it is outside the hours", "a ticket is left for the next opening", conversation.TextClosed}
		switch {
		case p.OnClosed == conversation.ToWait:
			closed.Follows = "the desk is asked at the next opening"
		case p.OnClosed == conversation.ToBot && (route.Bot != nil || route.Channel.HostsBot):
			closed.Follows, closed.Text = "the bot keeps the customer", conversation.TextClosedBot
		case p.OnClosed == conversation.ToBot, p.OnClosed == conversation.ToEnd:
			closed.Follows = "the conversation ends"
		}
		answers = append(answers, closed)
	}
	if route.Bot != nil {
		answers = append(answers,
			Answer{"the bot cannot answer", "a human is asked for", conversation.TextBotFailed},
			Answer{"the bot cannot answer, and no human is found", "the conversation ends", conversation.TextBotFailedEnd})
	}
	return append(answers, Answer{"the customer falls silent", "after " + Short(time.Duration(p.CustomerIdle)) + " the conversation ends", conversation.TextIdleEnd})
}

func lastResort(choice conversation.Choice) Answer {
	switch choice {
	case conversation.ToBot:
		return Answer{Follows: "the customer is back with the bot", Text: conversation.TextNobodyBot}
	case conversation.ToTicket:
		return Answer{Follows: "the ticket is left for an answer later", Text: conversation.TextLeftTicket}
	case conversation.ToQueue:
		return Answer{Follows: "the customer waits in the desk's queue", Text: conversation.TextUnavailable}
	default:
		return Answer{Follows: "the conversation ends", Text: conversation.TextNobodyEnd}
	}
}

func ladder(route conversation.Route) string {
	if n := len(route.Policy.Ladder); n > 0 {
		return count(n, "rung") + " of the ladder"
	}
	if len(route.Desks) > 1 {
		return "the next desk is asked"
	}
	return "it stays in the desk's queue"
}

func whenDown(route conversation.Route) string {
	if len(route.Desks) > 1 {
		return "after " + Short(time.Duration(route.Policy.DeskDownAfter)) + " the next desk is asked; when all are down "
	}
	return ""
}

// checkAnswers refuses a policy by which a customer would be left without a word. Texts are spoken by default: only one
// that is set to nothing is missing.
func (r *reader) checkAnswers(keys []entry, whole place, route conversation.Route) {
	texts := at(keys, "texts", whole)
	seen := map[conversation.TextName]bool{}
	for _, answer := range Answers(route) {
		text, set := route.Policy.Texts[answer.Text]
		if !set || text != "" || seen[answer.Text] {
			continue
		}
		seen[answer.Text] = true
		r.wrong(at(r.again(texts), string(answer.Text), texts), "is empty: when %s, %s, and nobody would tell the customer. Write the sentence, or leave the key out for %s",
			answer.Trouble, answer.Follows, quote(conversation.DefaultText(answer.Text)))
	}
}

// count writes "1 rung", "2 rungs".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
