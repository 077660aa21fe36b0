package omnidesk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// The vendor posts an agent's file to us and serves it nowhere (guide, uploadForCustomer). It is kept in uploads_dir under
// the hash of its bytes, from the webhook until whoever shows it to the customer has fetched it.
const (
	// uploadScheme begins the address of a kept file; its hash follows.
	uploadScheme = "omnidesk:"
	// formRoom is what a form needs besides the file.
	formRoom = 64 << 10
	// keptFor is how long a file is kept, and sweptEvery how often old ones are looked for.
	keptFor    = 30 * 24 * time.Hour
	sweptEvery = time.Hour
)

var uploadPattern = regexp.MustCompile(`^omnidesk:([0-9a-f]{64})$`)

// BodyLimit lets files in where they are expected and come from the vendor.
func (c *Client) BodyLimit(hookpoint string) int64 {
	secret, point, _ := strings.Cut(hookpoint, "/")
	if point != UploadHookpoint || c.config.UploadsDir == "" || !c.config.HookSecret.Match(secret) {
		return 0
	}
	return maxFile + formRoom
}

// KeepFiles writes an upload's bytes to disk. The same file is the same entry, so that a repeat changes nothing.
func (c *Client) KeepFiles(_ context.Context, d *connector.Delivery) error {
	const op = "KeepFiles"
	_, point, _ := strings.Cut(d.Hookpoint, "/")
	if point != UploadHookpoint || c.config.UploadsDir == "" {
		return nil
	}
	p, err := readPosted(d)
	if err != nil || p.file == nil || p.file.url != "" {
		return nil // Decode says what is wrong with it.
	}
	if err := c.keep(p.file.content, d.ReceivedAt); err != nil {
		return connector.Errorf(Name, op, connector.Unavailable, "the file cannot be kept: %w", withoutPath(err))
	}
	return nil
}

func (c *Client) keep(content []byte, now time.Time) error {
	dir := c.config.UploadsDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	c.sweep(now)
	kept := filepath.Join(dir, hashOf(content))
	if os.Chtimes(kept, now, now) == nil {
		return nil
	}
	f, err := os.CreateTemp(dir, "new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), kept)
}

// sweep removes what has been kept for long enough.
func (c *Client) sweep(now time.Time) {
	last := c.swept.Load()
	if now.UnixNano()-last < int64(sweptEvery) || !c.swept.CompareAndSwap(last, now.UnixNano()) {
		return
	}
	entries, err := os.ReadDir(c.config.UploadsDir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && now.Sub(info.ModTime()) > keptFor {
			_ = os.Remove(filepath.Join(c.config.UploadsDir, e.Name()))
		}
	}
}

// title is the file's name without the folders and line ends that it may come with.
func (f *postedFile) title() string {
	name := path.Base(strings.ReplaceAll(f.name, `\`, "/"))
	if name = strings.Join(strings.Fields(name), " "); name == "." || name == "/" || name == "" {
		return "file"
	}
	return name
}

// agentSent gives an agent's file. Where no files are kept, its name stands for it.
func (c *Client) agentSent(d *connector.Delivery, session string, p posted) []connector.Inbound {
	f := p.file
	ev := conversation.Event{Kind: conversation.AgentSaid, Weak: true, At: d.ReceivedAt, Author: agent(p)}
	if f == nil {
		// Something was sent, and nothing that a human sends may vanish.
		ev.Text, ev.ID = "[unsupported: file]", connector.MadeID(c.connection, UploadHookpoint, session, second(d))
		return []connector.Inbound{inbound(session, ev)}
	}
	name := f.title()
	hash := hashOf(f.content)
	switch {
	case f.url != "":
		ev.Attachment = &conversation.Attachment{URL: f.url, Name: name}
	case c.config.UploadsDir == "":
		ev.Text = "[file: " + name + "]"
	default:
		ev.Attachment = &conversation.Attachment{
			URL: uploadScheme + hash, Name: name, ContentType: f.kind(), Size: int64(len(f.content)),
		}
	}
	ev.ID = connector.MadeID(c.connection, UploadHookpoint, session, second(d), name, f.url, hash)
	return []connector.Inbound{inbound(session, ev)}
}

// FetchAttachment opens a file that an agent sent.
func (c *Client) FetchAttachment(ctx context.Context, a conversation.Attachment) (connector.File, error) {
	const op = "FetchAttachment"
	kept := uploadPattern.FindStringSubmatch(a.URL)
	if kept == nil {
		return c.fetcher.Fetch(ctx, c.connection, a)
	}
	f, err := os.Open(filepath.Join(c.config.UploadsDir, kept[1]))
	if errors.Is(err, fs.ErrNotExist) || c.config.UploadsDir == "" {
		return connector.File{}, connector.Errorf(Name, op, connector.NotFound, "the file is not kept any more, or by another machine")
	}
	if err != nil {
		return connector.File{}, connector.Errorf(Name, op, connector.Unavailable, "the file cannot be read: %w", withoutPath(err))
	}
	file := connector.File{ReadCloser: f, Name: a.Name, ContentType: a.ContentType, Size: -1}
	if info, err := f.Stat(); err == nil {
		file.Size = info.Size()
	}
	return file, nil
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// withoutPath drops the path from the errors of package os.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// newFetcher opens files by their addresses, where the vendor gives one.
func newFetcher(deps connector.Deps) *httpx.Fetcher {
	return httpx.NewFetcher(map[string][]string{deps.Connection: deps.AllowHosts})
}
