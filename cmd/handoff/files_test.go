package main

import (
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
	require.Contains(t, said, "  viruses: files are scanned, and refused while the scanner does not answer\n")
	require.NotContains(t, said, "0123456789abcdef")

	t.Setenv("HANDOFF_SCAN_PASS_UNSCANNED", "true")
	require.Contains(t, report(), "and passed on without it while the scanner does not answer\n")
}
