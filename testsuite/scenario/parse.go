package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/conversation"
)

// verb is one sentence that the grammar knows.
type verb struct {
	// form is how it is written, does what it means, for the reader of README.md.
	form, does string
	// setup marks what must stand before the story begins.
	setup bool
	// tell adds it to the story.
	tell func(s *Story, a args) ([]step, error)
}

// chapter is a part of the grammar.
type chapter struct {
	title string
	verbs []verb
}

// grammar is the whole grammar, in the order of README.md.
func grammar() []chapter {
	return []chapter{
		{"Before the story", settingVerbs()},
		{"The customer", customerVerbs()},
		{"The bot", botVerbs()},
		{"Agents and their desk", agentVerbs()},
		{"Vendors in trouble", troubleVerbs()},
		{"Operators", operatorVerbs()},
		{"Time", timeVerbs()},
		{"What must be so", append(stateVerbs(), sightVerbs()...)},
	}
}

// Parse reads a story. The error names every line that is wrong, and what could stand there.
func Parse(name, text string, o Options) (*Story, error) {
	s := newStory(name)
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	first, err := s.chooseRoute(lines, o)
	var wrong []error
	if err != nil {
		return nil, err
	}
	for i, line := range lines {
		if i == first {
			continue
		}
		if err := s.add(fmt.Sprintf("%s:%d", name, i+1), line); err != nil {
			wrong = append(wrong, err)
		}
	}
	if len(wrong) == 0 && len(s.steps) == 0 {
		wrong = append(wrong, fmt.Errorf("%s:1: there is no story in this file", name))
	}
	return s, errors.Join(wrong...)
}

// chooseRoute finds the line "route NAME", gives its index or -1, and takes the route.
func (s *Story) chooseRoute(lines []string, o Options) (int, error) {
	for i, line := range lines {
		words := split(line)
		if len(words) == 0 || strings.ToLower(words[0].text) != "route" {
			continue
		}
		at := fmt.Sprintf("%s:%d", s.name, i+1)
		if len(words) != 2 {
			return 0, fmt.Errorf("%s: write the name of one route of the configuration: route NAME", at)
		}
		for _, r := range o.Routes {
			if r.Name == words[1].text {
				s.setRoute(r, o.Connections)
				return i, nil
			}
		}
		if len(o.Routes) == 0 {
			return 0, fmt.Errorf("%s: there is no configuration here, so there are no routes; leave the line out", at)
		}
		return 0, fmt.Errorf("%s: there is no route %q; write one of: %s", at, words[1].text, routeNames(o.Routes))
	}
	for _, r := range o.Routes {
		if r.Name == o.Route || o.Route == "" && len(o.Routes) == 1 {
			s.setRoute(r, o.Connections)
			return -1, nil
		}
	}
	switch {
	case len(o.Routes) == 0:
		s.setRoute(DefaultRoute(), nil)
	case o.Route != "":
		return 0, fmt.Errorf("there is no route %q; write one of: %s", o.Route, routeNames(o.Routes))
	default:
		return 0, fmt.Errorf("%s:1: say which route the story is about, by a line: route NAME (one of: %s)", s.name, routeNames(o.Routes))
	}
	return -1, nil
}

func routeNames(routes []conversation.Route) string {
	var names []string
	for _, r := range routes {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// add adds one line to the story.
func (s *Story) add(at, line string) error {
	line = strings.TrimSpace(line)
	words := split(line)
	if len(words) == 0 {
		return nil
	}
	for _, c := range grammar() {
		for _, v := range c.verbs {
			a, ok := parseForm(v.form).match(line, words)
			if !ok {
				continue
			}
			if v.setup && len(s.steps) > 0 {
				return fmt.Errorf("%s: %q must stand before the story begins", at, line)
			}
			steps, err := v.tell(s, a)
			if err != nil {
				return fmt.Errorf("%s: %q: %w", at, line, err)
			}
			for _, st := range steps {
				st.at, st.line = at, line
				s.steps = append(s.steps, st)
			}
			return nil
		}
	}
	return fmt.Errorf("%s: I do not understand %q.\n%s", at, line, allowed(words))
}

// allowed lists the sentences that begin like the one that was not understood.
func allowed(words []word) string {
	begin := strings.ToLower(words[0].text)
	var subjects, forms []string
	for _, c := range grammar() {
		for _, v := range c.verbs {
			first := parseForm(v.form)[0]
			if slices.Contains(first.choices, begin) {
				forms = append(forms, "  "+v.form)
			}
			for _, subject := range first.choices {
				if !slices.Contains(subjects, subject) {
					subjects = append(subjects, subject)
				}
			}
		}
	}
	if len(forms) == 0 {
		return "A sentence begins with one of: " + strings.Join(subjects, ", ") + ", or a duration such as 5m."
	}
	slices.Sort(forms)
	return "What can stand here:\n" + strings.Join(forms, "\n")
}

// action makes the steps of a sentence that does one thing.
func action(do func(s *stage) error) ([]step, error) { return []step{{do: do}}, nil }
