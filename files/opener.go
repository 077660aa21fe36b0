// Package files lets attachments through: from the vendor that serves them to the one that shows them, or to whoever
// follows a link, within the rules of each connection, past a virus scanner if there is one, and never whole in memory.
//
// Conversations carry a file by reference. Its bytes are asked for when somebody is to have them, by a worker that uploads
// them or by a gateway whose link was followed. Bytes that must be known before the first of them goes on, because they
// are scanned or served, are kept in a temporary file for as long as that takes.
package files

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	op = "open file"
	// spoolsAtOnce bounds the temporary files of a process: with files of 25 MB, 800 MB of disk.
	spoolsAtOnce = 32
	// sniffed is how much of a file its kind is told by.
	sniffed = 512
)

// Fetcher opens files by their addresses, from where each connection allows it.
type Fetcher interface {
	Fetch(ctx context.Context, source string, file conversation.Attachment) (connector.File, error)
}

// Config is what an Opener works with.
type Config struct {
	// Sources are the connections by name.
	Sources map[string]Source
	// Scanner looks at every file before anybody gets it; nil means that none does.
	Scanner Scanner
	// PassUnscanned lets files through while the scanner does not answer. Without it they wait, and are refused.
	PassUnscanned bool
	// Links makes addresses of our own; nil means that readers get the vendors' addresses.
	Links *Links
	// Fetcher opens files by their addresses; nil means over HTTP, within the sources' AllowHosts.
	Fetcher Fetcher
	// Dir is where temporary files are made; empty means the system's place for them.
	Dir string
	// Metrics counts; it may be nil.
	Metrics *Metrics
}

// Source is a connection that serves files.
type Source struct {
	Connector connector.Connector
	// AllowHosts are the hosts besides the vendor's own from which files may be fetched; private and loopback addresses
	// only if they are listed.
	AllowHosts []string
	Rules      Rules
}

// Opener opens attachments. Make it with NewOpener.
type Opener struct {
	config Config
	slots  chan struct{}
}

// NewOpener makes an Opener.
func NewOpener(config Config) *Opener {
	if config.Fetcher == nil {
		hosts := make(map[string][]string, len(config.Sources))
		for name, source := range config.Sources {
			hosts[name] = source.AllowHosts
		}
		config.Fetcher = httpx.NewFetcher(hosts)
	}
	return &Opener{config: config, slots: make(chan struct{}, spoolsAtOnce)}
}

// isPlace reports whether an attachment is no file.
func isPlace(file conversation.Attachment) bool {
	return file.URL == "" && (file.Latitude != 0 || file.Longitude != 0)
}

// Check says what can be said of a file without opening it: a *RefusedError, or nil.
func (o *Opener) Check(source string, file conversation.Attachment) error {
	rules := o.config.Sources[source].Rules
	kind := mediaType(file.ContentType)
	switch {
	case isPlace(file):
		return nil
	case file.Size > rules.maxSize():
		return refuse(source, TooLarge)
	case rules.denies(file.Name, kind) || tells(kind) && !rules.allows(file.Name, kind):
		return refuse(source, TypeRefused)
	}
	return nil
}

// Open streams a file that the connection source serves. The caller closes it. A file that breaks the rules fails with a
// *RefusedError, which is of kind Invalid; one that turns out too large on the way, when that is noticed. It is not
// scanned: see Hold.
func (o *Opener) Open(ctx context.Context, source string, file conversation.Attachment) (connector.File, error) {
	f, err := o.open(ctx, source, file)
	o.config.Metrics.opened(source, err)
	return f, err
}

func (o *Opener) open(ctx context.Context, source string, file conversation.Attachment) (connector.File, error) {
	if err := o.Check(source, file); err != nil {
		return connector.File{}, err
	}
	f, err := o.fetch(ctx, source, file)
	if err != nil {
		return connector.File{}, asRefusal(source, err)
	}
	rules := o.config.Sources[source].Rules
	if f.Size > rules.maxSize() {
		_ = f.Close()
		return connector.File{}, refuse(source, TooLarge)
	}
	if rules.typed() {
		if f.ReadCloser, err = rules.look(source, file, f); err != nil {
			_ = f.Close()
			return connector.File{}, err
		}
	}
	if f.ContentType == "" {
		f.ContentType = file.ContentType
	}
	f.ReadCloser = &limited{ReadCloser: f.ReadCloser, left: rules.maxSize(), over: refuse(source, TooLarge)}
	return f, nil
}

// look judges a file by what it is said to be and by how it begins, and gives it as if nothing was read of it.
func (r Rules) look(source string, file conversation.Attachment, f connector.File) (io.ReadCloser, error) {
	begin := bufio.NewReaderSize(f, sniffed)
	head, err := begin.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return f.ReadCloser, unavailable(source, errors.New("the file broke off"))
	}
	if !r.takes(f.Name, mediaType(file.ContentType), mediaType(f.ContentType), sniff(head)) {
		return f.ReadCloser, refuse(source, TypeRefused)
	}
	return readCloser{begin, f.ReadCloser}, nil
}

