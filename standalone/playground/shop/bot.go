package shop

import (
	"regexp"
	"strings"

	"github.com/handoff-engine/handoff/connector/memory"
)

const botName = "Fern"

// A topic is one thing that the bot knows about.
type topic struct {
	words []string // any of them, as a whole word, brings the topic up
	reply memory.BotReply
}

var orderNumber = regexp.MustCompile(`(?:#|\b)(\d{4,6})\b`)

// topics in the order in which they are tried.
func topics() []topic {
	return []topic{
		{[]string{"human", "agent", "person", "someone", "somebody", "representative"}, memory.BotReply{
			Messages: []memory.BotMessage{{Text: "Of course. I'll pass you on to one of us, with everything you wrote so far."}},
			Handoff:  true, Reason: "customer_asked",
		}},
		{[]string{"order", "delivery", "shipping", "parcel", "package", "late"}, say(
			"Happy to look. What is your order number? It has five digits, like #20418.", "I don't have it", "Talk to a human")},
		{[]string{"return", "returns", "refund", "broken", "damaged", "exchange"}, say(
			"You can return anything within 30 days, and broken pots are on us. A photo helps: attach one here and a human will take it from there.",
			"Talk to a human", "Opening hours")},
		{[]string{"hours", "open", "opening", "close", "closed"}, say(
			"We are here Monday to Saturday, 9:00 to 18:00. The greenhouse café opens at 10.", "Where is my order?", "Talk to a human")},
		{[]string{"water", "watering", "care", "leaves", "yellow", "dying", "light"}, say(
			"Most sad leaves mean too much water. Let the top three centimetres dry out, and give it a bright spot without direct sun.",
			"Still yellow", "Talk to a human")},
		{[]string{"don't have it", "still"}, say(
			"No problem, one of us can find it for you.", "Talk to a human")},
		{[]string{"thanks", "thank", "great", "perfect", "bye"}, say(
			"You're welcome. Come back any time.", "Where is my order?", "Plant care")},
		{[]string{"hi", "hello", "hey", "morning", "evening", "start"}, welcome()},
	}
}

func welcome() memory.BotReply {
	return say("Hi, I'm Fern, the shop's assistant. What can I do for you?", "Where is my order?", "Plant care", "Talk to a human")
}

func say(text string, buttons ...string) memory.BotReply {
	m := memory.BotMessage{Text: text}
	for _, label := range buttons {
		m.Buttons = append(m.Buttons, memory.Button{Label: label})
	}
	return memory.BotReply{Messages: []memory.BotMessage{m}}
}

// botAnswer is the whole bot: what it says to a message after it missed the
// meaning of misses messages in a row, and the new count of misses. At the third
// miss it asks for a human by itself.
func botAnswer(req memory.BotRequest, misses int) (memory.BotReply, int) {
	if len(req.Attachments) > 0 {
		return memory.BotReply{
			Messages: []memory.BotMessage{{Text: "Thank you for the picture. I can't look at it myself, so I'll get one of us."}},
			Handoff:  true, Reason: "attachment",
		}, 0
	}
	text := strings.ToLower(req.Text)
	if m := orderNumber.FindStringSubmatch(text); m != nil {
		return say("Order #"+m[1]+" left our greenhouse yesterday and should be with you tomorrow between 9 and 12.",
			"Thanks!", "Talk to a human"), 0
	}
	for _, t := range topics() {
		for _, w := range t.words {
			if containsWord(text, w) {
				return t.reply, 0
			}
		}
	}
	switch misses {
	case 0:
		return say("I'm not sure I got that. I know about orders, returns, plant care and opening hours.",
			"Where is my order?", "Returns", "Talk to a human"), 1
	case 1:
		return say("Sorry, I still don't understand. Shall I get a human?", "Talk to a human", "Plant care"), 2
	}
	return memory.BotReply{
		Messages: []memory.BotMessage{{Text: "I don't want to keep you guessing. I'll get one of us."}},
		Handoff:  true, Reason: "not_understood",
	}, 0
}

// containsWord reports whether word stands in text by itself, not inside another word.
func containsWord(text, word string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		begin, end := from+i, from+i+len(word)
		if (begin == 0 || !isLetter(text[begin-1])) && (end == len(text) || !isLetter(text[end])) {
			return true
		}
		from = begin + 1
	}
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 0x80 }
