package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/files"
)

// ruleWords says which files of a connection are passed on, where the configuration says anything of it.
func ruleWords(r files.Rules) []string {
	var words []string
	if r.MaxSize > 0 {
		words = append(words, "up to "+files.SizeWords(r.MaxSize))
	}
	if len(r.AllowTypes) > 0 {
		words = append(words, "only "+strings.Join(r.AllowTypes, ", "))
	}
	if len(r.DenyTypes) > 0 {
		words = append(words, "not "+strings.Join(r.DenyTypes, ", "))
	}
	return words
}

// tryScanner has the virus scanner look at a few harmless bytes.
func tryScanner(ctx context.Context, s setup) verdict {
	if s.settings.ScanURL == "" {
		return verdict{}
	}
	const harmless = "handoff check"
	started := time.Now()
	clean, err := files.NewHTTPScanner(s.settings.ScanURL, s.settings.ScanTimeout).Scan(ctx, connector.File{
		ReadCloser: io.NopCloser(strings.NewReader(harmless)), Size: int64(len(harmless)),
	})
	switch {
	case err != nil:
		return verdict{text: err.Error(), failed: true}
	case !clean:
		return verdict{text: "the scanner finds a virus in the words " + strconv.Quote(harmless), failed: true}
	}
	return verdict{text: fmt.Sprintf("the scanner works (%s)", time.Since(started).Round(time.Millisecond))}
}

// filesReport says how files are passed on.
func (p *program) filesReport(s setup, scanner verdict) {
	fmt.Fprintln(p.stdout, "\nfiles")
	links, _ := s.settings.Links()
	if links != nil {
		fmt.Fprintf(p.stdout, "  links: %s%s…, for %s\n", s.settings.PublicURL, files.Path, s.settings.FilesLifetime)
	} else {
		fmt.Fprintln(p.stdout, "  links: none; people get the vendors' own addresses. Set HANDOFF_PUBLIC_URL and HANDOFF_FILES_SECRET to have links")
		for _, c := range s.loaded.Connections {
			if _, ok := c.Connector.(connector.AttachmentFetcher); ok {
				fmt.Fprintf(p.stdout, "  - files of %s may need its credentials: where they cannot be sent as files, people may not be able to open them\n", c.Name)
			}
		}
	}
	switch {
	case s.settings.ScanURL == "":
		fmt.Fprintln(p.stdout, "  viruses: files are not scanned")
	case s.settings.ScanPassUnscanned:
		fmt.Fprintf(p.stdout, "  viruses: %s; files are passed on while it does not answer\n", scanner.text)
	default:
		fmt.Fprintf(p.stdout, "  viruses: %s; files are refused while it does not answer\n", scanner.text)
	}
}
