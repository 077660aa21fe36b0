// Package shop is the vendor of the playground: a chat with a small bot, and a
// desk, that speak the protocol of the connector memory and keep all they know
// in a journal on disk.
//
// It is the other side: handoff knows it only through HTTP, as it knows every
// vendor, so what is shown in the playground is what happens in production.
package shop

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/standalone/playground/journal"
)

// Config says where the vendor keeps its data and whom it tells.
type Config struct {
	// Dir is an existing directory for the journal.
	Dir string
	// Secret is shared with the connections; it must not be empty.
	Secret string
	// ChannelURL and DeskURL are where webhooks go: /webhooks/<connection>.
	ChannelURL, DeskURL string
	Logger              *slog.Logger
}

// Vendor is the chat, the bot and the desk. Its methods are what customers and
// agents do; Handler is what handoff calls.
type Vendor struct {
	cfg     Config
	journal *journal.Journal[change]

	mu      sync.Mutex
	state   *state
	typing  map[string]typing // by conversation, or by ticket
	changed chan struct{}     // closed and replaced at each change
}

type typing struct {
	who   memory.Author
	until time.Time
}

// typingFor is how long "is typing" is shown without being renewed.
const typingFor = 6 * time.Second

// Errors of what customers and agents do.
var (
	ErrUnknown = errors.New("there is no such conversation or ticket")
	ErrClosed  = errors.New("the ticket is closed")
	ErrEmpty   = errors.New("there is nothing to send")
	ErrTooLong = fmt.Errorf("the text is longer than %d characters", memory.MaxText)
	ErrAway    = errors.New("that agent is away")
)

// Open opens the vendor with all that it knew before.
func Open(cfg Config) (*Vendor, error) {
	if cfg.Secret == "" {
		return nil, errors.New("the playground's vendor needs a secret")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	v := &Vendor{cfg: cfg, state: newState(), typing: map[string]typing{}, changed: make(chan struct{})}
	j, err := journal.Open(filepath.Join(cfg.Dir, "playground.jsonl"), v.state.apply)
	if err != nil {
		return nil, err
	}
	v.journal = j
	return v, nil
}

// Close closes the journal. Nothing may be called after it.
func (v *Vendor) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.journal.Close()
}

// Changed gives a channel that is closed at the next change.
func (v *Vendor) Changed() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.changed
}

// commit writes the changes down and carries them out. The caller holds the lock.
func (v *Vendor) commit(changes ...change) error {
	if err := v.journal.Append(changes, true); err != nil {
		return err
	}
	for _, c := range changes {
		v.state.apply(c)
	}
	v.notify()
	return nil
}

func (v *Vendor) notify() {
	close(v.changed)
	v.changed = make(chan struct{})
}

// do runs f under the lock and commits what it gives.
func (v *Vendor) do(f func(now time.Time) ([]change, error)) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	changes, err := f(time.Now().UTC().Truncate(time.Millisecond))
	if err != nil || len(changes) == 0 {
		return err
	}
	return v.commit(changes...)
}

// once is do for calls that carry a key: a repeat gets the first answer again.
func (v *Vendor) once(key, path string, f func(now time.Time) (answer any, changes []change, err error)) (json.RawMessage, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if key == "" {
		return nil, refusal{status: 400, code: "invalid", message: "key is missing"}
	}
	if used, ok := v.state.keys[key]; ok {
		if used.path != path {
			return nil, refusal{status: 409, code: "conflict", message: "the key was used for another call"}
		}
		return markDuplicate(used.answer)
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	answer, changes, err := f(now)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("encoding an answer: %w", err)
	}
	return raw, v.commit(append(changes, change{Op: opKey, At: now, Key: key, Path: path, Answer: raw})...)
}

func markDuplicate(answer json.RawMessage) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(answer, &fields); err != nil {
		return nil, fmt.Errorf("decoding an answer: %w", err)
	}
	fields["duplicate"] = json.RawMessage("true")
	return json.Marshal(fields)
}

// newID makes an id that nobody can guess.
func newID(prefix string) string { return prefix + rand.Text()[:12] }

// Run posts webhooks until ctx ends.
func (v *Vendor) Run(ctx context.Context) { newOutbox(v).run(ctx) }
