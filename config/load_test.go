package config_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

var update = flag.Bool("update", false, "write the golden files anew; commit the difference only if you understand it")

// variables stands for the process's environment.
func variables(name string) (string, bool) {
	value, set := map[string]string{
		"TOKEN": "t0p-secret", "OLD_TOKEN": "old-secret", "EMPTY": "", "FROM_FILE": "file:testdata/no-such-file",
		"RETRIES": "4", "SHOUT": "LOUD-SECRET",
	}[name]
	return value, set
}

func options() config.Options {
	return config.Options{Registry: registry(), Lookup: variables}
}

func parse(t *testing.T, yaml string) (*config.Loaded, error) {
	t.Helper()
	return config.Parse("handoff.yaml", []byte(yaml), options())
}

// Each broken file in testdata/broken has beside it what the user is told.
func TestEveryMistakeIsNamedWithItsLineAndWhatToWrite(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			loaded, err := config.Parse(filepath.Base(file), data, options())
			require.Nil(t, loaded)
			var mistakes config.Mistakes
			require.ErrorAs(t, err, &mistakes)
			said := err.Error() + "\n"
			for _, secret := range []string{"t0p-secret", "old-secret", "LOUD-SECRET"} {
				require.NotContains(t, said, secret)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(said), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), said)
		})
	}
}

func TestAGoodFileGivesConnectionsAndRoutesInItsOrder(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(secret, []byte("from-a-file\r\n"), 0o600))
	opts := options()
	opts.PublicURL = "https://handoff.example.com/"
	loaded, err := config.Parse("handoff.yaml", []byte(`
x-patience: &patience {accept_within: 1m, max_wait: 10m}
connections:
  shop:
    vendor: chatter
    api_token: ["${TOKEN}", "${OLD_TOKEN}", "file:`+secret+`", "a$${b"]
    hook_token: literal
    region: eu
    pause: 1m30s
    retries: ${RETRIES}
    weight: 0.5
    strict: true
    bots: [7, 8]
    names: {anna@example.com: Anna}
    nodes: [{id: 12, port: 3}]
    allow_hosts: [files.example.com, 127.0.0.1:9000]
    reorder_window: 200ms
  till: {vendor: kiosk}
  team: {vendor: inbox}
  post: {vendor: mailbox}
  mind: {vendor: brain}
routes:
  shop:
    channel: shop
    desk: team
    policy:
      <<: *patience
      max_wait: 20m
      ladder: [{same_agent: true}, {group: "7", accept_within: 30s}]
      on_close: bot
      texts: {assigned: "Hello, {agent} here.", waiting: ""}
      handoff_words: human
  till:
    channel: till
    bot: mind
    desk: [{connection: team, group: sales}, post]
`), opts)
	require.NoError(t, err)

	require.Equal(t, chatterConfig{
		BaseURL: "https://api.chatter.example", APIToken: connector.Secrets{"t0p-secret", "old-secret", "from-a-file", "a${b"},
		HookToken: "literal", Region: "eu", Pause: 90 * time.Second, Retries: 4, Weight: new(0.5), Strict: true,
		Bots: []int64{7, 8}, Names: map[string]string{"anna@example.com": "Anna"}, Nodes: []node{{ID: "12", Port: 3}},
	}, opened.config)
	require.Equal(t, "shop", opened.deps.Connection)
	require.Equal(t, "https://handoff.example.com", opened.deps.PublicURL)
	require.Equal(t, []string{"files.example.com", "127.0.0.1:9000"}, opened.deps.AllowHosts)

	names := make([]string, 0, len(loaded.Connections))
	for _, c := range loaded.Connections {
		names = append(names, c.Name+" "+c.Vendor)
	}
	require.Equal(t, []string{"shop chatter", "till kiosk", "team inbox", "post mailbox", "mind brain"}, names)
	shop, ok := loaded.Connection("shop")
	require.True(t, ok)
	require.Equal(t, 200*time.Millisecond, shop.ReorderWindow)
	require.Equal(t, "handoff-shop", shop.Queue)

	require.Equal(t, []conversation.Route{
		{
			Name: "shop",
			Channel: conversation.Connection{
				Name: "shop", Vendor: "chatter", Can: []string{"pause_bot", "resume_bot"}, Queue: "handoff-shop",
				HostsBot: true, SendingTakesOver: true, Batch: true, Redelivery: conversation.Duration(2 * time.Hour),
				ReorderWindow: conversation.Duration(200 * time.Millisecond),
			},
			Desks: []conversation.Connection{{
				Name: "team", Vendor: "inbox", Can: []string{"assign", "availability"}, HoldUnknown: true, Batch: true,
			}},
			Policy: conversation.Policy{
				AcceptWithin: conversation.Duration(time.Minute), MaxWait: conversation.Duration(20 * time.Minute),
				Ladder:       []conversation.Rung{{SameAgent: true}, {Group: "7", AcceptWithin: conversation.Duration(30 * time.Second)}},
				OnClose:      conversation.ToBot,
				Texts:        texts("assigned", "Hello, {agent} here.", "waiting", ""),
				HandoffWords: []string{"human"},
			},
		},
		{
			Name:    "till",
			Channel: conversation.Connection{Name: "till", Vendor: "kiosk"},
			Bot:     &conversation.Connection{Name: "mind", Vendor: "brain"},
			Desks: []conversation.Connection{
				{Name: "team", Vendor: "inbox", Can: []string{"assign", "availability"}, HoldUnknown: true, Batch: true, Group: "sales"},
				{Name: "post", Vendor: "mailbox"},
			},
		},
	}, loaded.Routes)
}

