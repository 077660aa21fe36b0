package config

import (
	"reflect"
	"slices"
	"strings"
	"time"

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
	route.Policy = policy
	r.checkLadder(at(keys, "ladder", p), route, complete, before)
	if len(r.mistakes) == before {
		r.checkOrder(keys, p, route)
	}
	if complete {
		r.checkAbilities(keys, route)
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
			r.wrong(e.place, "%s is before now. Write a duration such as 2m.", short(d))
		case d < shortestDeadline:
			r.wrong(e.place, "%s is too short to be met. Write at least %s.", short(d), short(shortestDeadline))
		case d > longestDeadline:
			r.wrong(e.place, "%s is too long. Write at most %s.", short(d), short(longestDeadline))
		}
	}
}

// checkOrder checks the deadlines against each other, those that are left open included.
func (r *reader) checkOrder(keys []entry, whole place, route conversation.Route) {
	p := route.WithDefaults().Policy
	spelled := func(key string, d conversation.Duration) string {
		if _, written := find(keys, key); written {
			return short(time.Duration(d))
		}
		return short(time.Duration(d)) + ", the default"
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
				short(time.Duration(rung.AcceptWithin)), spelled("max_wait", p.MaxWait))
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
	words := items(at(keys, "handoff_words", whole))
	for i, word := range policy.HandoffWords {
		if strings.TrimSpace(word) == "" && i < len(words) {
			r.wrong(words[i], "is empty. Write the customer's words, or remove it.")
		}
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
		for _, is := range []bool{rung.SameAgent, rung.Agent != "", rung.Group != ""} {
			if is {
				set++
			}
		}
		if set != 1 {
			r.wrong(item, "this rung names %s. Write exactly one of same_agent: true, agent and group.", map[bool]string{true: "nobody", false: "more than one"}[set == 0])
		}
		if complete && !route.Desks[0].Able(string(connector.CanAssign)) {
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
		{"on_exhausted", policy.OnExhausted, "end"},
		{"on_close", policy.OnClose, "end"},
		{"on_unavailable", policy.OnUnavailable, "queue or end"},
		{"reopen", policy.Reopen, "queue or same_agent"},
	} {
		if e, written := find(keys, choice.key); written && choice.value == conversation.ToBot && !hasBot {
			r.wrong(e.place, "this route has no bot: %s (%s) hosts none. Write %s, or give the route a bot.", route.Channel.Name, route.Channel.Vendor, choice.other)
		}
	}
	if e, written := find(keys, "on_unavailable"); written && policy.OnUnavailable != conversation.ToQueue &&
		policy.OnUnavailable != "" && !desk.Able(string(connector.CanAvailability)) {
		r.wrong(e.place, "%s (%s) does not tell whether anybody is there. Write queue, or leave the key out.", desk.Name, desk.Vendor)
	}
}
