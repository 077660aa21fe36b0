package main

import (
	"fmt"
	"strings"

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

// filesReport says how files are passed on.
func (p *program) filesReport(s setup) {
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
		fmt.Fprintln(p.stdout, "  viruses: files are scanned, and passed on without it while the scanner does not answer")
	default:
		fmt.Fprintln(p.stdout, "  viruses: files are scanned, and refused while the scanner does not answer")
	}
}
