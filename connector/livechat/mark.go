package livechat

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/handoff-engine/handoff/conversation"
)

// LiveChat keeps a custom_id with each event and shows it in reads and webhooks. It is not known to refuse a second
// event with the same one (vendor reference, data structures: nothing is said), so it is our mark, not its key:
//
//	<key>          the one event of a send
//	<key>#2/3      the second event of a send that takes three
//	<key>~1        the first event that opens a ticket

// openMark marks an event that opens a ticket.
func openMark(key conversation.Key, n int) string { return string(key) + "~" + strconv.Itoa(n) }

// sendMark marks event n of a send of several.
func sendMark(key conversation.Key, n, of int) string {
	if of == 1 {
		return string(key)
	}
	return fmt.Sprintf("%s#%d/%d", key, n, of)
}

func transcriptEvents(key conversation.Key, lines []conversation.Line) []newEvent {
	var events []newEvent
	for i, text := range transcriptTexts(lines) {
		events = append(events, newEvent{Type: "message", Text: text, CustomID: openMark(key, i+1)})
	}
	return events
}

// proves gives the key of the send that an event completes, and reports whether it does. Events that open a ticket
// prove nothing: their ticket is found by Open itself.
func proves(customID string) (conversation.Key, bool) {
	key, rest, several := strings.Cut(customID, "#")
	if several {
		n, of, ok := strings.Cut(rest, "/")
		if !ok || n != of {
			return "", false
		}
	}
	if !strings.Contains(key, "/") || strings.Contains(key, "~") {
		return "", false
	}
	return conversation.Key(key), true
}

// sent finds the send of a key among events: the id of its last event, if all of its events are there.
func sent(key conversation.Key, events []event) (eventID string, found bool) {
	have := map[string]string{}
	for _, e := range events {
		have[e.CustomID] = e.ID
	}
	if id, ok := have[string(key)]; ok {
		return id, true
	}
	for mark := range have {
		rest, ok := strings.CutPrefix(mark, string(key)+"#")
		if !ok {
			continue
		}
		_, count, _ := strings.Cut(rest, "/")
		of, err := strconv.Atoi(count)
		if err != nil || of < 2 || of > len(events) {
			continue
		}
		for n := 1; n <= of; n++ {
			if eventID, found = have[sendMark(key, n, of)], have[sendMark(key, n, of)] != ""; !found {
				break
			}
		}
		if found {
			return eventID, true
		}
	}
	return "", false
}
