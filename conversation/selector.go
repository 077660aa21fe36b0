package conversation

import "strings"

// Selector says which of a channel's conversations take a route. All that is set must match; empty fields do not narrow.
type Selector struct {
	// Bot is the hosted bot's id, by the channel vendor's own name.
	Bot string `json:"bot,omitempty" yaml:"bot" doc:"the hosted bot's id, by the channel's own name of it"`
	// Language is the customer's, such as de, which de-AT matches too.
	Language string `json:"language,omitempty" yaml:"language" doc:"the customer's language, such as de, which de-AT matches too"`
	// Fields are what the bot has collected.
	Fields map[string]string `json:"fields,omitempty" yaml:"fields" doc:"fields that the bot has collected, with the values that they must have"`
}

// botKey is how channels name the hosted bot among what they want to be given back.
const botKey = "bot_id"

// matches reports whether what is known of the conversation fits the selector.
func (s Selector) matches(c *Conversation) bool {
	if s.Bot != "" && s.Bot != c.ChannelVendor[botKey] {
		return false
	}
	if s.Language != "" && !speaks(c.Customer.Language, s.Language) {
		return false
	}
	//workflowcheck:ignore all must match, in whatever order
	for name, value := range s.Fields {
		if c.Customer.Fields[name] != value {
			return false
		}
	}
	return true
}

// speaks reports whether language is wanted, or a variant of it.
func speaks(language, wanted string) bool {
	language, wanted = strings.ToLower(language), strings.ToLower(wanted)
	return language == wanted || strings.HasPrefix(language, wanted+"-") || strings.HasPrefix(language, wanted+"_")
}

// chooseRoute takes the first of the channel's routes that fits what is known by now. It is asked until a human is: from
// then on the route stays.
func (c *Conversation) chooseRoute() {
	if len(c.Choices) == 0 || c.State != InBot && c.State != Ended || c.ticket() != nil && c.ticket().live() {
		return
	}
	for _, r := range c.Choices {
		if r.When != nil && !r.When.matches(c) {
			continue
		}
		if r.Name != c.Route.Name {
			if r.Bot == nil || c.Route.Bot == nil || r.Bot.Name != c.Route.Bot.Name {
				c.BotVendor = nil
			}
			c.Route, c.Desk = r, 0
		}
		return
	}
}
