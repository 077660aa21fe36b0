package conversation

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hours are when agents are there. They are written in local time; what that means in instants is settled when the
// conversation starts (Resolve), so that a running conversation depends on no machine's time zone database.
type Hours struct {
	// Zone is the name of the time zone, such as Europe/Berlin; empty means UTC.
	Zone string `json:"zone,omitempty" yaml:"zone" doc:"the time zone, such as Europe/Berlin (default UTC)"`
	// Open are the weekly openings. Without any, nobody is ever there but on the days of Except.
	Open []Opening `json:"open,omitempty" yaml:"open" doc:"the weekly openings, such as mon-fri 09:00-18:00; several a day are possible, and 22:00-06:00 ends on the next day"`
	// Except are days that differ, such as holidays. What they say replaces the week's openings of that day.
	Except []Exception `json:"except,omitempty" yaml:"except" doc:"days that differ: 2026-12-24 09:00-12:00, or 2026-12-25 closed"`
	// Shifts are the zone's offsets from UTC, oldest first.
	Shifts []Shift `json:"shifts,omitempty" yaml:"-"`
}

// Opening is one span of the week, written as "mon-fri 09:00-18:00".
type Opening struct {
	First, Last time.Weekday
	Span        Span
}

// Exception is one day that differs, written as "2026-12-24 09:00-12:00" or "2026-12-25 closed".
type Exception struct {
	// Date is the day, as 2006-01-02.
	Date   string
	Closed bool
	Span   Span
}

// Span is a part of a day, in minutes since midnight. One whose end is not after its beginning ends on the next day.
type Span struct{ From, To int }

// Shift is an offset from UTC and when it begins.
type Shift struct {
	From    time.Time `json:"from"`
	Seconds int       `json:"seconds"`
}

const (
	day = 24 * time.Hour
	// resolvedFor is how far ahead clock changes are looked up: conversations do not last longer.
	resolvedFor = 400 * day
	// lookAhead bounds the search for the next opening, in days.
	lookAhead = 400
)

// weekdays are how openings name days, by time.Weekday.
func weekdays() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// Resolve looks up the clock changes of the zone around now. An unknown zone, which the configuration refuses, counts as
// UTC. It reads the machine's time zone database, so it must not be called from a workflow.
func (h Hours) Resolve(now time.Time) Hours {
	zone, err := time.LoadLocation(h.Zone)
	if err != nil {
		zone = time.UTC
	}
	h.Shifts = nil
	for t := now.Add(-2 * day).In(zone); ; {
		_, offset := t.Zone()
		h.Shifts = append(h.Shifts, Shift{From: t.UTC(), Seconds: offset})
		_, next := t.ZoneBounds()
		if next.IsZero() || next.After(now.Add(resolvedFor)) {
			return h
		}
		t = next.In(zone)
	}
}

// IsOpen reports whether agents are there.
func (h Hours) IsOpen(at time.Time) bool {
	today := h.local(at)
	for _, d := range []int{-1, 0} {
		for _, s := range h.spans(today.AddDate(0, 0, d)) {
			if !at.Before(s.from) && at.Before(s.to) {
				return true
			}
		}
	}
	return false
}

// NextOpening gives when agents come back, at once if they are there; ok is false if that is never.
func (h Hours) NextOpening(at time.Time) (opens time.Time, ok bool) {
	if h.IsOpen(at) {
		return at, true
	}
	today := h.local(at)
	for d := range lookAhead {
		for _, s := range h.spans(today.AddDate(0, 0, d)) {
			if s.from.After(at) && s.to.After(s.from) && (!ok || s.from.Before(opens)) {
				opens, ok = s.from, true
			}
		}
		if ok {
			return opens, true
		}
	}
	return time.Time{}, false
}

// Local gives the wall clock's time in the zone, as if it were UTC.
func (h Hours) Local(at time.Time) time.Time { return at.UTC().Add(h.offset(at)) }

// local gives the midnight of the day in the zone, as if it were UTC.
func (h Hours) local(at time.Time) time.Time { return h.Local(at).Truncate(day) }

// instants are a span of one day.
type instants struct{ from, to time.Time }

