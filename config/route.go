package config

import (
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// routeKeys are the keys of a route.
func routeKeys() []string { return []string{"channel", "when", "bot", "desk", "policy"} }

// deskEntry is the long form of one desk.
type deskEntry struct {
	Connection string `yaml:"connection" doc:"the desk's connection" required:"true"`
	Group      string `yaml:"group" doc:"the group that is asked at this desk, by the desk's own name"`
}

// seat is one side of a route as it is written: where, which connection, and the connection if it could be opened.
type seat struct {
	place
	name  string
	group string
	open  *Connection
}

// routes reads all routes. A connection that is known but nil is one with mistakes of its own.
func (r *reader) routes(entries []entry, known map[string]*Connection) []conversation.Route {
	var all []conversation.Route
	// rest are the routes that take whatever reaches their channel; behind one there can be no other.
	rest := map[string]entry{}
	for _, e := range entries {
		r.checkName(e, "route")
		if !isMapping(e.node) {
			r.wrong(e.place, "is %s. Write the keys channel, desk and policy below it.", kindOf(resolve(e.node)))
			continue
		}
		keys := r.entries(e.place, "")
		for _, key := range keys {
			if !slices.Contains(routeKeys(), key.name) {
				r.unknown(key, routeKeys(), " of a route")
			}
		}
		channel := r.seat(e.place, keys, "channel", known)
		when := r.selector(keys)
		if first, taken := rest[channel.name]; taken && channel.name != "" {
			r.wrong(channel.place, "%s is the channel of the route %s (line %d) already, which takes all that reach it. Write when: into one of the two, the narrower one first, or give each route a channel of its own.",
				channel.name, first.name, first.line)
		}
		if when == nil {
			rest[channel.name] = e
		}
		var bot seat
		if _, set := find(keys, "bot"); set {
			bot = r.seat(e.place, keys, "bot", known)
		}
		desks := r.desks(e.place, keys, known)
		route, complete := compose(e.name, channel, bot, desks)
		route.When = when
		if complete && bot.open != nil && route.Channel.HostsBot {
			r.wrong(bot.place, "%s hosts the bot itself, so there would be two. Leave out bot, or take a channel that hosts none.", channel.name)
		}
		route.Policy = r.policy(at(keys, "policy", e.place), route, complete)
		all = append(all, route)
	}
	return all
}

// selector reads which of the channel's conversations take the route; nil means all.
func (r *reader) selector(keys []entry) *conversation.Selector {
	e, written := find(keys, "when")
	if !written || isNull(resolve(e.node)) {
		return nil
	}
	var when conversation.Selector
	r.decode(e.place, reflect.ValueOf(&when).Elem(), nil)
	if when.Bot == "" && when.Language == "" && len(when.Fields) == 0 {
		r.wrong(e.place, "says nothing. Write bot, language or fields below it, or leave it out.")
	}
	return &when
}

// compose makes the route of its seats. It is complete if all of its connections could be opened.
func compose(name string, channel, bot seat, desks []seat) (conversation.Route, bool) {
	route := conversation.Route{Name: name}
	complete := channel.open != nil && len(desks) > 0
	if channel.open != nil {
		route.Channel = channel.open.side(channel.open.Connector.Traits().Deliver, "")
	}
	if bot.name != "" {
		complete = complete && bot.open != nil
		if bot.open != nil {
			// A bot is asked one message at a time: batches do not come into it.
			side := bot.open.side(connector.AtLeastOnce, "")
			route.Bot = &side
		}
	}
	for _, desk := range desks {
		complete = complete && desk.open != nil
		if desk.open != nil {
			route.Desks = append(route.Desks, desk.open.side(desk.open.Connector.Traits().Post, desk.group))
		}
	}
	return route, complete
}

// seat reads the key that names the connection of one side.
func (r *reader) seat(route place, keys []entry, side string, known map[string]*Connection) seat {
	p := at(keys, side, route)
	if isBlank(p.node) {
		r.wrong(p, "is missing. Write the name of a connection.")
		return seat{place: p}
	}
	var name string
	r.decode(p, reflect.ValueOf(&name).Elem(), nil)
	return r.take(seat{place: p, name: name}, side, known)
}

// desks reads one desk or a list of them.
func (r *reader) desks(route place, keys []entry, known map[string]*Connection) []seat {
	p := at(keys, "desk", route)
	list := items(p)
	if isBlank(p.node) || len(list) == 0 {
		r.wrong(p, "is missing. Write the name of a connection where agents answer, or a list of them.")
		return nil
	}
	var desks []seat
	for _, item := range list {
		desk := deskEntry{}
		if node := resolve(item.node); node != nil && node.Kind == yaml.MappingNode {
			r.decode(item, reflect.ValueOf(&desk).Elem(), nil)
		} else {
			r.decode(item, reflect.ValueOf(&desk.Connection).Elem(), nil)
		}
		if slices.ContainsFunc(desks, func(d seat) bool { return d.name == desk.Connection && d.group == desk.Group }) && desk.Connection != "" {
			r.wrong(item, "%s is in the list twice. Name each desk once.", desk.Connection)
			continue
		}
		desks = append(desks, r.take(seat{place: item, name: desk.Connection, group: desk.Group}, "desk", known))
	}
	return desks
}

// take finds the connection of s and checks that it can take the side.
func (r *reader) take(s seat, side string, known map[string]*Connection) seat {
	if s.name == "" {
		return s
	}
	c, there := known[s.name]
	if !there {
		var all []string
		for name := range known {
			all = append(all, name)
		}
		slices.Sort(all)
		hint := didYouMean(s.name, all)
		if hint == "" && len(all) > 0 {
			hint = " Write " + list(all, "or") + ", or add it below connections."
		}
		r.wrong(s.place, "there is no connection %s.%s", quote(s.name), hint)
		return s
	}
	if c == nil {
		return s
	}
	if sides := connector.SidesOf(c.Connector); !slices.Contains(sides, side) {
		r.wrong(s.place, "%s (%s) cannot be a %s: it can be a %s. Name another connection.", s.name, c.Vendor, side, list(sides, "or"))
		return s
	}
	s.open = c
	return s
}
