// Package oracle compares what people said with what the other side saw. It reads the fakes' journals and the exported
// histories, never the system's own counters: those are compared with the histories.
package oracle

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

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

// Hooks are the webhooks that told of what was said, as the vendor's side saw them.
type Hooks []fake.Attempt

// arrived gives when a text may have been stored first, and when it was stored for certain; never is the zero time.
func (h Hooks) arrived(text string) (earliest, latest time.Time) {
	for _, a := range h {
		if !strings.Contains(a.Body, text) {
			continue
		}
		if earliest.IsZero() || a.At.Before(earliest) {
			earliest = a.At
		}
		if a.Status >= 200 && a.Status <= 299 && (latest.IsZero() || a.Done.Before(latest)) {
			latest = a.Done
		}
	}
	return earliest, latest
}

// before reports whether the vendor had told a, for certain, before it began to tell b: then a comes first. Words whose
// webhook failed are told again later, and may be overtaken by what was said after them.
func (h Hooks) before(a, b string) bool {
	_, first := h.arrived(a)
	second, _ := h.arrived(b)
	return !first.IsZero() && first.Before(second)
}

// DeskSaw compares the customer's words with what agents see in the customer's chat. Each was seen, in order, and once:
// as a message of its own in one ticket, or in the transcripts with which tickets begin, or in both if a later ticket
// begins with what was said before.
func (b *Book) DeskSaw(chat []livechat.Line, hooks Hooks, duplicates Duplicates) (findings []string) {
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
		findings = append(findings, inOrder("the transcript of ticket "+line.Thread, said, strings.Split(line.Text, "\n"), hooks, Never)...)
	}
	findings = append(findings, inOrder("the desk", said, posts, hooks, duplicates)...)
	for _, text := range said {
		if !slices.ContainsFunc(seen, func(s string) bool { return strings.Contains(s, text) }) {
			findings = append(findings, fmt.Sprintf("lost on the way to the desk: %q", text))
		}
	}
	return findings
}

// CustomerSaw compares the agents' words with what the customer saw: all of them, in order, once, and nothing that was
// private.
func (b *Book) CustomerSaw(journal []fake.Entry, hooks Hooks, duplicates Duplicates) (findings []string) {
	_, said := b.Said()
	var seen []string
	for _, e := range journal {
		if strings.HasPrefix(e.Who, "agent:") && e.Text != "" {
			seen = append(seen, e.Text)
		}
	}
	findings = inOrder("the customer", said, seen, hooks, duplicates)
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

// inOrder finds what was seen twice, or neither in the order in which it was said nor in that in which the vendor told it:
// words that a vendor tells in a wrong order are put right where they meet. What was not seen is not its matter.
func inOrder(who string, said, seen []string, hooks Hooks, duplicates Duplicates) (findings []string) {
	var met []string
	when := func(text string) int { return slices.Index(said, text) }
	for _, s := range seen {
		i := slices.IndexFunc(said, func(text string) bool { return strings.Contains(s, text) })
		if i < 0 {
			continue
		}
		text := said[i]
		if slices.Contains(met, text) {
			if duplicates == Never {
				findings = append(findings, fmt.Sprintf("%s saw twice: %q", who, text))
			}
			continue
		}
		for _, earlier := range met {
			if when(text) < when(earlier) && hooks.before(text, earlier) {
				findings = append(findings, fmt.Sprintf("%s saw out of order: %q after %q", who, text, earlier))
			}
		}
		met = append(met, text)
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
