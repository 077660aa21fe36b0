package scenario

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// settingVerbs are the sentences that stand before the story.
func settingVerbs() []verb {
	set := func(form, does string, tell func(s *Story, a args) error) verb {
		return verb{form: form, does: does, setup: true, tell: func(s *Story, a args) ([]step, error) { return nil, tell(s, a) }}
	}
	return []verb{
		{
			form: "route <name>", does: "Plays on this route of the configuration. Needed where there are several.",
			tell: func(*Story, args) ([]step, error) { return nil, errors.New("there is one route in a story") },
		},
		set("policy text <name> in <language> <value>", "Sets one of the texts in another language.", func(s *Story, a args) error {
			return s.inLanguage(a["language"], func(l *conversation.Language) error {
				var err error
				l.Texts, err = withText(l.Texts, a)
				return err
			})
		}),
		set("policy handoff_words in <language> <list>", "Sets the words that ask for a human in another language.", func(s *Story, a args) error {
			return s.inLanguage(a["language"], func(l *conversation.Language) error {
				l.HandoffWords = items(a["list"])
				return nil
			})
		}),
		set("policy text <name> <value>", "Sets one of the texts that the customer is told; `\"\"` says nothing.", (*Story).setText),
		set("policy <key> <value>", "Sets a key of the policy, as `handoff.yaml` names it: `policy agent_idle: 5m`, `policy reopen: same_agent`, "+
			"`policy handoff_words: human, agent`, `policy ladder: same_agent, agent tom, group 7 for 1m, desk second-desk, ticket`, `policy hours: mon-fri 09:00-18:00, 2026-12-25 closed in Europe/Berlin`.", (*Story).setPolicy),
		set("story begins at <time>", "When the story begins, in UTC, such as `2026-03-27 17:01`; otherwise on a Monday at nine.", func(s *Story, a args) (err error) {
			s.begins, err = time.Parse("2006-01-02 15:04", a["time"])
			return err
		}),
		set("customer speaks <language>", "The channel knows the customer's language, such as `de`.", func(s *Story, a args) error {
			s.language = a["language"]
			return nil
		}),
		set("channel|desk can <list>", "Gives the connection abilities, as `handoff check` names them.", (*Story).able),
		set("channel|desk cannot <list>", "Takes abilities from it.", (*Story).unable),
		set("channel|desk promises <promise>", "Says how a repeated send shows: `once by key`, `once by lookup` or `at least once`.", (*Story).promise),
		set("there is a second desk", "The route has another desk like the first, for when that takes no ticket.", func(s *Story, _ args) error {
			second := s.route.Desks[0]
			second.Name = "second-desk"
			s.route.Desks = append(s.route.Desks, second)
			s.traits[second.Name] = s.traits[s.route.Desks[0].Name]
			return nil
		}),
		set("channel hosts no bot", "The route has no bot.", func(s *Story, _ args) error {
			s.route.Channel.HostsBot = false
			return nil
		}),
		set("bot is called for each message", "The bot is one that handoff calls, instead of one that the channel hosts.", func(s *Story, _ args) error {
			s.route.Channel.HostsBot = false
			s.route.Bot = &conversation.Connection{Name: "bot", Vendor: "story"}
			s.traits["bot"] = connector.Traits{}
			return nil
		}),
		set("bot falls silent when handoff sends", "Anything sent to the customer silences the hosted bot, as at Landbot.", func(s *Story, _ args) error {
			s.route.Channel.SendingTakesOver = true
			traits := s.traits[s.route.Channel.Name]
			traits.SendingTakesOver = true
			s.traits[s.route.Channel.Name] = traits
			return nil
		}),
		set("agent <name> is known as <id>", "Says what the desk calls the agent; otherwise it is the name in lower case.", func(s *Story, a args) error {
			s.agents[strings.ToLower(a["name"])] = a["id"]
			return nil
		}),
	}
}

// side finds the connection that the sentence is about.
func (s *Story) side(a args) *conversation.Connection {
	if a[subject] == "desk" {
		return &s.route.Desks[0]
	}
	return &s.route.Channel
}

