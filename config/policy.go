package config

import (
	"reflect"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // hours have time zones, and a container may have no database of them

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// What no deadline can be. The shortest one is there to catch a slip of the unit.
const (
	shortestDeadline = 100 * time.Millisecond
	longestDeadline  = 90 * 24 * time.Hour
)

// policy reads a route's policy and notes what is impossible in it. Of a route that is not complete only that is
// checked which does not depend on its connections.
func (r *reader) policy(p place, route conversation.Route, complete bool) conversation.Policy {
	before := len(r.mistakes)
	var policy conversation.Policy
	if isNull(resolve(p.node)) {
		return policy
	}
	v := reflect.ValueOf(&policy).Elem()
	r.decode(p, v, nil)
	keys := r.again(p)
	r.checkDeadlines(keys, v, before)
	r.checkTexts(keys, p, policy)
	r.checkLanguages(at(keys, "languages", p), policy)
	r.checkHours(keys, policy)
	route.Policy = policy
	r.checkLadder(at(keys, "ladder", p), route, complete, before)
	if len(r.mistakes) == before {
		r.checkOrder(keys, p, route)
	}
	if complete {
		r.checkAbilities(keys, route)
		r.checkAnswers(keys, p, route)
	}
	return policy
}

// again gives the entries of a mapping whose mistakes are noted already.
func (r *reader) again(p place) []entry {
	quiet := &reader{file: r.file, lookup: r.lookup}
	return quiet.entries(p, "")
}

// checkDeadlines checks every written duration of the struct v by itself, but for those that a mistake from the number
// since on is about already.
func (r *reader) checkDeadlines(keys []entry, v reflect.Value, since int) {
	for _, f := range fieldsOf(v.Type()) {
		e, written := find(keys, f.name)
		bad := slices.ContainsFunc(r.mistakes[since:], func(m Mistake) bool { return m.Key == e.key })
		if !isDuration(f.typ) || !written || isNull(resolve(e.node)) || bad {
			continue
		}
		switch d := time.Duration(v.FieldByIndex(f.index).Int()); {
		case d == 0:
			r.wrong(e.place, "no time at all is not possible. Write a duration such as 2m, or leave the key out: %s.", f.doc)
		case d < 0:
			r.wrong(e.place, "%s is before now. Write a duration such as 2m.", Short(d))
		case d < shortestDeadline:
			r.wrong(e.place, "%s is too short to be met. Write at least %s.", Short(d), Short(shortestDeadline))
		case d > longestDeadline:
			r.wrong(e.place, "%s is too long. Write at most %s.", Short(d), Short(longestDeadline))
		}
	}
}

// checkOrder checks the deadlines against each other, those that are left open included.
func (r *reader) checkOrder(keys []entry, whole place, route conversation.Route) {
	p := route.WithDefaults().Policy
	spelled := func(key string, d conversation.Duration) string {
		if _, written := find(keys, key); written {
			return Short(time.Duration(d))
		}
		return Short(time.Duration(d)) + ", the default"
	}
	if p.WarnBefore >= p.CustomerIdle {
		r.wrong(first(keys, whole, "warn_before", "customer_idle"), "warn_before (%s) is not shorter than customer_idle (%s), so the warning would come before the wait begins. Write a shorter warn_before or a longer customer_idle.",
			spelled("warn_before", p.WarnBefore), spelled("customer_idle", p.CustomerIdle))
	}
	if p.AcceptWithin > p.MaxWait {
		r.wrong(first(keys, whole, "accept_within", "max_wait"), "accept_within (%s) is longer than max_wait (%s), so the ladder would never begin. Write a shorter accept_within or a longer max_wait.",
			spelled("accept_within", p.AcceptWithin), spelled("max_wait", p.MaxWait))
	}
	ladder := items(at(keys, "ladder", whole))
	for i, rung := range p.Ladder {
		if rung.AcceptWithin > p.MaxWait {
			r.wrong(at(r.again(ladder[i]), "accept_within", ladder[i]), "accept_within (%s) is longer than max_wait (%s), so the next rung would never be tried. Write a shorter one or a longer max_wait.",
				Short(time.Duration(rung.AcceptWithin)), spelled("max_wait", p.MaxWait))
		}
	}
}

// first gives the place of the first of the keys that is written.
func first(keys []entry, whole place, candidates ...string) place {
	for _, name := range candidates {
		if e, written := find(keys, name); written {
			return e.place
		}
	}
	return whole
}

// checkTexts checks the names of the texts and the words that ask for a human.
func (r *reader) checkTexts(keys []entry, whole place, policy conversation.Policy) {
	var known []string
	for _, name := range conversation.TextNames() {
		known = append(known, string(name))
	}
	if texts, written := find(keys, "texts"); written {
		for _, e := range r.again(texts.place) {
			if slices.Contains(known, e.name) {
				continue
			}
			hint := didYouMean(e.name, known)
			if hint == "" {
				hint = " Write one of " + list(known, "and") + "."
			}
			r.wrong(e.place, "there is no text of this name.%s", hint)
		}
	}
	taken := map[string]string{}
	for _, x := range []struct {
		key   string
		words []string
	}{{"handoff_words", policy.HandoffWords}, {"back_words", policy.BackWords}, {"stop_words", policy.StopWords}} {
		places := items(at(keys, x.key, whole))
		for i, word := range x.words {
			word = strings.ToLower(strings.TrimSpace(word))
			switch other, twice := taken[word]; {
			case i >= len(places):
			case word == "":
				r.wrong(places[i], "is empty. Write the customer's words, or remove it.")
			case twice && other != x.key:
				r.wrong(places[i], "stands in %s too. A word can mean one thing only: remove it from one of them.", other)
			}
			taken[word] = x.key
		}
	}
}

// checkLanguages checks what is said in other languages, and how they are named.
func (r *reader) checkLanguages(p place, policy conversation.Policy) {
	for _, e := range r.again(p) {
		if e.name != strings.ToLower(e.name) || strings.Contains(e.name, "_") {
			r.wrong(e.place, "is no name of a language. Write it in lower case, such as de or pt-br.")
		}
		l, keys := policy.Languages[e.name], r.again(e.place)
		r.checkTexts(keys, e.place, conversation.Policy{HandoffWords: l.HandoffWords, BackWords: l.BackWords, StopWords: l.StopWords})
		if days, written := find(keys, "weekdays"); written && len(l.Weekdays) != 7 {
			r.wrong(days.place, "has %s. Write the seven days from Monday to Sunday.", count(len(l.Weekdays), "day"))
		}
	}
}

// checkHours checks that there is a time zone of that name, and that somebody is ever there.
func (r *reader) checkHours(keys []entry, policy conversation.Policy) {
	e, written := find(keys, "hours")
	if policy.Hours == nil {
		if closed, set := find(keys, "on_closed"); set {
			r.wrong(closed.place, "says what happens outside the hours, but there are none. Write hours, or remove it.")
		}
		return
	}
	inside := r.again(e.place)
	if _, err := time.LoadLocation(policy.Hours.Zone); err != nil {
		r.wrong(at(inside, "zone", e.place), "there is no time zone %s. Write one such as Europe/Berlin.", quote(policy.Hours.Zone))
	}
	if _, opens := find(inside, "open"); written && !opens {
		r.wrong(e.place, "nobody is ever there. Write open: [mon-fri 09:00-18:00], or leave hours out.")
	}
}

// checkLadder checks each rung. Mistakes from the number since on are about this policy.
func (r *reader) checkLadder(p place, route conversation.Route, complete bool, since int) {
	for i, item := range items(p) {
		if i >= len(route.Policy.Ladder) {
			return
		}
		rung := route.Policy.Ladder[i]
		r.checkDeadlines(r.again(item), reflect.ValueOf(rung), since)
		set := 0
		for _, is := range []bool{rung.SameAgent, rung.Agent != "", rung.Group != "", rung.Desk != "", rung.Ticket, rung.Bot, rung.End} {
			if is {
				set++
			}
		}
		if set != 1 {
			r.wrong(item, "this rung names %s. Write exactly one of same_agent: true, agent, group, desk, ticket: true, bot: true and end: true.", map[bool]string{true: "nobody", false: "more than one"}[set == 0])
		}
		if rung.Last() && i+1 < len(route.Policy.Ladder) {
			r.wrong(item, "nothing comes after this rung, but others stand behind it. Write it last, or remove those.")
		}
		if !complete {
			continue
		}
		asks := rung.SameAgent || rung.Agent != "" || rung.Group != ""
		switch {
		case rung.Desk != "" && !slices.ContainsFunc(route.Desks, func(d conversation.Connection) bool { return d.Name == rung.Desk }):
			r.wrong(at(r.again(item), "desk", item), "%s is none of the route's desks. Add it to desk, or name one of them.", quote(rung.Desk))
		case rung.Bot && route.Bot == nil && !route.Channel.HostsBot:
			r.wrong(item, "this route has no bot: %s (%s) hosts none. Write ticket: true or end: true.", route.Channel.Name, route.Channel.Vendor)
		}
		if asks && len(route.Desks) == 1 && !route.Desks[0].Able(string(connector.CanAssign)) {
			desk := route.Desks[0]
			r.wrong(item, "%s (%s) lets nobody assign its tickets, so this rung cannot be taken. Remove it: the ticket stays in the desk's queue until max_wait.", desk.Name, desk.Vendor)
		}
	}
}

// checkAbilities checks what the policy asks of the route's connections.
func (r *reader) checkAbilities(keys []entry, route conversation.Route) {
	policy, desk := route.Policy, route.Desks[0]
	hasBot := route.Bot != nil || route.Channel.HostsBot
	for _, choice := range []struct {
		key   string
		value conversation.Choice
		other string
	}{
		{"on_exhausted", policy.OnExhausted, "end or ticket"},
		{"on_closed", policy.OnClosed, "ticket, wait or end"},
		{"on_close", policy.OnClose, "end"},
		{"on_unavailable", policy.OnUnavailable, "queue or end"},
		{"reopen", policy.Reopen, "queue or same_agent"},
	} {
		if e, written := find(keys, choice.key); written && choice.value == conversation.ToBot && !hasBot {
			r.wrong(e.place, "this route has no bot: %s (%s) hosts none. Write %s, or give the route a bot.", route.Channel.Name, route.Channel.Vendor, choice.other)
		}
	}
	if e, written := find(keys, "on_unavailable"); written && policy.OnUnavailable != conversation.ToQueue &&
		policy.OnUnavailable != conversation.ToTicket && policy.OnUnavailable != "" && !desk.Able(string(connector.CanAvailability)) {
		r.wrong(e.place, "%s (%s) does not tell whether anybody is there. Write queue, or leave the key out.", desk.Name, desk.Vendor)
	}
	if e, written := find(keys, "mirror"); written && policy.Mirror == conversation.On && !desk.Able(string(connector.CanMirror)) {
		r.wrong(e.place, "%s (%s) cannot show agents what the bot does. Write off, or leave the key out.", desk.Name, desk.Vendor)
	}
}
