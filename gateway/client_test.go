package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
)

// device runs docs/examples/app-client.js: it says hello, and prints what it hears until it hears good bye. Its first
// token is one that is over.
const device = `
import { HandoffChat } from "./app-client.mjs";
const tokens = ["hct1.1.over", process.env.TOKEN];
const chat = new HandoffChat(process.env.CHANNEL, "c1", async () => tokens.shift() ?? process.env.TOKEN);
await chat.say("hello, <b>€</b>");
await chat.tell({ type: "bot.message", text: "You get your money back." }).catch((e) => console.log(JSON.stringify({ refused: e.message })));
await chat.listen((event, data) => {
  console.log(JSON.stringify({ event, ...data }));
  if (data.text === "good bye") chat.close();
});
await chat.say("too late").catch((e) => console.log(JSON.stringify({ refused: e.message })));
`

func TestTheExampleClientHearsEverythingOnceThroughBreaks(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: the example client is not tried")
	}
	client, err := os.ReadFile(filepath.Join("..", "docs", "examples", "app-client.js"))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app-client.mjs"), client, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "device.mjs"), []byte(device), 0o600))

	s := newAppSite(t)
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, node, "device.mjs")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CHANNEL="+server.URL+"/v1/channels/app-shop", "TOKEN="+s.customerToken(t))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	hear := func() map[string]any {
		require.True(t, lines.Scan(), "the client ended early")
		var heard map[string]any
		require.NoError(t, json.Unmarshal(lines.Bytes(), &heard))
		return heard
	}

	require.Contains(t, hear()["refused"], "bot's name")
	require.Len(t, s.memory.arrivals(), 1)
	require.Equal(t, "hello, <b>€</b>", s.memory.arrivals()[0].Event.Text)
	s.memory.say(conversation.RoleCustomer, "hello")
	require.Equal(t, "hello", hear()["text"])
	s.memory.say(conversation.RoleAgent, "two\n\nparagraphs: <b>€</b>")
	heard := hear()
	require.Equal(t, "two\n\nparagraphs: <b>€</b>", heard["text"])
	require.Equal(t, map[string]any{"role": "agent"}, heard["author"])
	for _, text := range []string{"after a break", "after another"} {
		server.CloseClientConnections()
		s.memory.say(conversation.RoleAgent, text)
		require.Equal(t, text, hear()["text"])
	}
	s.memory.say(conversation.RoleAgent, "good bye")
	require.Equal(t, "good bye", hear()["text"])
	require.Equal(t, "closed", hear()["refused"])
	require.NoError(t, cmd.Wait())
	require.Len(t, s.memory.arrivals(), 1)
}
