package connector_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/mock/gomock"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/connectormock"
)

// noteTaker is a desk that can write notes and list messages, and nothing else.
type noteTaker struct {
	*connectormock.MockDesk
	connector.NoteWriter
	connector.MessageLister
}

func TestAbilitiesAreReadOffTheMethods(t *testing.T) {
	desk := noteTaker{MockDesk: connectormock.NewMockDesk(gomock.NewController(t))}
	require.Equal(t, []connector.Capability{connector.CanNote, connector.CanListMessages}, connector.CapabilitiesOf(desk))
	require.Equal(t, []string{"desk"}, connector.SidesOf(desk))
	require.Empty(t, connector.CapabilitiesOf(desk.MockDesk))
	require.Equal(t, []string{"channel"}, connector.SidesOf(connectormock.NewMockChannel(gomock.NewController(t))))
	require.Equal(t, []string{"bot"}, connector.SidesOf(connectormock.NewMockBot(gomock.NewController(t))))
}

func TestTheNamesOfPromisesAreThoseOfTheDocumentation(t *testing.T) {
	for promise, want := range map[connector.Idempotency]string{
		connector.AtLeastOnce: "at least once", connector.ByLookup: "by look-up", connector.ByKey: "by key", 99: "at least once",
	} {
		require.Equal(t, want, promise.String())
	}
}
