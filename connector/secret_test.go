package connector_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
)

const hidden = "s3cr3t-value"

func TestASecretIsSeenNowhere(t *testing.T) {
	config := struct {
		One  connector.Secret
		More connector.Secrets
	}{hidden, connector.Secrets{hidden, hidden + "2"}}

	var shown bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&shown, verb+"\n", config)
		fmt.Fprintf(&shown, verb+"\n", config.One)
		fmt.Fprintf(&shown, verb+"\n", &config)
	}
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&shown, nil), slog.NewTextHandler(&shown, nil)} {
		slog.New(handler).Info("opened", "one", config.One, "more", config.More, "config", config)
	}
	encoded, err := json.Marshal(config)
	require.NoError(t, err)
	shown.Write(encoded)

	require.NotContains(t, shown.String(), hidden)
	require.Contains(t, shown.String(), "***")
	require.Equal(t, hidden, config.One.Reveal())
	require.Empty(t, connector.Secret("").String(), "that a secret is missing may be seen")
}

func TestSecretsMatchOnlyWhatTheyAre(t *testing.T) {
	for _, tt := range []struct {
		name    string
		secrets connector.Secrets
		given   string
		want    bool
	}{
		{"the only one", connector.Secrets{"a"}, "a", true},
		{"the old one", connector.Secrets{"new", "old"}, "old", true},
		{"another", connector.Secrets{"new", "old"}, "older", false},
		{"a beginning", connector.Secrets{"secret"}, "sec", false},
		{"nothing given", connector.Secrets{"secret"}, "", false},
		{"nothing configured", nil, "", false},
		{"an empty secret", connector.Secrets{""}, "", false},
		{"an empty secret and another", connector.Secrets{"", "a"}, "", false},
		{"one beside an empty secret", connector.Secrets{"", "a"}, "a", true},
		{"one configured twice", connector.Secrets{"a", "a"}, "a", true},
	} {
		require.Equal(t, tt.want, tt.secrets.Match(tt.given), tt.name)
	}
	require.Equal(t, connector.Secret("new"), connector.Secrets{"new", "old"}.First())
	require.Equal(t, connector.Secret(""), connector.Secrets(nil).First())
}
