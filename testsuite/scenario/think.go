package scenario

import (
	"time"

	"github.com/handoff-engine/handoff/conversation"
)

// think finds what the called bot answers to the question of an effect, and how long it takes. The same question, asked
// again, has the same answer.
func (s *stage) think(asked conversation.Effect) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking = conversation.Answer{}
	question, words := s.question(asked), asked.Text
	if question < 0 {
		return 0
	}
	first := -1
	for i := question + 1; i < len(s.story.steps); i++ {
		st := s.story.steps[i]
		if st.words != nil && s.mayAnswerLater(i, words) {
			break
		}
		if st.answer == nil || st.answer.to != "" && st.answer.to != words {
			continue
		}
		if first < 0 {
			first = i
		}
		s.answered[i] = true
		s.asking.Messages = append(s.asking.Messages, st.answer.Messages...)
		s.asking.Handoff = s.asking.Handoff || st.answer.Handoff
		s.asking.End = s.asking.End || st.answer.End
		s.asking.Agent += st.answer.Agent
		s.asking.Group += st.answer.Group
	}
	if first < 0 {
		return 0
	}
	return max(0, s.due[first].Add(s.late).Sub(s.now())-beat/2)
}

// question finds the step in which the customer said what the bot is asked, or gives -1.
func (s *stage) question(asked conversation.Effect) int {
	if step, again := s.questions[asked.Key]; again {
		return step
	}
	taken := map[int]bool{}
	for _, step := range s.questions {
		taken[step] = true
	}
	pressed := -1
	for i, st := range s.story.steps {
		switch {
		case st.words == nil || taken[i]:
		case *st.words == asked.Text:
			s.questions[asked.Key] = i
			return i
		case i < s.next:
			// The number or the label of a button is another text for the bot than the customer's.
			pressed = i
		}
	}
	if pressed >= 0 {
		s.questions[asked.Key] = pressed
	}
	return pressed
}

// mayAnswerLater reports whether the customer's words at step i take over the answers that name no question.
func (s *stage) mayAnswerLater(i int, words string) bool {
	for _, st := range s.story.steps[i:] {
		if st.answer != nil && st.answer.to == words {
			return false
		}
	}
	return true
}
