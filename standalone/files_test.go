package main

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

func TestLinksToFilesOutliveTheProcess(t *testing.T) {
	o := options{dataDir: t.TempDir()}
	loaded := &config.Loaded{Connections: []config.Connection{{Name: "shop", AllowHosts: []string{"127.0.0.1"}}}}
	start := func() *files.Opener {
		opener, err := filesOf(o, "http://127.0.0.1:8080", loaded, prometheus.NewRegistry())
		require.NoError(t, err)
		return opener
	}
	now := time.Now()
	file := conversation.Attachment{URL: "http://127.0.0.1:9000/a.png", Name: "a.png"}
	link := start().Address("shop", file, now)
	token, ours := strings.CutPrefix(link, "http://127.0.0.1:8080"+files.Path)
	require.True(t, ours, link)
	again := start()
	require.Equal(t, link, again.Address("shop", file, now))
	_, found, err := again.Link(token, now)
	require.NoError(t, err)
	require.Equal(t, file, found)

	// What the operator sets counts.
	o.settings.PublicURL, o.settings.FilesSecret = "https://handoff.example.com", connector.Secrets{"0123456789abcdef"}
	require.True(t, strings.HasPrefix(start().Address("shop", file, now), "https://handoff.example.com/files/"))
	_, _, err = start().Link(token, now)
	require.ErrorIs(t, err, files.ErrUnknownLink)
}
