package config_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

func TestLinksToFilesNeedAnAddressAndASecretThatLasts(t *testing.T) {
	const url = "https://handoff.example.com"
	decided := time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)
	picture := conversation.Attachment{URL: "https://files.example.com/1"}
	made := map[string]string{}
	for name, row := range map[string]struct {
		settings config.Settings
		want     bool
	}{
		"nothing":                     {config.Settings{}, false},
		"no secret":                   {config.Settings{PublicURL: url}, false},
		"no address":                  {config.Settings{FilesSecret: connector.Secrets{"0123456789abcdef"}}, false},
		"a token that can be guessed": {config.Settings{PublicURL: url, APIToken: connector.Secrets{"short"}}, false},
		"a secret":                    {config.Settings{PublicURL: url, FilesSecret: connector.Secrets{"0123456789abcdef"}}, true},
		"a token":                     {config.Settings{PublicURL: url, APIToken: connector.Secrets{"short", "an operator's token"}}, true},
	} {
		links, err := row.settings.Links()
		require.NoError(t, err, name)
		require.Equal(t, row.want, links != nil, name)
		if links != nil {
			made[name] = links.Make("shop", picture, decided)
			again, err := row.settings.Links()
			require.NoError(t, err)
			_, got, err := again.Open(made[name][len(url+files.Path):], decided)
			require.NoError(t, err, "it works after a restart")
			require.Equal(t, picture, got)
		}
	}
	require.NotEqual(t, made["a secret"], made["a token"])
}

func TestTheRulesOfFilesAreThoseOfTheFile(t *testing.T) {
	loaded, err := parse(t, `
connections:
  shop: {vendor: kiosk, max_file_size: 512KB, allow_file_types: [image/*, .pdf], deny_file_types: image/svg+xml}
  team: {vendor: inbox, max_file_size: 2 MB}
routes:
  shop: {channel: shop, desk: team}
`)
	require.NoError(t, err)
	require.Equal(t, files.Rules{
		MaxSize: 512 << 10, AllowTypes: []string{"image/*", ".pdf"}, DenyTypes: []string{"image/svg+xml"},
	}, loaded.Connections[0].FileRules)
	require.Equal(t, files.Rules{MaxSize: 2 << 20}, loaded.Connections[1].FileRules)

	opener, err := loaded.Files(config.Settings{}, prometheus.NewRegistry())
	require.NoError(t, err)
	require.Equal(t, files.TypeRefused, files.ReasonOf(opener.Check("shop", conversation.Attachment{Name: "a.svg", ContentType: "image/svg+xml"})))
	require.Equal(t, files.TooLarge, files.ReasonOf(opener.Check("team", conversation.Attachment{Size: 3 << 20})))
	require.NoError(t, opener.Check("team", conversation.Attachment{Size: 1 << 20}))
}
