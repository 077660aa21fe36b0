package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// sides names the sides that a connector can take.
func sides(c connector.Connector) string { return strings.Join(connector.SidesOf(c), ", ") }

// promises says how often a send arrives whose answer was lost, for each kind of send that the connector has.
func promises(c connector.Connector) string {
	traits := c.Traits()
	var all []string
	if _, ok := c.(connector.Channel); ok {
		all = append(all, "to the customer: "+promise(traits.Deliver))
	}
	if _, ok := c.(connector.Desk); ok {
		all = append(all, "to the agents: "+promise(traits.Post), "tickets: "+promise(traits.Open))
	}
	if len(all) == 0 {
		return "-"
	}
	return strings.Join(all, "; ")
}

func promise(i connector.Idempotency) string {
	if i == connector.AtLeastOnce {
		return i.String()
	}
	return "once, " + i.String()
}

// abilities prints what a connection can do, and where its webhooks arrive.
func (p *program) abilities(c config.Connection, publicURL string) {
	var can []string
	for _, ability := range connector.CapabilitiesOf(c.Connector) {
		can = append(can, string(ability))
	}
	fmt.Fprintf(p.stdout, "\nconnection %s\n  can: %s\n", c.Name, orNothing(can))
	if rate := c.Connector.Traits().CallsPerSecond; rate > 0 {
		fmt.Fprintf(p.stdout, "  limit: %g calls a second, on the task queue %s\n", rate, c.Queue)
	}
	if rules := ruleWords(c.FileRules); len(rules) > 0 {
		fmt.Fprintf(p.stdout, "  files: %s\n", strings.Join(rules, "; "))
	}
	address := publicURL + "/webhooks/" + c.Name
	_, subscribes := c.Connector.(connector.Subscriber)
	switch {
	case publicURL == "":
		fmt.Fprintf(p.stdout, "  webhooks: <our public address>/webhooks/%s; set HANDOFF_PUBLIC_URL to have it here\n", c.Name)
	case subscribes:
		fmt.Fprintf(p.stdout, "  webhooks: %s; handoff subscribe registers it\n", address)
	default:
		fmt.Fprintf(p.stdout, "  webhooks: %s; register it at the vendor\n", address)
	}
}

func orNothing(words []string) string {
	if len(words) == 0 {
		return "nothing besides"
	}
	return strings.Join(words, ", ")
}

// routeReport prints a route and what cannot be done on it, each with what is done instead.
func (p *program) routeReport(r conversation.Route) {
	line := r.Channel.Name
	if r.Bot != nil {
		line += " → " + r.Bot.Name
	}
	var desks []string
	for _, d := range r.Desks {
		desks = append(desks, d.Name)
	}
	fmt.Fprintf(p.stdout, "\nroute %s: %s → %s\n", r.Name, line, strings.Join(desks, ", "))
	for _, a := range config.Answers(r) {
		fmt.Fprintf(p.stdout, "  when %s: %s (texts.%s)\n", a.Trouble, a.Follows, a.Text)
	}
	lacks := slices.Concat(botLacks(r), channelLacks(r), deskLacks(r))
	if len(lacks) == 0 {
		fmt.Fprintln(p.stdout, "  nothing is missing")
	}
	for _, l := range lacks {
		fmt.Fprintf(p.stdout, "  - %s\n", l)
	}
}

// botLacks says what the route cannot do for want of a bot, or of power over it.
func botLacks(r conversation.Route) []string {
	var lacks []string
	c := r.Channel
	if r.Bot == nil && !c.HostsBot {
		lacks = append(lacks, "there is no bot: until a handoff is asked for, by the channel, by an operator or by handoff_words, nobody answers the customer")
	}
	if c.HostsBot && !able(c, connector.CanPauseBot) {
		lacks = append(lacks, c.Name+" cannot pause its bot: the flow itself must keep silent while an agent has the conversation")
	}
	if c.HostsBot && !able(c, connector.CanResumeBot) {
		lacks = append(lacks, c.Name+" cannot start its bot again: after a hand-back the bot goes on at the customer's next message")
	}
	return lacks
}

// channelLacks says what does not reach the customer as it should.
func channelLacks(r conversation.Route) []string {
	var lacks []string
	c, add := r.Channel, func(text string) { lacks = append(lacks, r.Channel.Name+" "+text) }
	if c.SendingTakesOver {
		add("silences its bot with the first word that is sent: notices while the customer waits are sent only if their text is set in the policy")
	}
	if window := time.Duration(r.Policy.ReplyWindow); window > 0 {
		add("takes no words to a customer who has been silent for " + config.Short(window) + ": what agents write later is kept until the customer writes again")
	}
	if !able(c, connector.CanAttach) {
		add("takes no files: the customer gets a link to an agent's file")
	}
	if !able(c, connector.CanButtons) {
		add("shows no buttons: what the bot or an agent offers becomes lines, numbered where the number is an answer")
	}
	if !able(c, connector.CanType) {
		add("does not show typing: the customer does not see that an agent writes")
	}
	if !c.Batch {
		add("cannot say whether a message arrived: after a lost answer " + unknown(r))
	}
	if !able(c, connector.CanListMessages) {
		add("lists no messages: a webhook that it never delivered is not read again")
	}
	return lacks
}

// deskLacks says what the agents cannot see or do.
func deskLacks(r conversation.Route) []string {
	var lacks []string
	d := r.Desks[0]
	add := func(text string) { lacks = append(lacks, d.Name+" "+text) }
	if !able(d, connector.CanAvailability) {
		add("does not tell whether anybody is there: a ticket is opened in any case")
	}
	if !able(d, connector.CanAssign) {
		add("lets nobody assign its tickets: they stay in its queue, and the command assign is refused")
	}
	if !able(d, connector.CanClose) {
		add("lets nobody close its tickets: an agent closes them after the end")
	}
	if !able(d, connector.CanNote) {
		add("takes no private notes: agents are not told of sends in trouble, and the command note is refused")
	}
	if !able(d, connector.CanAttach) {
		add("takes no files: agents get a link to the customer's file")
	}
	if !able(d, connector.CanType) {
		add("does not show typing: agents do not see that the customer writes")
	}
	if !d.Batch {
		add("cannot say whether a message arrived: after a lost answer " + unknown(r))
	}
	if !able(d, connector.CanListMessages) {
		add("lists no messages: a webhook that it never delivered is not read again")
	}
	for _, other := range r.Desks[1:] {
		lacks = append(lacks, other.Name+" is asked only when no agent of the desks before it is found")
	}
	return lacks
}

// unknown says what the route does about a send of unknown outcome.
func unknown(r conversation.Route) string {
	if r.WithDefaults().Policy.OnUnknownSend == conversation.Hold {
		return "it is held, and shown as uncertain"
	}
	return "it is sent again, and may arrive twice"
}

func able(c conversation.Connection, ability connector.Capability) bool {
	return c.Able(string(ability))
}
