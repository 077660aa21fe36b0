package conversation_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

// at reads an instant in UTC.
func at(t require.TestingT, text string) time.Time {
	instant, err := time.Parse("2006-01-02 15:04", text)
	require.NoError(t, err)
	return instant
}

// berlin are hours in a zone whose clocks change, as a file has them.
func berlin(t *testing.T, text string) Hours {
	t.Helper()
	var h Hours
	require.NoError(t, json.Unmarshal([]byte(text), &h))
	h.Zone = "Europe/Berlin"
	return h.Resolve(at(t, "2026-03-01 00:00"))
}

func TestAgentsComeBackAtTheTimeOnTheWall(t *testing.T) {
	week := `{"open":["mon-fri 09:00-12:00","mon-fri 13:00-18:00","sat 22:00-06:00"],"except":["2026-04-03 closed","2026-04-02 10:00-11:00"]}`
	for _, x := range []struct{ now, opens, why string }{
		{"2026-03-27 08:00", "2026-03-27 08:00", "it is open"},
		{"2026-03-27 11:30", "2026-03-27 12:00", "the break at noon"},
		{"2026-03-27 17:01", "2026-03-28 21:00", "Friday evening, open again on Saturday night"},
		{"2026-03-29 00:30", "2026-03-29 00:30", "Saturday's night shift goes on into Sunday"},
		{"2026-03-29 04:00", "2026-03-30 07:00", "the shift ended at 6 by the clock that was put forward; Monday at 9 is 7 in UTC since then"},
		{"2026-04-01 16:30", "2026-04-02 08:00", "a day with hours of its own"},
		{"2026-04-02 09:00", "2026-04-04 20:00", "after them nothing before Saturday: Friday is a holiday"},
		{"2026-10-23 17:01", "2026-10-24 20:00", "before the clocks are put back"},
		{"2026-10-25 12:00", "2026-10-26 08:00", "and after it"},
	} {
		opens, ok := berlin(t, week).NextOpening(at(t, x.now))
		require.True(t, ok, x.why)
		require.Equal(t, x.opens, opens.UTC().Format("2006-01-02 15:04"), "%s: %s", x.now, x.why)
	}
}

func TestWhoIsNeverThereIsNeverBack(t *testing.T) {
	_, ok := berlin(t, `{"except":["2026-03-02 closed"]}`).NextOpening(at(t, "2026-03-02 12:00"))
	require.False(t, ok)
	require.True(t, Hours{Open: []Opening{{First: time.Sunday, Last: time.Saturday, Span: Span{From: 0, To: 24 * 60}}}}.IsOpen(at(t, "2026-03-02 23:59")))
}

func TestHoursAreWrittenAsTheyAreRead(t *testing.T) {
	for _, text := range []string{"mon-fri 09:00-18:00", "sat 10:00-14:00", "fri-mon 22:00-06:00", "sun 00:00-24:00"} {
		var o Opening
		require.NoError(t, o.UnmarshalText([]byte(text)))
		written, err := o.MarshalText()
		require.NoError(t, err)
		require.Equal(t, text, string(written))
	}
	for _, text := range []string{"", "mon", "mon-xyz 09:00-18:00", "mon 9-18", "mon 09:00-09:00", "mon 09:00-24:30", "mon 09:0-10:00", "2026-13-01 closed"} {
		var o Opening
		require.Error(t, o.UnmarshalText([]byte(text)), text)
		var e Exception
		require.Error(t, e.UnmarshalText([]byte(text)), text)
	}
}

// The next opening is when it opens: it is open then, and closed at every minute before.
func TestTheNextOpeningIsTheFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := Hours{Zone: rapid.SampledFrom([]string{"", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"}).Draw(t, "zone")}
		for range rapid.IntRange(1, 3).Draw(t, "openings") {
			from := rapid.IntRange(0, 24*60-1).Draw(t, "from")
			h.Open = append(h.Open, Opening{
				First: time.Weekday(rapid.IntRange(0, 6).Draw(t, "first")), Last: time.Weekday(rapid.IntRange(0, 6).Draw(t, "last")),
				Span: Span{From: from, To: (from + rapid.IntRange(1, 24*60-1).Draw(t, "minutes")) % (24 * 60)},
			})
		}
		begin := at(t, "2026-03-25 00:00").Add(time.Duration(rapid.IntRange(0, 250*24*60).Draw(t, "minute")) * time.Minute)
		h = h.Resolve(begin)
		opens, ok := h.NextOpening(begin)
		require.True(t, ok)
		require.True(t, h.IsOpen(opens), "%s", opens)
		for now := begin; now.Before(opens); now = now.Add(7 * time.Minute) {
			require.False(t, h.IsOpen(now), "%s is before %s", now, opens)
		}
	})
}