func (s *Story) able(a args) error {
	for _, ability := range items(a["list"]) {
		if !known(ability) {
			return fmt.Errorf("%q is no ability; write some of: %s", ability, strings.Join(abilities(), ", "))
		}
		if side := s.side(a); !side.Able(ability) {
			side.Can = append(append([]string(nil), side.Can...), ability)
		}
	}
	return nil
}

func (s *Story) unable(a args) error {
	for _, ability := range items(a["list"]) {
		if !known(ability) {
			return fmt.Errorf("%q is no ability; write some of: %s", ability, strings.Join(abilities(), ", "))
		}
		side := s.side(a)
		var can []string
		for _, has := range side.Can {
			if has != ability {
				can = append(can, has)
			}
		}
		side.Can = can
	}
	return nil
}

// abilities are those that change what a conversation does.
func abilities() []string {
	var names []string
	for _, c := range []connector.Capability{
		connector.CanPauseBot, connector.CanResumeBot, connector.CanNotify, connector.CanAssign, connector.CanPrepare, connector.CanFindTicket, connector.CanClose,
		connector.CanNote, connector.CanAvailability, connector.CanAttach, connector.CanFindSent, connector.CanListMessages,
		connector.CanMirror, connector.CanUpdate, connector.CanEdit, connector.CanSurvey, connector.CanButtons,
	} {
		names = append(names, string(c))
	}
	return names
}

func known(ability string) bool {
	return slices.Contains(abilities(), ability)
}

func (s *Story) promise(a args) error {
	var p connector.Idempotency
	switch strings.TrimSpace(a["promise"]) {
	case "once by key":
		p = connector.ByKey
	case "once by lookup":
		p = connector.ByLookup
	case "at least once":
		p = connector.AtLeastOnce
	default:
		return errors.New("write once by key, once by lookup or at least once")
	}
	side := s.side(a)
	side.Batch = p != connector.AtLeastOnce
	traits := s.traits[side.Name]
	traits.Deliver, traits.Post, traits.Open = p, p, p
	s.traits[side.Name] = traits
	return nil
}

func (s *Story) setText(a args) error {
	texts, err := withText(s.route.Policy.Texts, a)
	s.route.Policy.Texts = texts
	return err
}

// withText gives a copy of the texts with one of them set.
func withText(texts map[conversation.TextName]string, a args) (map[conversation.TextName]string, error) {
	name := conversation.TextName(a["name"])
	if !slices.Contains(conversation.TextNames(), name) {
		return texts, fmt.Errorf("there is no text %q; write one of: %s", a["name"], join(conversation.TextNames()))
	}
	more := map[conversation.TextName]string{}
	maps.Copy(more, texts)
	more[name] = a["value"]
	return more, nil
}

// inLanguage changes what the policy says in a language.
func (s *Story) inLanguage(tag string, change func(l *conversation.Language) error) error {
	languages := map[string]conversation.Language{}
	maps.Copy(languages, s.route.Policy.Languages)
	l := languages[tag]
	err := change(&l)
	languages[tag] = l
	s.route.Policy.Languages = languages
	return err
}

// hours reads "mon-fri 09:00-18:00, 2026-12-25 closed in Europe/Berlin".
func hours(value string) (*conversation.Hours, error) {
	value, zone, _ := strings.Cut(value, " in ")
	h := conversation.Hours{Zone: strings.TrimSpace(zone)}
	for _, item := range items(value) {
		if item[0] >= '0' && item[0] <= '9' {
			var e conversation.Exception
			if err := e.UnmarshalText([]byte(item)); err != nil {
				return nil, err
			}
			h.Except = append(h.Except, e)
			continue
		}
		var o conversation.Opening
		if err := o.UnmarshalText([]byte(item)); err != nil {
			return nil, err
		}
		h.Open = append(h.Open, o)
	}
	if _, err := time.LoadLocation(h.Zone); err != nil {
		return nil, fmt.Errorf("there is no time zone %q", h.Zone)
	}
	return &h, nil
}