// texts makes a policy's texts of names and values.
func texts(pairs ...string) map[conversation.TextName]string {
	all := make(map[conversation.TextName]string)
	for i := 0; i+1 < len(pairs); i += 2 {
		all[conversation.TextName(pairs[i])] = pairs[i+1]
	}
	return all
}

func TestTheQueueOfAConnectionBeginsWithTheTaskQueue(t *testing.T) {
	opts := options()
	opts.TaskQueue = "blue"
	loaded, err := config.Parse("handoff.yaml", []byte(`
connections:
  shop: {vendor: chatter, api_token: a, hook_token: b}
  team: {vendor: inbox}
routes:
  shop: {channel: shop, desk: team}
`), opts)
	require.NoError(t, err)
	require.Equal(t, "blue-shop", loaded.Routes[0].Channel.Queue)
	require.Empty(t, loaded.Routes[0].Desks[0].Queue)
}

func TestAMissingFileSaysWhereToGetOne(t *testing.T) {
	_, err := config.Load("testdata/none.yaml", options())
	require.EqualError(t, err, "testdata/none.yaml: there is no such file. Copy handoff.example.yaml to it, or name another with --config or HANDOFF_CONFIG.")
}

func TestAFolderIsNoFile(t *testing.T) {
	_, err := config.Load("testdata", options())
	require.EqualError(t, err, "testdata: cannot be read: is a directory.")
}

func TestLoadReadsAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "handoff.yaml")
	require.NoError(t, os.WriteFile(file, []byte("connections:\n  till: {vendor: kiosk}\n  post: {vendor: mailbox}\nroutes:\n  till: {channel: till, desk: post}\n"), 0o600))
	loaded, err := config.Load(file, options())
	require.NoError(t, err)
	require.Len(t, loaded.Routes, 1)
	_, there := loaded.Connection("nobody")
	require.False(t, there)
}

func TestAMappingThatMergesItselfComesToAnEnd(t *testing.T) {
	_, err := parse(t, "connections: &c\n  <<: *c\n  till: {vendor: kiosk}\n  post: {vendor: mailbox}\nroutes:\n  till: {channel: till, desk: post}\n")
	require.NoError(t, err)
}
