package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckSaysHowFilesArePassedOn(t *testing.T) {
	file := write(t, "handoff.yaml", `connections:
  shop: {vendor: web, max_file_size: 5MB, allow_file_types: [image/*, .pdf], deny_file_types: image/svg+xml}
  team: {vendor: bureau}
routes:
  shop: {channel: shop, desk: team}
`)
	report := func() string {
		code, stdout, stderr := call(t, "check", "--offline", "--config", file)
		require.Equal(t, exitOK, code, stderr)
		return stdout
	}
	said := report()
	require.Contains(t, said, "  files: up to 5 MB; only image/*, .pdf; not image/svg+xml\n")
	require.Contains(t, said, "  links: none; people get the vendors' own addresses.")
	require.Contains(t, said, "  viruses: files are not scanned\n")

	t.Setenv("HANDOFF_PUBLIC_URL", "https://handoff.example.com")
	t.Setenv("HANDOFF_FILES_SECRET", "0123456789abcdef")
	t.Setenv("HANDOFF_SCAN_URL", "http://127.0.0.1:9000/scan")
	said = report()
	require.Contains(t, said, "  links: https://handoff.example.com/files/…, for 168h0m0s\n")
	require.Contains(t, said, "  viruses: not asked; files are refused while it does not answer\n")
	require.NotContains(t, said, "0123456789abcdef")

	t.Setenv("HANDOFF_SCAN_PASS_UNSCANNED", "true")
	require.Contains(t, report(), "  viruses: not asked; files are passed on while it does not answer\n")
}

func TestCheckTriesTheScanner(t *testing.T) {
	t.Setenv("TEMPORAL_ADDRESS", startTemporal(t).address)
	file := write(t, "handoff.yaml", "connections:\n  shop: {vendor: web}\n  team: {vendor: bureau}\nroutes:\n  shop: {channel: shop, desk: team}\n")
	for status, row := range map[int]struct {
		code        int
		said, wrong string
	}{
		http.StatusOK:                 {exitOK, "viruses: the scanner works (1ms); files are refused", ""},
		http.StatusNotAcceptable:      {exitWrong, `finds a virus in the words "handoff check"`, "virus scanner: the scanner finds a virus"},
		http.StatusServiceUnavailable: {exitWrong, "viruses: the scanner answers 503;", "virus scanner: the scanner answers 503\n"},
	} {
		scanner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		defer scanner.Close()
		t.Setenv("HANDOFF_SCAN_URL", scanner.URL)
		code, stdout, stderr := call(t, "check", "--config", file)
		require.Equal(t, row.code, code, status)
		require.Contains(t, durations.ReplaceAllString(stdout, "(1ms)"), row.said)
		require.Contains(t, stderr, row.wrong)
	}
}