// spans gives the openings of a day, given as its midnight.
func (h Hours) spans(midnight time.Time) []instants {
	var spans []instants
	add := func(s Span) {
		to := s.To
		if to <= s.From {
			to += int(day / time.Minute)
		}
		spans = append(spans, instants{h.instant(midnight, s.From), h.instant(midnight, to)})
	}
	date, differs := midnight.Format(time.DateOnly), false
	for _, e := range h.Except {
		if e.Date != date {
			continue
		}
		differs = true
		if !e.Closed {
			add(e.Span)
		}
	}
	for _, o := range h.Open {
		if !differs && o.on(midnight.Weekday()) {
			add(o.Span)
		}
	}
	return spans
}

// instant gives when the wall clock shows that many minutes after midnight. A time that a clock change leaves out is taken
// as much later, one that comes twice is taken the first time.
func (h Hours) instant(midnight time.Time, minutes int) time.Time {
	wall := midnight.Add(time.Duration(minutes) * time.Minute)
	before, after := h.offset(wall.Add(-day)), h.offset(wall.Add(day))
	for _, offset := range []time.Duration{before, after} {
		if at := wall.Add(-offset); h.offset(at) == offset {
			return at
		}
	}
	return wall.Add(-before)
}

func (h Hours) offset(at time.Time) time.Duration {
	seconds := 0
	for i, s := range h.Shifts {
		if i == 0 || !at.Before(s.From) {
			seconds = s.Seconds
		}
	}
	return time.Duration(seconds) * time.Second
}

func (o Opening) on(d time.Weekday) bool {
	if o.First <= o.Last {
		return o.First <= d && d <= o.Last
	}
	return d >= o.First || d <= o.Last
}

// MarshalText writes the opening as it is read.
func (o Opening) MarshalText() ([]byte, error) {
	days := weekdays()[o.First]
	if o.Last != o.First {
		days += "-" + weekdays()[o.Last]
	}
	return []byte(days + " " + o.Span.String()), nil
}

// UnmarshalText reads "mon-fri 09:00-18:00" or "sat 10:00-14:00".
func (o *Opening) UnmarshalText(text []byte) error {
	days, span, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	first, last, several := strings.Cut(days, "-")
	if !several {
		last = first
	}
	from, to := weekday(first), weekday(last)
	if from < 0 || to < 0 {
		return fmt.Errorf("%q names no days: write such as mon-fri 09:00-18:00", days)
	}
	s, err := parseSpan(span)
	*o = Opening{First: time.Weekday(from), Last: time.Weekday(to), Span: s}
	return err
}

func weekday(name string) int {
	name = strings.ToLower(name)
	return slices.IndexFunc(weekdays(), func(d string) bool { return len(name) >= len(d) && strings.HasPrefix(name, d) })
}

// MarshalText writes the exception as it is read.
func (e Exception) MarshalText() ([]byte, error) {
	if e.Closed {
		return []byte(e.Date + " closed"), nil
	}
	return []byte(e.Date + " " + e.Span.String()), nil
}

// UnmarshalText reads "2026-12-24 09:00-12:00" or "2026-12-25 closed".
func (e *Exception) UnmarshalText(text []byte) error {
	date, span, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return fmt.Errorf("%q is no day: write such as 2026-12-25 closed", date)
	}
	span = strings.TrimSpace(span)
	if span == "closed" {
		*e = Exception{Date: date, Closed: true}
		return nil
	}
	s, err := parseSpan(span)
	*e = Exception{Date: date, Span: s}
	return err
}

// String writes the span as "09:00-18:00".
func (s Span) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", s.From/60, s.From%60, s.To/60, s.To%60)
}

func parseSpan(text string) (Span, error) {
	from, to, _ := strings.Cut(strings.TrimSpace(text), "-")
	f, errFrom := minutes(from)
	t, errTo := minutes(to)
	if err := errors.Join(errFrom, errTo); err != nil || f == t {
		return Span{}, fmt.Errorf("%q is no time of the day: write such as 09:00-18:00, or 00:00-24:00 for all of it", text)
	}
	return Span{From: f, To: t}, nil
}

func minutes(text string) (int, error) {
	hours, minutes, ok := strings.Cut(strings.TrimSpace(text), ":")
	h, errH := strconv.Atoi(hours)
	m, errM := strconv.Atoi(minutes)
	if !ok || errH != nil || errM != nil || h < 0 || m < 0 || m > 59 || h*60+m > 24*60 || len(minutes) != 2 {
		return 0, fmt.Errorf("%q is no time", text)
	}
	return h*60 + m, nil
}