// fetch asks the vendor where it serves the file itself, and else whoever does.
func (o *Opener) fetch(ctx context.Context, source string, file conversation.Attachment) (connector.File, error) {
	fetcher, ok := o.config.Sources[source].Connector.(connector.AttachmentFetcher)
	if !ok {
		return o.config.Fetcher.Fetch(ctx, source, file)
	}
	f, err := fetcher.FetchAttachment(ctx, file)
	if connector.KindOf(err) == connector.Invalid {
		// Not at the vendor: agents and bots also show what is elsewhere.
		return o.config.Fetcher.Fetch(ctx, source, file)
	}
	return f, err
}

// Held is a file that was found to be in order. Release it.
type Held struct {
	// Open opens it, as often as is wanted.
	Open func(ctx context.Context) (connector.File, error)
	// Release gives up what is held.
	Release func()
}

// Hold does with a file all that must be done before anybody gets it. Where a scanner looks at files that is fetching it,
// once, however often it is opened then; elsewhere nothing is fetched before it is opened. Errors are those of Open, and,
// while the scanner does not answer, a *RefusedError with the reason NotScanned.
func (o *Opener) Hold(ctx context.Context, source string, file conversation.Attachment) (Held, error) {
	if o.config.Scanner == nil || isPlace(file) {
		open := func(ctx context.Context) (connector.File, error) { return o.Open(ctx, source, file) }
		err := o.Check(source, file)
		if err != nil {
			o.config.Metrics.opened(source, err)
		}
		return Held{Open: open, Release: func() {}}, err
	}
	return o.Spool(ctx, source, file)
}

// Spool is Hold with the file fetched in any case: what is opened then needs no vendor any more, has a size, and is an
// io.Seeker too.
func (o *Opener) Spool(ctx context.Context, source string, file conversation.Attachment) (Held, error) {
	select {
	case o.slots <- struct{}{}:
	case <-ctx.Done():
		return Held{}, unavailable(source, ctx.Err())
	}
	s, err := o.spool(ctx, source, file)
	if err == nil && o.config.Scanner != nil {
		if err = o.scan(ctx, source, s); err != nil {
			s.remove()
		}
	}
	o.config.Metrics.opened(source, err)
	if err != nil {
		<-o.slots
		return Held{}, err
	}
	return Held{Open: s.open, Release: func() { s.remove(); <-o.slots }}, nil
}

// spool copies a file to the disk.
func (o *Opener) spool(ctx context.Context, source string, file conversation.Attachment) (*spooled, error) {
	f, err := o.open(ctx, source, file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	temporary, err := os.CreateTemp(o.config.Dir, "handoff-file-*")
	if err != nil {
		return nil, unavailable(source, fmt.Errorf("no temporary file: %w", withoutPath(err)))
	}
	// A process that is killed leaves nothing behind: the name goes now, and where it cannot, when the file is closed.
	s := &spooled{bytes: temporary, named: os.Remove(temporary.Name()) != nil, file: f}
	s.file.Size, err = io.Copy(temporary, f)
	switch {
	case err == nil && f.Size > 0 && s.file.Size != f.Size:
		err = unavailable(source, errors.New("the file broke off"))
	case err != nil && ReasonOf(err) == "":
		err = unavailable(source, withoutPath(err))
	}
	if err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// scan asks the scanner about a file on the disk.
func (o *Opener) scan(ctx context.Context, source string, s *spooled) error {
	f, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	started := time.Now()
	clean, err := o.config.Scanner.Scan(ctx, f)
	o.config.Metrics.scanned(clean, err, time.Since(started))
	switch {
	case err != nil && ctx.Err() != nil:
		return unavailable(source, ctx.Err())
	case err != nil && o.config.PassUnscanned:
		return nil
	case err != nil:
		return refuse(source, NotScanned)
	case !clean:
		return refuse(source, Infected)
	}
	return nil
}

// spooled is a file on the disk.
type spooled struct {
	bytes *os.File
	named bool
	// file is what is known of it; its own bytes are spent.
	file connector.File
}

// open gives the whole file, to as many as want it at a time.
func (s *spooled) open(context.Context) (connector.File, error) {
	again := s.file
	again.ReadCloser = struct {
		*io.SectionReader
		io.Closer
	}{io.NewSectionReader(s.bytes, 0, s.file.Size), io.NopCloser(nil)}
	return again, nil
}

func (s *spooled) remove() {
	_ = s.bytes.Close()
	if s.named {
		_ = os.Remove(s.bytes.Name())
	}
}

// withoutPath drops the path of a temporary file, which says nothing to whoever reads the error.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

type readCloser struct {
	io.Reader
	io.Closer
}

// limited gives an error instead of the byte that is one too many.
type limited struct {
	io.ReadCloser
	left int64
	over error
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, l.over
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.ReadCloser.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return n - 1, l.over
	}
	return n, err
}

// sniff tells the kind of a file by its beginning: what the standard library knows, and programs.
func sniff(head []byte) string {
	switch {
	case len(head) > 1 && string(head[:2]) == "MZ":
		return "application/x-msdownload"
	case len(head) > 3 && string(head[:4]) == "\x7fELF":
		return "application/x-executable"
	}
	return mediaType(http.DetectContentType(head))
}
