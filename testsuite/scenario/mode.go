package scenario

import (
	"fmt"
	"slices"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// mode is a way to play a story.
type mode string

const (
	// plain plays it as it is.
	plain mode = "as it is written"
	// twice delivers every event twice: at once, and again with the next sentence.
	twice mode = "with every event delivered twice"
	// softly continues as new whenever the run is quiet.
	softly mode = "with a continue-as-new after every event"
	// hard continues as new with the work of every event still to be done.
	hard mode = "with a continue-as-new in the middle of the work of every event"
)

// Ways is how many ways each story is played.
const Ways = 4

// tolerance is how far the instants of two ways of playing may be apart: a slow machine lets some time pass.
const tolerance = 15 * time.Second

// Report says what playing a story showed.
type Report struct {
	// Took is how long it took by the wall clock, Passed how much time passed in the story.
	Took, Passed time.Duration
	// Runs are the runs of the workflow in the last way of playing it, each continued as new from the one before.
	Runs int
}

// outcome is what must be the same in each way of playing a story.
type outcome struct {
	customer, agents, notes, asks []string
	history                       []string
	times                         []time.Time
	counts                        conversation.Counts
}

// Tell plays the story in all ways. The error says where it went wrong, what was expected, and what happened until then.
func (s *Story) Tell() (Report, error) {
	var report Report
	if s.err != nil {
		return report, s.err
	}
	began := time.Now()
	var first outcome
	for _, m := range []mode{plain, twice, softly, hard} {
		st := newStage(s, m)
		if err := st.play(); err != nil {
			return report, err
		}
		if err := st.after(); err != nil {
			return report, st.wrong(len(s.steps)-1, fmt.Errorf("behind the end of the story, when everything works again: %w", err))
		}
		o := st.outcome()
		if m == plain {
			first = o
		}
		if err := first.same(o); err != nil {
			return report, st.wrong(len(s.steps)-1, err)
		}
		report.Passed, report.Runs = st.now().Sub(s.begins), st.runs
	}
	report.Took = time.Since(began)
	return report, nil
}

// outcome gathers what must be the same in each way.
func (s *stage) outcome() outcome {
	var o outcome
	for _, x := range s.desk.asks {
		o.asks = append(o.asks, x.whom)
	}
	list := func(messages []message) []string {
		var all []string
		for _, m := range messages {
			all = append(all, m.said())
		}
		return all
	}
	o.customer, o.agents, o.notes = list(s.channel.seen), list(s.desk.seen), list(s.desk.notes)
	for _, t := range s.lastView.History {
		o.history = append(o.history, fmt.Sprintf("%s -> %s (%s)", t.From, t.To, t.Reason))
		o.times = append(o.times, t.At)
	}
	c := s.lastView.Counts
	// Duplicates are what the ways differ in.
	o.counts = conversation.Counts{
		Applied: c.Applied, Decided: c.Decided, Delivered: c.Delivered, Withheld: c.Withheld, Uncertain: c.Uncertain, Failed: c.Failed,
	}
	return o
}

// same reports the first thing that another way of playing the story changed.
func (o outcome) same(other outcome) error {
	for _, x := range []struct {
		what      string
		one, this []string
	}{
		{"what the customer sees", o.customer, other.customer},
		{"what the agents see", o.agents, other.agents},
		{"the notes for agents", o.notes, other.notes},
		{"whom the desk is asked for", o.asks, other.asks},
		{"the changes of state", o.history, other.history},
	} {
		if !slices.Equal(x.one, x.this) {
			return fmt.Errorf("%s differs from when it is played %s:\n%s", x.what, plain, difference(x.one, x.this))
		}
	}
	for i, at := range o.times {
		if moved := other.times[i].Sub(at); moved.Abs() > tolerance {
			return fmt.Errorf("%s happens %s later than when it is played %s", o.history[i], moved, plain)
		}
	}
	if o.counts.Applied != other.counts.Applied || o.counts.Delivered != other.counts.Delivered ||
		o.counts.Withheld != other.counts.Withheld || o.counts.Failed != other.counts.Failed || o.counts.Uncertain != other.counts.Uncertain {
		return fmt.Errorf("the counts differ from when it is played %s:\n  %+v\n  %+v", plain, o.counts, other.counts)
	}
	return nil
}

// difference shows where two lists part.
func difference(one, other []string) string {
	for i := range max(len(one), len(other)) {
		a, b := "nothing", "nothing"
		if i < len(one) {
			a = one[i]
		}
		if i < len(other) {
			b = other[i]
		}
		if a != b {
			return fmt.Sprintf("  number %d was   %s\n  and is here     %s", i+1, a, b)
		}
	}
	return ""
}

// after checks what holds at the end of every story.
func (s *stage) after() error {
	v := s.lastView
	c := v.Counts
	decided := c.Delivered + c.Withheld + c.Uncertain + c.Failed
	switch {
	case v.State != conversation.Ended:
		return fmt.Errorf("the conversation never ends; it is %s", v.State)
	case c.Received != c.Applied+c.Duplicates+c.Ignored:
		return fmt.Errorf("%d events were received, %d applied, %d duplicates and %d ignored: the sum is wrong", c.Received, c.Applied, c.Duplicates, c.Ignored)
	case c.Decided != decided:
		return fmt.Errorf("%d effects were decided and %d are accounted for", c.Decided, decided)
	}
	route := s.story.route
	if route.Channel.HostsBot && s.channel.muted && route.Channel.Able(string(connector.CanResumeBot)) {
		return fmt.Errorf("the customer is left with a mute bot")
	}
	for _, d := range s.desks {
		for _, t := range d.tickets {
			if t.desk == d.name && !t.closed && !t.gone && d.can.Able(string(connector.CanClose)) {
				return fmt.Errorf("%s is left open at the desk", t.id)
			}
		}
	}
	return nil
}
