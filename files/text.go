package files

import (
	"fmt"

	"github.com/handoff-engine/handoff/conversation"
)

// Sentence says in the place of a file that it was refused, and why. It is the same whenever it is asked for.
func (o *Opener) Sentence(source string, file conversation.Attachment, reason Reason) string {
	name := file.Name
	if name == "" {
		name = "file"
	}
	text := fmt.Sprintf("[not passed on: %s, %s]", name, o.why(source, reason))
	if (reason == TooLarge || reason == HostRefused) && o.OpenAddress(source, file) {
		// Whoever reads it can look for himself.
		text += "\n" + file.URL
	}
	return text
}

func (o *Opener) why(source string, reason Reason) string {
	switch reason {
	case TooLarge:
		return "which is larger than " + SizeWords(o.config.Sources[source].Rules.maxSize())
	case TypeRefused:
		return "which is of a kind that is not allowed here"
	case HostRefused:
		return "which is at an address that is not allowed here"
	case Infected:
		return "in which a virus was found"
	case NotScanned:
		return "which could not be checked for viruses"
	case Gone:
		return "which is no longer there"
	}
	return "which is not allowed here"
}

// SizeWords writes a number of bytes as people do.
func SizeWords(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GB", n>>30)
	case n >= 1<<20:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// Sentences lists everything that may have been said in the place of a file.
func (o *Opener) Sentences(source string, file conversation.Attachment) []string {
	var all []string
	for _, reason := range Reasons() {
		scans := reason == Infected || reason == NotScanned
		if scans && o.config.Scanner == nil || reason == TypeRefused && !o.config.Sources[source].Rules.typed() {
			continue
		}
		all = append(all, o.Sentence(source, file, reason))
	}
	return all
}
