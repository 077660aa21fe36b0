// Package loose holds types for vendors' JSON that is documented by examples only, where numbers come as texts, texts as
// numbers, and anything in place of an object. They take what makes sense and leave out the rest, without an error: one odd
// value must not cost the message that it is part of.
package loose

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Text takes texts, numbers and truth values.
type Text string

// UnmarshalJSON takes any scalar as text, and the rest as "".
func (t *Text) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	*t = ""
	switch {
	case len(b) == 0 || bytes.Equal(b, []byte("null")) || b[0] == '{' || b[0] == '[':
	case b[0] == '"':
		var s string
		if json.Unmarshal(b, &s) == nil {
			*t = Text(s)
		}
	default:
		*t = Text(b)
	}
	return nil
}

// Int takes numbers, and texts that hold one.
type Int int64

// UnmarshalJSON takes what can be read as a whole number, and the rest as 0.
func (n *Int) UnmarshalJSON(b []byte) error {
	var t Text
	_ = t.UnmarshalJSON(b)
	*n = 0
	s := strings.TrimSpace(string(t))
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		*n = Int(i)
	} else if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		*n = Int(f)
	}
	return nil
}

// Time takes seconds since 1970, whole or with a fraction, as numbers or texts.
type Time struct{ time.Time }

// UnmarshalJSON takes what can be read as seconds, and the rest as no time.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s Text
	_ = s.UnmarshalJSON(b)
	t.Time = Seconds(string(s))
	return nil
}

// latest is beyond any true timestamp: the year 2100.
const latest = 4102444800

// Seconds reads seconds since 1970, to the microsecond; the zero time if text holds none.
func Seconds(text string) time.Time {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(f > 0 && f < latest) {
		return time.Time{}
	}
	return time.UnixMicro(int64(math.Round(f * 1e6))).UTC()
}

// Object is a JSON object of which some keys are known; anything else than an object is an empty one.
type Object map[string]json.RawMessage

// UnmarshalJSON takes objects only, and the rest as an empty one.
func (o *Object) UnmarshalJSON(b []byte) error {
	*o = nil
	var m map[string]json.RawMessage
	if json.Unmarshal(b, &m) == nil {
		*o = m
	}
	return nil
}

// Text gives a key's value as text; "" if it is missing or no scalar.
func (o Object) Text(key string) string {
	var t Text
	_ = t.UnmarshalJSON(o[key])
	return string(t)
}

// Int gives a key's value as a whole number; 0 if it is none.
func (o Object) Int(key string) int64 {
	var n Int
	_ = n.UnmarshalJSON(o[key])
	return int64(n)
}

// Float gives a key's value as a number, and whether it is one.
func (o Object) Float(key string) (float64, bool) {
	f, err := strconv.ParseFloat(o.Text(key), 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// Object gives a key's value as an object.
func (o Object) Object(key string) Object {
	var inner Object
	_ = inner.UnmarshalJSON(o[key])
	return inner
}

// Keys lists the keys in order.
func (o Object) Keys() []string { return slices.Sorted(maps.Keys(o)) }

// List is a JSON array; anything else is an empty one.
type List[E any] []E

// UnmarshalJSON takes arrays only, and the rest as an empty one.
func (l *List[E]) UnmarshalJSON(b []byte) error {
	*l = nil
	var all []E
	if json.Unmarshal(b, &all) == nil {
		*l = all
	}
	return nil
}

// ListOf gives a key's value as a list.
func ListOf[E any](o Object, key string) []E {
	var l List[E]
	_ = l.UnmarshalJSON(o[key])
	return l
}
