package connector_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
)

func TestMadeIDsTellPartsApart(t *testing.T) {
	seen := map[string]bool{}
	for _, parts := range [][]string{{"a", "bc"}, {"ab", "c"}, {"abc"}, {"a", "bc", ""}, {"a", "", "bc"}, {}} {
		id := connector.MadeID(parts...)
		require.Len(t, id, 32)
		require.False(t, seen[id], parts)
		require.Equal(t, id, connector.MadeID(parts...))
		seen[id] = true
	}
}

func TestAFilesNameIsTheEndOfItsAddress(t *testing.T) {
	for address, want := range map[string]string{
		"https://files.example/a/receipt.png":             "receipt.png",
		"https://files.example/receipt.png?token=a.b/c#d": "receipt.png",
		"https://files.example/receipt.png#page=2?x":      "receipt.png",
		"https://files.example/folder.of/":                "",
		"https://files.example/download?name=receipt.png": "",
		"https://files.example":                           "files.example",
		"":                                                "",
	} {
		require.Equal(t, want, connector.FileNameIn(address), address)
	}
	require.True(t, connector.IsWebAddress("http://files.example"))
	require.False(t, connector.IsWebAddress("javascript:alert(1)"))
}

func TestASendOfWhichPartsArrivedIsUncertain(t *testing.T) {
	limited := &connector.Error{Kind: connector.RateLimited}
	require.Equal(t, connector.RateLimited, connector.KindOf(connector.Partly(limited, 0)), "nothing arrived")
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(connector.Partly(limited, 2)))
	require.Equal(t, connector.RateLimited, limited.Kind, "the error itself stays as it is")
	refused := &connector.Error{Kind: connector.Invalid}
	require.Equal(t, connector.Invalid, connector.KindOf(connector.Partly(refused, 2)), "repeating cannot help")
	other := errors.New("another")
	require.Equal(t, other, connector.Partly(other, 2))
	require.NoError(t, connector.Partly(nil, 2))
}
