package connector_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
)

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

func TestAnAddressOfAConfigurationIsOneOnTheWeb(t *testing.T) {
	for address, want := range map[string]bool{
		"https://api.example/v1": true, "http://127.0.0.1:8080": true,
		"": false, "api.example": false, "https://": false, "ftp://api.example": false, "http://a b": false,
	} {
		require.Equal(t, want, connector.IsAddress(address), address)
	}
}
