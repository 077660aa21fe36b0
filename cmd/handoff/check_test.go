package main

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const twoRoutes = `connections:
  shop: {vendor: web}
  till: {vendor: web, check: ok}
  team: {vendor: bureau}
  mail: {vendor: post}
routes:
  shop: {channel: shop, desk: team}
  till:
    channel: till
    desk: [mail, team]
    policy: {on_unknown_send: hold, reply_window: 24h}
`

// durations are of one run.
var durations = regexp.MustCompile(`\(\d+(\.\d+)?[µm]?s\)`)

func TestCheckReportsWhatEachRouteCannotDo(t *testing.T) {
	t.Setenv("HANDOFF_PUBLIC_URL", "https://handoff.example.com")
	t.Setenv("TEMPORAL_ADDRESS", startTemporal(t).address)
	code, stdout, stderr := call(t, "check", "--config", write(t, "handoff.yaml", twoRoutes))
	require.Equal(t, exitOK, code, stderr)
	require.Empty(t, stderr)
	stdout = regexp.MustCompile(`\S+/handoff\.yaml`).ReplaceAllString(durations.ReplaceAllString(stdout, "(1ms)"), "handoff.yaml")
	stdout = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(stdout, "127.0.0.1:7233")
	golden(t, "testdata/check.txt", stdout)
}

func TestCheckNamesEveryCredentialThatDoesNotWork(t *testing.T) {
	t.Setenv("TEMPORAL_ADDRESS", startTemporal(t).address)
	file := write(t, "handoff.yaml", `connections:
  shop: {vendor: web, check: refused}
  team: {vendor: bureau, check: refused}
routes:
  shop: {channel: shop, desk: team}
`)
	code, stdout, stderr := call(t, "check", "--config", file)
	require.Equal(t, exitWrong, code)
	require.Contains(t, stdout, "route shop: shop → team")
	require.Equal(t, `connection shop: web Check: unauthenticated: the token is not known
connection team: bureau Check: unauthenticated: the token is not known
`, stderr)
}

func TestCheckOfflineCallsNobody(t *testing.T) {
	server := startTemporal(t)
	t.Setenv("TEMPORAL_ADDRESS", server.address)
	file := write(t, "handoff.yaml", `connections:
  shop: {vendor: web, check: refused}
  team: {vendor: bureau, check: refused}
routes:
  shop: {channel: shop, desk: team}
`)
	code, stdout, stderr := call(t, "check", "--offline", "--config", file)
	require.Equal(t, exitOK, code)
	require.Empty(t, stderr)
	require.Contains(t, stdout, "not tried")
	require.Contains(t, stdout, "temporal: not asked")
	require.Zero(t, server.calls.Load())
}

func TestCheckSaysHowTemporalStands(t *testing.T) {
	file := write(t, "handoff.yaml", twoRoutes)
	server := startTemporal(t)
	t.Setenv("TEMPORAL_ADDRESS", server.address)
	for _, row := range []struct {
		name   string
		answer error
		code   int
		said   string
	}{
		{"there", nil, exitOK, "namespace default: is there; the worker adds 8 search attributes at its start"},
		{"away", status.Error(codes.Unavailable, "down"), exitOK, "namespace default: cannot be reached, or has no such namespace"},
		{"refused", status.Error(codes.PermissionDenied, "no"), exitWrong, "namespace default: refuses our credentials"},
	} {
		server.answer(row.answer)
		code, stdout, stderr := call(t, "check", "--config", file)
		require.Equal(t, row.code, code, "%s: %s", row.name, stderr)
		require.Contains(t, stdout, row.said, row.name)
	}
}

func TestSubscribeRegistersTheAddressOfEachConnection(t *testing.T) {
	subscribed = nil
	t.Setenv("HANDOFF_PUBLIC_URL", "https://handoff.example.com/")
	file := write(t, "handoff.yaml", twoRoutes)
	code, stdout, stderr := call(t, "subscribe", "--config", file)
	require.Equal(t, exitOK, code, stderr)
	require.Equal(t, `shop: registered https://handoff.example.com/webhooks/shop
till: registered https://handoff.example.com/webhooks/till
team: registered https://handoff.example.com/webhooks/team
mail: post has no call for it: register https://handoff.example.com/webhooks/mail at the vendor by hand, as connector/post/README.md says
`, stdout)
	require.Equal(t, []string{
		"https://handoff.example.com/webhooks/shop", "https://handoff.example.com/webhooks/till", "https://handoff.example.com/webhooks/team",
	}, subscribed)
}

func TestSubscribeTakesTheNamedConnectionsOnly(t *testing.T) {
	subscribed = nil
	t.Setenv("HANDOFF_PUBLIC_URL", "https://handoff.example.com")
	file := write(t, "handoff.yaml", twoRoutes)
	code, _, stderr := call(t, "subscribe", "--config", file, "till")
	require.Equal(t, exitOK, code, stderr)
	require.Equal(t, []string{"https://handoff.example.com/webhooks/till"}, subscribed)
	code, _, stderr = call(t, "subscribe", "--config", file, "tilt")
	require.Equal(t, exitWrong, code)
	require.Equal(t, "handoff subscribe: there is no connection \"tilt\" in "+file+"\n", stderr)
}

func TestSubscribeGoesOnAfterARefusalAndFails(t *testing.T) {
	subscribed = nil
	t.Setenv("HANDOFF_PUBLIC_URL", "https://handoff.example.com")
	file := write(t, "handoff.yaml", `connections:
  shop: {vendor: web, check: refused}
  team: {vendor: bureau}
routes:
  shop: {channel: shop, desk: team}
`)
	code, stdout, stderr := call(t, "subscribe", "--config", file)
	require.Equal(t, exitWrong, code)
	require.Equal(t, "shop: no scope for webhooks\n", stderr)
	require.Equal(t, "team: registered https://handoff.example.com/webhooks/team\n", stdout)
}

func TestSubscribeNeedsOurPublicAddress(t *testing.T) {
	code, _, stderr := call(t, "subscribe", "--config", write(t, "handoff.yaml", twoRoutes))
	require.Equal(t, exitWrong, code)
	require.Equal(t, "handoff subscribe: HANDOFF_PUBLIC_URL is not set. Write where the vendors reach us, such as https://handoff.example.com\n", stderr)
}
