package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
)

// showing is a route whose channel shows who has the conversation.
func showing() conversation.Route {
	r := route()
	r.Channel.Can = []string{"notify_state"}
	return r
}

// notified gives the states that the channel was told of, in order.
func (r *rig) notified() []conversation.State {
	var states []conversation.State
	for _, task := range r.performed("Notify") {
		for _, e := range task.Effects {
			states = append(states, e.Change.To)
		}
	}
	return states
}

func TestAChannelThatShowsStatesIsToldOfEachInOrder(t *testing.T) {
	r := newRig(t)
	r.play["Notify"] = failing(2, vendorError("unavailable", 0))
	r.withAgent()
	r.at(time.Minute, func() { r.tell(event("1", conversation.AgentSaid, "hello")) })
	r.at(2*time.Minute, func() { r.tell(event("2", conversation.TicketClosed, "")) })
	r.start(showing())
	require.Equal(t, []conversation.State{
		conversation.Waiting, conversation.Waiting, conversation.Waiting, conversation.Assigned, conversation.Ended,
	}, r.notified(), "the first is tried until it is taken, and the others wait for it")
	require.Contains(t, r.said("Say"), "hello")
}

func TestOtherChannelsAreToldOfNoState(t *testing.T) {
	r := newRig(t)
	r.withAgent()
	r.start(route())
	require.Empty(t, r.notified())
}
