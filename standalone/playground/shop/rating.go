package shop

import (
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/connector/memory"
)

// survey asks the customer how the help was: a message with five buttons.
func (v *Vendor) survey(r *http.Request) (any, error) {
	req, err := read[memory.SurveyRequest](r)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(req.Text) > memory.MaxText {
		return nil, ErrTooLong
	}
	return v.once(req.Key, r.URL.Path, func(now time.Time) (any, []change, error) {
		c, err := v.conversation(r.PathValue("id"))
		if err != nil {
			return nil, nil, err
		}
		ask := memory.SendRequest{Key: req.Key, Text: req.Text, Author: memory.Author{Role: memory.RoleSystem}}
		m := message(ask, c.ID+"-s", c.nextSeq(), now)
		m.Survey = true
		return memory.SendResult{ID: m.ID, At: now}, []change{{Op: opSaid, At: now, Conversation: c.ID, Message: &m}}, nil
	})
}

// Rate answers a question for a rating. The first answer counts.
func (v *Vendor) Rate(conversation, question string, rating int) error {
	return v.do(func(now time.Time) ([]change, error) {
		c, err := v.conversation(conversation)
		if err != nil {
			return nil, err
		}
		m := find(c.Messages, question)
		switch {
		case m == nil || !m.Survey || rating < 1 || rating > 5:
			return nil, ErrUnknown
		case m.Rating != 0:
			return nil, nil
		}
		event := c.event(memory.TypeCustomerRated, now)
		event.Rating = rating
		return []change{
			{Op: opRated, At: now, Conversation: c.ID, Key: question, Rating: rating},
			{Op: opEvent, At: now, Hook: ChannelHook, Event: event},
		}, nil
	})
}

// rated keeps on the ticket how the customer liked the help.
func (v *Vendor) rated(r *http.Request) (any, error) {
	req, err := read[memory.RatingRequest](r)
	if err != nil {
		return nil, err
	}
	if req.Rating < 1 || req.Rating > 5 || utf8.RuneCountInString(req.Comment) > memory.MaxText {
		return nil, refusal{422, "invalid", "the rating is no number from 1 to 5, or the comment too long"}
	}
	return v.onTicket(r, req.Key, func(t *Ticket, now time.Time) (any, []change, error) {
		return memory.Result{OK: true}, []change{{Op: opReported, At: now, Ticket: t.ID, Rating: req.Rating, Comment: req.Comment}}, nil
	})
}
