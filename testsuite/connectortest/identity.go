package connectortest

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
)

func identityCases() []entry {
	return []entry{
		{
			name:  "NameIsFolder",
			why:   "the name is lower case and equal to the folder's: webhook addresses, metrics and documentation rely on it",
			alone: nameIsFolder,
		},
		{
			name:  "CapabilitiesGolden",
			why:   "sides, abilities and traits equal testdata/capabilities.golden, so that losing one shows in a review",
			alone: capabilitiesGolden,
		},
		{
			name:  "TraitsAreSound",
			why:   "what is promised in Traits is backed by methods: by look-up needs FindSent, a hosted bot needs PauseBot",
			alone: traitsAreSound,
		},
	}
}

func nameIsFolder(t T, s Subject) {
	c := s.mustOpen(t)
	dir, err := filepath.Abs(s.Dir)
	require.NoError(t, err)
	require.Equal(t, filepath.Base(dir), c.Name())
	require.Regexp(t, `^[a-z][a-z0-9]*$`, c.Name())
}

func capabilitiesGolden(t T, s Subject) {
	c := s.mustOpen(t)
	var b strings.Builder
	for _, side := range connector.SidesOf(c) {
		b.WriteString("side " + side + "\n")
	}
	for _, ability := range connector.CapabilitiesOf(c) {
		b.WriteString("can " + string(ability) + "\n")
	}
	traits := c.Traits()
	if is[connector.Channel](c) {
		b.WriteString("deliver " + traits.Deliver.String() + "\n")
	}
	if is[connector.Desk](c) {
		b.WriteString("open " + traits.Open.String() + "\n")
		b.WriteString("post " + traits.Post.String() + "\n")
	}
	golden(t, filepath.Join(s.Dir, "testdata", "capabilities.golden"), []byte(b.String()))
}

func traitsAreSound(t T, s Subject) {
	c := s.mustOpen(t)
	traits := c.Traits()
	require.Equal(t, traits, c.Traits(), "Traits are constant")
	require.NotEmpty(t, connector.SidesOf(c), "a connector takes at least one side")
	require.GreaterOrEqual(t, traits.MaxText, 0)
	require.GreaterOrEqual(t, traits.CallsPerSecond, 0.0)
	require.GreaterOrEqual(t, int64(traits.Redelivery), int64(0))
	if slices.Contains([]connector.Idempotency{traits.Deliver, traits.Post}, connector.ByLookup) {
		require.True(t, is[connector.SentFinder](c), "by look-up needs FindSent")
	}
	if traits.HostsBot {
		require.True(t, is[connector.Channel](c), "only a channel hosts a bot")
		require.True(t, is[connector.BotPauser](c), "a hosted bot must be paused when an agent speaks")
	}
	if traits.SendingTakesOver {
		require.True(t, traits.HostsBot, "only a hosted bot can be taken over")
	}
}

// mustOpen makes a connection that can call nobody.
func (s Subject) mustOpen(t T) connector.Connector {
	t.Helper()
	c, err := s.open(t, noNetwork{t}, s.Auth.Secret)
	require.NoError(t, err, "opening the connection")
	return c
}
