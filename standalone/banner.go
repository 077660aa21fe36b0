package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/standalone/playground"
)

// banner prints where everything is.
func banner(out io.Writer, s started) {
	p := palette(out)
	line := func(name, value string) { fmt.Fprintf(out, "  %s%-16s%s %s\n", p.soft, name, p.off, value) }
	link := func(name, url string) { line(name, p.link+url+p.off) }

	fmt.Fprintf(out, "\n  %s●%s %shandoff%s is running %s(ready in %s)%s\n\n", p.accent, p.off, p.bold, p.off,
		p.soft, s.took.Round(10*time.Millisecond), p.off)
	if s.playground {
		link("Playground", s.baseURL+playground.Prefix)
		link("Customer's page", s.baseURL+playground.Prefix+"customer")
		link("Agent's page", s.baseURL+playground.Prefix+"agent")
		link("Your own app", s.baseURL+playground.Prefix+"app")
		link("Your own desk", s.baseURL+playground.Prefix+"own")
	}
	link("Temporal UI", s.workflowsURL)
	for i, name := range s.connections {
		title := ""
		if i == 0 {
			title = "Webhooks"
		}
		line(title, s.baseURL+"/webhooks/"+name)
	}
	line("API", s.baseURL+"/v1/conversations")
	line("Temporal", s.temporalAddress)
	line("Data", dir(s.dataDir)+p.soft+"  conversations survive a restart"+p.off)
	fmt.Fprintf(out, "\n  %sCtrl-C stops, twice at once.%s\n\n", p.soft, p.off)
}

// dir shows a directory with a slash, as people write it.
func dir(name string) string {
	return strings.TrimSuffix(name, string(filepath.Separator)) + string(filepath.Separator)
}

type colors struct{ bold, soft, link, accent, off string }

// palette gives colors for a terminal that wants them, and none for a file.
func palette(out io.Writer) colors {
	f, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return colors{}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return colors{}
	}
	return colors{bold: "\x1b[1m", soft: "\x1b[2m", link: "\x1b[36m", accent: "\x1b[32m", off: "\x1b[0m"}
}
