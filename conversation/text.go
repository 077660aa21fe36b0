package conversation

import "strings"

// TextName names a text for the customer.
type TextName string

// The texts. {agent} stands for the agent's name, {opens} for when agents are there again, {position} and {wait} for the
// place in the queue and how long it is expected to take, {text} for corrected words.
const (
	TextWaiting      TextName = "waiting"
	TextAssigned     TextName = "assigned"
	TextReassigning  TextName = "reassigning"
	TextUnavailable  TextName = "unavailable"
	TextBackToBot    TextName = "back_to_bot"
	TextNobodyBot    TextName = "nobody_back_to_bot"
	TextNobodyEnd    TextName = "nobody_end"
	TextIdleWarning  TextName = "customer_idle_warning"
	TextIdleEnd      TextName = "customer_idle_end"
	TextEnded        TextName = "ended"
	TextBotFailed    TextName = "bot_failed"
	TextBotFailedEnd TextName = "bot_failed_end"
	TextCorrection   TextName = "correction"
	TextClosed       TextName = "out_of_hours"
	TextClosedBot    TextName = "out_of_hours_bot"
	TextOpenAgain    TextName = "open_again"
	TextLeftTicket   TextName = "left_as_ticket"
	TextAskAddress   TextName = "ask_address"
	TextAddressNoted TextName = "address_noted"
	TextPosition     TextName = "queue_position"
	TextPositionWait TextName = "queue_position_and_wait"
	TextStillWaiting TextName = "still_waiting"
	TextSurvey       TextName = "survey"
	TextRated        TextName = "rated"
)

// defaultText is what is said where the policy is silent.
func defaultText(name TextName) string {
	switch name {
	case TextWaiting:
		return "One moment please, I am getting a person to help you."
	case TextAssigned:
		return "You are now talking to {agent}."
	case TextReassigning:
		return "Sorry for the wait. I am looking for somebody else who can help you."
	case TextUnavailable:
		return "Nobody is available right now. Your message is in the queue and will be answered as soon as somebody is back."
	case TextBackToBot:
		return "You are back with the assistant. Just ask if you need a person again."
	case TextNobodyBot:
		return "Sorry, nobody could answer in time. The assistant is back to help you; ask for a person at any time to try again."
	case TextNobodyEnd:
		return "Sorry, nobody could answer in time. Please write again later: we will see what you wrote."
	case TextIdleWarning:
		return "Are you still there? Without an answer this conversation will be closed soon."
	case TextIdleEnd:
		return "This conversation was closed because there was no answer. Write again whenever you like."
	case TextEnded:
		return "This conversation has ended. Thank you."
	case TextBotFailed:
		return "The assistant cannot answer right now. I am getting a person to help you."
	case TextBotFailedEnd:
		return "The assistant cannot answer right now. Please try again later."
	case TextCorrection:
		return "Correction: {text}"
	case TextClosed:
		return "Nobody is here right now. We are back {opens}. Write down what it is about: it is kept, and you get an answer then."
	case TextClosedBot:
		return "Nobody is here right now. We are back {opens}. Until then the assistant is here to help you."
	case TextOpenAgain:
		return "We are back. One moment please, I am getting a person to help you."
	case TextLeftTicket:
		return "Nobody can answer right now. Your message is kept, and somebody will answer you here."
	case TextAskAddress:
		return "If you like, leave a mail address or phone number where we can reach you."
	case TextAddressNoted:
		return "Thank you, noted."
	case TextPosition:
		return "You are number {position} in the queue."
	case TextPositionWait:
		return "You are number {position} in the queue. It takes about {wait}."
	case TextStillWaiting:
		return "Thank you for waiting. I am still looking for a person to help you."
	case TextSurvey:
		return "How was the help you got? Please answer with a number from 1 (bad) to 5 (very good)."
	case TextRated:
		return "Thank you for telling us."
	}
	return ""
}

// TextNames lists the texts in the order of the documentation, with their defaults.
func TextNames() []TextName {
	return []TextName{
		TextWaiting, TextAssigned, TextReassigning, TextUnavailable, TextBackToBot, TextNobodyBot, TextNobodyEnd,
		TextIdleWarning, TextIdleEnd, TextEnded, TextBotFailed, TextBotFailedEnd, TextCorrection,
		TextClosed, TextClosedBot, TextOpenAgain, TextLeftTicket, TextAskAddress, TextAddressNoted,
		TextPosition, TextPositionWait, TextStillWaiting, TextSurvey, TextRated,
	}
}

// DefaultText gives the text that is said where a policy is silent.
func DefaultText(name TextName) string { return defaultText(name) }

// Language is what a policy says in one language.
type Language struct {
	Texts        map[TextName]string `json:"texts,omitempty" yaml:"texts" doc:"what the customer is told in this language"`
	HandoffWords []string            `json:"handoff_words,omitempty" yaml:"handoff_words" doc:"messages in this language that ask for a human"`
	BackWords    []string            `json:"back_words,omitempty" yaml:"back_words" doc:"messages in this language that go back to the bot"`
	StopWords    []string            `json:"stop_words,omitempty" yaml:"stop_words" doc:"messages in this language that end the conversation"`
	// Weekdays are the days' names from Monday to Sunday, for {opens}.
	Weekdays []string `json:"weekdays,omitempty" yaml:"weekdays" doc:"the names of the days from Monday to Sunday, for {opens}"`
}

// language gives what the policy says in the customer's language, the variant's first and then the language's.
func (p Policy) language(tag string) Language {
	tag = strings.ReplaceAll(strings.ToLower(tag), "_", "-")
	for tag != "" {
		if l, ok := p.Languages[tag]; ok {
			return l
		}
		cut := strings.LastIndexByte(tag, '-')
		if cut < 0 {
			break
		}
		tag = tag[:cut]
	}
	return Language{}
}

// text gives the text called name in the language, with its variables filled in, and whether the policy sets it
// explicitly.
func (p Policy) text(language string, name TextName, variables ...string) (text string, explicit bool) {
	text, explicit = p.language(language).Texts[name]
	if !explicit {
		text, explicit = p.Texts[name]
	}
	if !explicit {
		text = defaultText(name)
	}
	return strings.NewReplacer(variables...).Replace(text), explicit
}

// wish is what the customer's words, taken as a whole, ask for.
type wish int

const (
	nothing wish = iota
	aHuman
	theBot
	theEnd
)

// wishOf reads the customer's words in the policy's language and in the customer's. Only the customer's words are ever
// read so.
func (p Policy) wishOf(language, text string) wish {
	l := p.language(language)
	for _, x := range []struct {
		words [2][]string
		wish  wish
	}{
		{[2][]string{p.HandoffWords, l.HandoffWords}, aHuman},
		{[2][]string{p.BackWords, l.BackWords}, theBot},
		{[2][]string{p.StopWords, l.StopWords}, theEnd},
	} {
		if among(x.words[0], text) || among(x.words[1], text) {
			return x.wish
		}
	}
	return nothing
}

// among reports whether the text is one of the words, whatever its case.
func among(words []string, text string) bool {
	text = strings.TrimSpace(text)
	for _, w := range words {
		if strings.EqualFold(strings.TrimSpace(w), text) {
			return true
		}
	}
	return false
}
