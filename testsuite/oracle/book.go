// Package oracle compares what people said with what the other side saw. It reads the fakes' journals and the exported
// histories, never the system's own counters: those are compared with the histories.
package oracle

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

// Book records what was said in one conversation: each text once, and unlike every other.
type Book struct {
	mu       sync.Mutex
	customer []string
	agents   []string
	private  []string
}

// Customer records words of the customer that the vendor took.
func (b *Book) Customer(text string) { b.add(&b.customer, text) }

// Agent records public words of an agent.
func (b *Book) Agent(text string) { b.add(&b.agents, text) }

// Private records words that must never reach the customer.
func (b *Book) Private(text string) { b.add(&b.private, text) }

func (b *Book) add(list *[]string, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*list = append(*list, text)
}

// Said gives what was recorded, in order.
func (b *Book) Said() (customer, agents []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.customer), slices.Clone(b.agents)
}

// Duplicates says whether a text may be there twice.
type Duplicates bool

// The two promises.
const (
	Never   Duplicates = false
	Allowed Duplicates = true
)

// transcriptTitle begins the message with which a ticket opens.
const transcriptTitle = "Conversation so far"

// DeskSaw compares the customer's words with what agents see in the customer's chat. Each was seen, in order, and once:
// as a message of its own in one ticket, or in the transcripts with which tickets begin, or in both if a later ticket
// begins with what was said before.
func (b *Book) DeskSaw(chat []livechat.Line, duplicates Duplicates) (findings []string) {
	said, _ := b.Said()
	var posts, seen []string
	for _, line := range chat {
		if line.By != "customer" {
			continue
		}
		seen = append(seen, line.Text)
		if !strings.HasPrefix(line.Text, transcriptTitle) {
			posts = append(posts, line.Text)
			continue
		}
		findings = append(findings, inOrder("the transcript of ticket "+line.Thread, said, strings.Split(line.Text, "\n"), Never)...)
	}
	findings = append(findings, inOrder("the desk", said, posts, duplicates)...)
	for _, text := range said {
		if !slices.ContainsFunc(seen, func(s string) bool { return strings.Contains(s, text) }) {
			findings = append(findings, fmt.Sprintf("lost on the way to the desk: %q", text))
		}
	}
	return findings
}

// CustomerSaw compares the agents' words with what the customer saw: all of them, in order, once, and nothing that was
// private.
func (b *Book) CustomerSaw(journal []fake.Entry, duplicates Duplicates) (findings []string) {
	_, said := b.Said()
	var seen []string
	for _, e := range journal {
		if strings.HasPrefix(e.Who, "agent:") && e.Text != "" {
			seen = append(seen, e.Text)
		}
	}
	findings = inOrder("the customer", said, seen, duplicates)
	for _, text := range said {
		if !slices.ContainsFunc(seen, func(s string) bool { return strings.Contains(s, text) }) {
			findings = append(findings, fmt.Sprintf("lost on the way to the customer: %q", text))
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, secret := range b.private {
		for _, e := range journal {
			if strings.Contains(e.Text, secret) {
				findings = append(findings, fmt.Sprintf("the customer saw what was private: %q", secret))
			}
		}
	}
	return findings
}

// inOrder finds what was seen twice or in another order than it was said. What was not seen is not its matter.
func inOrder(who string, said, seen []string, duplicates Duplicates) (findings []string) {
	last := -1
	met := map[int]bool{}
	for _, s := range seen {
		i := slices.IndexFunc(said, func(text string) bool { return strings.Contains(s, text) })
		switch {
		case i < 0:
		case met[i] && !bool(duplicates):
			findings = append(findings, fmt.Sprintf("%s saw twice: %q", who, said[i]))
		case met[i]:
		case i < last:
			findings = append(findings, fmt.Sprintf("%s saw out of order: %q after %q", who, said[i], said[last]))
		default:
			last = i
		}
		met[i] = true
	}
	return findings
}

// Repeats counts the texts that were seen more than once.
func Repeats(said, seen []string) int {
	n := 0
	for _, text := range said {
		times := 0
		for _, s := range seen {
			if strings.Contains(s, text) {
				times++
			}
		}
		n += max(0, times-1)
	}
	return n
}
