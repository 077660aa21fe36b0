package slack

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// isTS reports whether a text is a ts: seconds and microseconds, such as 1767225600.000100. It is a message's id inside its
// channel, and stays a text: a float would lose digits [docs: message].
func isTS(ts string) bool {
	seconds, micros, ok := strings.Cut(ts, ".")
	return ok && digits(seconds) && digits(micros) && len(seconds) <= 12 && len(micros) <= 6
}

func digits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// timeOf is when a message was written; the zero time for what is no ts.
func timeOf(ts string) time.Time {
	if !isTS(ts) {
		return time.Time{}
	}
	seconds, micros, _ := strings.Cut(ts, ".")
	s, _ := strconv.ParseInt(seconds, 10, 64)
	us, _ := strconv.ParseInt((micros + "000000")[:6], 10, 64)
	return time.Unix(s, us*int64(time.Microsecond)).UTC()
}

// tsOf is the ts of an instant.
func tsOf(at time.Time) string { return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000) }
