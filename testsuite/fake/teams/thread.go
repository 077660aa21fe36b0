package teams

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// botName is who the bot's messages are by, here and in the journal.
const botName = "bot"

// thread is a post in a channel and its replies.
type thread struct {
	id       string
	messages []*message
}

func (t *thread) channel() string {
	channel, _, _ := strings.Cut(t.id, ";")
	return channel
}

func (t *thread) root() string { return t.messages[0].id }

// message is one message of a thread. By is the bot or the object id of a person.
type message struct {
	id, by, speaker, text string
	mentions              []string
	card                  *Card
	edited, deleted       bool
	// at is when it was written, markup and cards what the bot posted, and entities what a person mentioned.
	at       time.Time
	markup   string
	cards    []json.RawMessage
	entities []mention
}

// Thread is a thread as people see it.
type Thread struct {
	ID string
	// Card is the card at its head, if it has one.
	Card *Card
	// Lines are the replies.
	Lines []Line
}

// Line is one reply. By is "bot" or the object id of a person, and Speaker the bold name before the bot's words.
type Line struct {
	ID, By, Speaker, Text string
	// Mentions are the object ids of the people who are told of it.
	Mentions        []string
	Card            *Card
	Edited, Deleted bool
}

// Threads are all threads, oldest first.
func (s *Server) Threads() []Thread {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Thread
	for _, t := range s.threads {
		seen := Thread{ID: t.id, Card: t.messages[0].card}
		for _, m := range t.messages[1:] {
			seen.Lines = append(seen.Lines, Line{
				ID: m.id, By: m.by, Speaker: m.speaker, Text: m.text, Mentions: m.mentions, Card: m.card, Edited: m.edited, Deleted: m.deleted,
			})
		}
		list = append(list, seen)
	}
	return list
}

// Thread gives one of them.
func (s *Server) Thread(id string) (Thread, bool) {
	threads := s.Threads()
	i := slices.IndexFunc(threads, func(t Thread) bool { return t.ID == id })
	if i < 0 {
		return Thread{}, false
	}
	return threads[i], true
}

// Heard are the texts that the bot posted to a thread as said by somebody, in order.
func (t Thread) Heard(speaker string) []string {
	texts := []string{}
	for _, l := range t.Lines {
		if l.By == botName && l.Speaker == speaker && !l.Deleted {
			texts = append(texts, l.Text)
		}
	}
	return texts
}

// Over reports whether the card has no button any more that does something.
func (t Thread) Over() bool {
	return t.Card != nil && !slices.ContainsFunc(t.Card.Buttons, func(b Button) bool { return b.Verb != "" })
}

func (s *Server) thread(id string) *thread {
	for _, t := range s.threads {
		if t.id == id {
			return t
		}
	}
	return nil
}

func (s *Server) member(id string) *Member {
	for i, m := range s.options.Members {
		if m.Account == id || m.Object == id {
			return &s.options.Members[i]
		}
	}
	return nil
}

// newID gives the next message's id: a time in milliseconds.
func (s *Server) newID() string {
	s.lastID += 100
	return strconv.FormatInt(s.lastID, 10)
}

// begin makes a post of its own.
func (s *Server) begin(channel string, m *message) *thread {
	m.id, m.at = s.newID(), s.options.Now()
	t := &thread{id: channel + ";messageid=" + m.id, messages: []*message{m}}
	s.threads = append(s.threads, t)
	s.note(t, m.by, "thread", m)
	return t
}

// reply adds a message to a thread.
func (s *Server) reply(t *thread, m *message) {
	m.id, m.at = s.newID(), s.options.Now()
	t.messages = append(t.messages, m)
	s.note(t, m.by, "text", m)
	if m.by == botName && s.switches.OwnPosts {
		s.tell(t, m, "message", "", nil)
	}
}
