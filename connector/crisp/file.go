package crisp

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

const (
	// addressWithin is how long an upload address is awaited, and withoutAddresses how long none is asked for after one
	// did not come.
	addressWithin    = 10 * time.Second
	withoutAddresses = 10 * time.Minute
	// anyFile is the type of a file of unknown type.
	anyFile = "application/octet-stream"
)

// SendAttachment shows a file to operators: kept at Crisp, where that can be done from here, else by the address that the
// request gives. What Crisp does not take is Unsupported and goes out as a link in a text.
func (c *Client) SendAttachment(ctx context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	const op = "SendAttachment"
	id, err := sessionOf(op, req.Ticket)
	if err != nil {
		return connector.Receipt{}, err
	}
	a := req.Attachment
	if a.Latitude != 0 || a.Longitude != 0 {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Unsupported, "a place is no file")
	}
	captions := connector.SplitText(req.Text, maxText)
	there := false
	if len(captions) > 0 {
		// The file may be there already, and only the caption missing.
		if there, err = c.exists(ctx, op, id, fingerprints(req.Key, 1+len(captions))[0]); err != nil {
			return connector.Receipt{}, err
		}
	}
	var content fileContent
	if !there {
		if content, err = c.keep(ctx, op, req); err != nil {
			return connector.Receipt{}, err
		}
	}
	messages := []newMessage{{Type: typeFile, Content: content}}
	for _, caption := range captions {
		messages = append(messages, newMessage{Type: typeText, Content: caption})
	}
	receipt, err := c.say(ctx, op, req.Ticket, req.Key, messages)
	if connector.KindOf(err) == connector.Invalid {
		return receipt, connector.Errorf(Name, op, connector.Unsupported, "the vendor refuses the file")
	}
	return receipt, err
}

// keep gives a file that operators can open.
func (c *Client) keep(ctx context.Context, op string, req connector.AttachmentRequest) (fileContent, error) {
	a := req.Attachment
	content := fileContent{Name: a.Name, URL: a.URL, Type: a.ContentType}
	if content.Name == "" {
		content.Name = "file"
	}
	if content.Type == "" {
		content.Type = anyFile
	}
	if c.config.Tier == tierPlugin && c.config.PluginID != "" && c.uploads.possible(time.Now()) {
		address, err := c.upload(ctx, op, req, content)
		if err == nil || connector.KindOf(err) != connector.Unsupported {
			content.URL = address
			return content, err
		}
	}
	if content.URL == "" {
		return content, connector.Errorf(Name, op, connector.Unsupported, "the file has no address")
	}
	return content, nil
}

// upload puts a file at Crisp and gives its address. Where to put it Crisp tells by a web hook only (REST reference and
// RTM reference, bucket:url:upload:generated), so this works where the gateway runs in the same process; where no address
// comes, files are Unsupported for a while.
func (c *Client) upload(ctx context.Context, op string, req connector.AttachmentRequest, content fileContent) (string, error) {
	id := fingerprintText(fingerprint(req.Key, ""))
	address := c.uploads.expect(id)
	defer c.uploads.forget(id)
	err := c.call(ctx, op, http.MethodPost, "/bucket/url/generate", generateURL{
		Namespace: "upload", ID: id, From: tierPlugin, Identifier: c.config.PluginID,
		File: bucketFile{Name: content.Name, Type: content.Type}, Resource: resource{Type: tierWebsite, ID: c.config.WebsiteID},
	}, nil)
	switch kind := connector.KindOf(err); {
	case err == nil || kind == connector.UncertainOutcome: // A second address does no harm, so a lost answer does none.
	case kind.Permanent():
		return "", connector.Errorf(Name, op, connector.Unsupported, "the vendor gives no address for the file: %s", kind)
	default:
		return "", err
	}
	timer := time.NewTimer(addressWithin)
	defer timer.Stop()
	select {
	case to := <-address:
		return c.put(ctx, op, req, to, content.Type)
	case <-timer.C:
		c.uploads.giveUp(time.Now())
		return "", connector.Errorf(Name, op, connector.Unsupported, "no address came for the file")
	case <-ctx.Done():
		return "", &connector.Error{Connector: Name, Op: op, Kind: connector.Unavailable, Err: ctx.Err()}
	}
}

// put puts the bytes at the address that was told. Until the message is posted nobody sees them, so nothing is uncertain.
func (c *Client) put(ctx context.Context, op string, req connector.AttachmentRequest, to bucketURL, contentType string) (string, error) {
	u, err := url.Parse(to.URL.Signed)
	base, _ := url.Parse(c.config.BaseURL)
	if err != nil || u.Scheme != "https" && u.Host != base.Host || to.URL.Resource == "" {
		return "", connector.Errorf(Name, op, connector.Unsupported, "the address for the file cannot be used")
	}
	limit := to.Policy.SizeLimit
	if limit <= 0 || limit > httpx.MaxFile {
		limit = httpx.MaxFile
	}
	f, err := req.Open(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return "", connector.Errorf(Name, op, connector.Unavailable, "reading the file: %w", err)
	case int64(len(data)) > limit:
		return "", connector.Errorf(Name, op, connector.Unsupported, "the file is larger than the vendor takes")
	}
	_, err = c.storage.Do(ctx, httpx.Request{
		Op: op, Method: http.MethodPut, URL: to.URL.Signed, Body: bytes.NewReader(data), ContentType: contentType,
	}, nil)
	switch kind := connector.KindOf(err); {
	case err == nil:
		return to.URL.Resource, nil
	case kind.Permanent():
		return "", connector.Errorf(Name, op, connector.Unsupported, "the vendor's storage refuses the file: %s", kind)
	default:
		return "", &connector.Error{Connector: Name, Op: op, Kind: connector.Unavailable, Err: err}
	}
}

// uploads brings upload addresses, which web hooks tell, to those who wait for them. The zero value is ready.
type uploads struct {
	mu      sync.Mutex
	hears   bool
	deaf    time.Time
	waiting map[string]chan bucketURL
}

// hear notes that web hooks come to this process.
func (u *uploads) hear() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.hears = true
}

// possible reports whether an address is likely to come.
func (u *uploads) possible(now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.hears && !now.Before(u.deaf)
}

// giveUp notes that an address did not come: another process of ours may have got it.
func (u *uploads) giveUp(now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.deaf = now.Add(withoutAddresses)
}

func (u *uploads) expect(id string) <-chan bucketURL {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting == nil {
		u.waiting = map[string]chan bucketURL{}
	}
	address := make(chan bucketURL, 1)
	u.waiting[id] = address
	return address
}

func (u *uploads) forget(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.waiting, id)
}

// bring gives an address to whoever waits for it, if anybody does.
func (u *uploads) bring(to bucketURL) {
	u.mu.Lock()
	defer u.mu.Unlock()
	select {
	case u.waiting[to.ID] <- to:
	default:
	}
}
