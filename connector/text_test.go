package connector_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/handoff-engine/handoff/connector"
)

func TestATextIsSplitBehindAWordWhereOneEndsNearby(t *testing.T) {
	require.Equal(t, []string{"one two three four ", "five"}, connector.SplitText("one two three four five", 20))
	require.Equal(t, []string{"abcdefghij", "klm"}, connector.SplitText("abcdefghijklm", 10))
	require.Equal(t, []string{"short"}, connector.SplitText("short", 10))
	require.Empty(t, connector.SplitText("", 10))
	require.Empty(t, connector.SplitText(" \n ", 10))
}

func TestNoRuneIsCutAndNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("aé ñ漢🙂\n"))).Draw(t, "text")
		limit := rapid.IntRange(1, 30).Draw(t, "limit")
		parts := connector.SplitText(text, limit)
		for _, p := range parts {
			require.True(t, utf8.ValidString(p))
			require.LessOrEqual(t, utf8.RuneCountInString(p), limit)
		}
		words := func(s string) string { return strings.Join(strings.Fields(s), "") }
		require.Equal(t, words(text), words(strings.Join(parts, "")))
	})
}

func TestATextIsCutBetweenRunes(t *testing.T) {
	require.Equal(t, "漢字", connector.CutText("漢字かな", 2))
	require.Equal(t, "ab", connector.CutText("ab", 5))
	require.Empty(t, connector.CutText("ab", 0))
}