// setPolicy sets a key of the policy by its name in handoff.yaml.
func (s *Story) setPolicy(a args) error {
	policy := reflect.ValueOf(&s.route.Policy).Elem()
	var keys []string
	for i := range policy.NumField() {
		field := policy.Type().Field(i)
		key := field.Tag.Get("yaml")
		keys = append(keys, key)
		if key != a["key"] {
			continue
		}
		switch v := policy.Field(i).Addr().Interface().(type) {
		case *conversation.Duration:
			d, err := duration(a["value"])
			*v = conversation.Duration(d)
			return err
		case *conversation.Choice:
			allowed := strings.Split(field.Tag.Get("enum"), ",")
			for _, choice := range allowed {
				if choice == a["value"] {
					*v = conversation.Choice(choice)
					return nil
				}
			}
			return fmt.Errorf("write one of: %s", strings.Join(allowed, ", "))
		case *string:
			*v = a["value"]
			return nil
		case *bool:
			*v = a["value"] == "yes" || a["value"] == "true"
			return nil
		case **conversation.Hours:
			var err error
			*v, err = hours(a["value"])
			return err
		case *[]string:
			*v = items(a["value"])
			return nil
		case *[]conversation.Rung:
			var err error
			*v, err = s.ladder(a["value"])
			return err
		default:
			return fmt.Errorf("write policy text NAME %q instead", "what is said")
		}
	}
	return fmt.Errorf("there is no key %q; write one of: %s", a["key"], strings.Join(keys, ", "))
}

// ladder reads "same_agent, agent tom, group 7 for 1m".
func (s *Story) ladder(value string) ([]conversation.Rung, error) {
	var rungs []conversation.Rung
	for _, item := range items(value) {
		var r conversation.Rung
		if before, within, ok := strings.Cut(item, " for "); ok {
			d, err := duration(within)
			if err != nil {
				return nil, err
			}
			item, r.AcceptWithin = before, conversation.Duration(d)
		}
		kind, who, _ := strings.Cut(item, " ")
		switch {
		case item == "same_agent" || item == "same agent":
			r.SameAgent = true
		case kind == "agent" && who != "":
			r.Agent = s.agent(who).ID
		case kind == "group" && who != "":
			r.Group = who
		case kind == "desk" && who != "":
			r.Desk = who
		case item == "ticket":
			r.Ticket = true
		case item == "bot":
			r.Bot = true
		case item == "end":
			r.End = true
		default:
			return nil, fmt.Errorf("%q is no rung; write same_agent, agent NAME, group NAME or desk NAME, each with for 1m if you like, or ticket, bot or end", item)
		}
		rungs = append(rungs, r)
	}
	return rungs, nil
}

// items splits a list at its commas.
func items(list string) []string {
	var all []string
	for item := range strings.SplitSeq(strings.ReplaceAll(list, " and ", ", "), ",") {
		if item = strings.Trim(strings.TrimSpace(item), `"“”'`); item != "" {
			all = append(all, item)
		}
	}
	return all
}

func join[S ~string](names []S) string {
	var all []string
	for _, n := range names {
		all = append(all, string(n))
	}
	return strings.Join(all, ", ")
}

// duration reads "5m", "1h30m", "10 minutes" or "1 day".
func duration(s string) (time.Duration, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if d, err := time.ParseDuration(strings.ReplaceAll(s, " ", "")); err == nil && d > 0 {
		return d, nil
	}
	var total time.Duration
	words := strings.Fields(strings.ReplaceAll(s, " and ", " "))
	for i := 0; i+1 < len(words); i += 2 {
		unit, ok := units()[strings.TrimSuffix(words[i+1], "s")]
		n, err := time.ParseDuration(words[i] + "s")
		if !ok || err != nil {
			total = 0
			break
		}
		total += time.Duration(n.Seconds() * float64(unit))
	}
	if total <= 0 || len(words)%2 != 0 {
		return 0, fmt.Errorf("%q is no duration; write it as 90s, 5m, 1h30m or 3 days", s)
	}
	return total, nil
}

func units() map[string]time.Duration {
	return map[string]time.Duration{
		"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
	}
}
