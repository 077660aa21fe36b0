package dialogflow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/conversation"
)

// maxState bounds what is kept of the bot's state, in bytes of JSON: it travels with each turn through the workflow.
const maxState = 16 << 10

// expiryMargin is how much earlier than Google we take a session for expired.
const expiryMargin = time.Minute

// state is the bot's session after a completed turn, kept by the conversation and given back with the next turn.
type state struct {
	// session is the id; "" before the first turn.
	session string
	// at is when the turn was.
	at time.Time
	// page and parameters are the state of CX.
	page       string
	parameters map[string]json.RawMessage
	// contexts are the state of ES, named by their ids alone. filling says that more of it sits in reserved contexts,
	// which we cannot restore.
	contexts []esContext
	filling  bool
	// ended says that the bot finished: it begins anew with the next turn.
	ended bool
	// gaveAway says that the bot asked for a human: the next turn follows a hand-back.
	gaveAway bool
	// misses counts the turns in a row that the bot did not understand.
	misses int
}

// The keys of what the conversation keeps.
const (
	keySession    = "session"
	keyAt         = "at"
	keyPage       = "page"
	keyParameters = "parameters"
	keyContexts   = "contexts"
	keyFlags      = "flags"
	keyMisses     = "misses"

	flagFilling  = "filling"
	flagEnded    = "ended"
	flagGaveAway = "gave_away"
)

// load reads what save wrote. What cannot be read is left out: the bot then begins anew.
func load(vendor map[string]string) state {
	s := state{session: vendor[keySession], page: vendor[keyPage]}
	s.at, _ = time.Parse(time.RFC3339, vendor[keyAt])
	s.misses, _ = strconv.Atoi(vendor[keyMisses])
	_ = json.Unmarshal([]byte(vendor[keyParameters]), &s.parameters)
	_ = json.Unmarshal([]byte(vendor[keyContexts]), &s.contexts)
	for flag := range strings.FieldsSeq(vendor[keyFlags]) {
		switch flag {
		case flagFilling:
			s.filling = true
		case flagEnded:
			s.ended = true
		case flagGaveAway:
			s.gaveAway = true
		}
	}
	return s
}

// save writes every key, because what is empty must replace what was there.
func (s state) save() (vendor map[string]string, whole bool) {
	vendor = map[string]string{
		keySession: s.session, keyAt: s.at.UTC().Format(time.RFC3339), keyPage: s.page,
		keyParameters: "", keyContexts: "", keyFlags: "", keyMisses: "",
	}
	if s.misses > 0 {
		vendor[keyMisses] = strconv.Itoa(s.misses)
	}
	var flags []string
	for _, f := range []struct {
		set  bool
		name string
	}{{s.filling, flagFilling}, {s.ended, flagEnded}, {s.gaveAway, flagGaveAway}} {
		if f.set {
			flags = append(flags, f.name)
		}
	}
	vendor[keyFlags] = strings.Join(flags, " ")
	parameters, contexts := compact(len(s.parameters), s.parameters), compact(len(s.contexts), s.contexts)
	if len(parameters)+len(contexts) > maxState {
		// A page without its parameters would be worse than what Google remembers.
		vendor[keyPage] = ""
		return vendor, false
	}
	vendor[keyParameters], vendor[keyContexts] = parameters, contexts
	return vendor, true
}

func compact(n int, v any) string {
	if n == 0 {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// expired reports whether Google has forgotten the session by now.
func (s state) expired(now time.Time, ttl time.Duration) bool {
	return !s.at.IsZero() && now.Sub(s.at) > ttl-expiryMargin
}

// endPages are the symbolic pages that finish a session. They must never be restored.
const (
	endSession    = "END_SESSION"
	endEscalation = "END_FLOW_WITH_HUMAN_ESCALATION"
)

// after gives the state that an answer leaves.
func (s state) after(r *queryResult, now time.Time, handoffParameters []string) state {
	next := state{session: s.session, at: now, misses: s.misses}
	if last := path.Base(r.CurrentPage.Name); r.CurrentPage.Name != "" && last != endSession && last != endEscalation {
		next.page, next.parameters = r.CurrentPage.Name, maps.Clone(r.Parameters)
		// A wish for a human that stayed in the session would be heard again after each hand-back.
		for _, name := range handoffParameters {
			delete(next.parameters, name)
		}
	}
	for _, c := range r.OutputContexts {
		id := path.Base(c.Name)
		if c.LifespanCount > 0 && !reserved(id) {
			next.contexts = append(next.contexts, esContext{Name: id, LifespanCount: c.LifespanCount, Parameters: c.Parameters})
		}
		if strings.HasSuffix(id, suffixDialog) && !r.AllRequiredParamsPresent {
			next.filling = true
		}
	}
	return next
}

// suffixDialog ends the reserved contexts in which ES fills slots.
const suffixDialog = "_id_dialog_context"

// reserved reports whether ES forbids us to make a context of this id.
func reserved(id string) bool {
	return strings.HasPrefix(id, "__") || strings.HasSuffix(id, suffixDialog) || strings.HasSuffix(id, "_dialog_params_size")
}

// sessionID makes the id of a session that the turn named by key begins: the same for every repeat of that turn, another
// one for every other turn, and short enough. It shows nothing of the conversation.
func sessionID(key conversation.Key) string {
	sum := sha256.Sum256([]byte(key))
	h := hex.EncodeToString(sum[:16])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
