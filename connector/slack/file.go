package slack

import (
	"bytes"
	"context"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// maxBlockText is the longest text of a section [docs: block reference].
const maxBlockText = 3000

// SendAttachment uploads a file and shares it in the thread, in three steps [docs: working with files]: an address to
// upload to, the bytes, and the sharing, which alone shows. Its caption carries our key as the id of its block. What Slack
// does not take is Unsupported, and goes out as a link.
func (c *Client) SendAttachment(ctx context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	const op = "SendAttachment"
	channel, thread, err := parseTicket(op, req.Ticket)
	if err != nil {
		return connector.Receipt{}, err
	}
	if a := req.Attachment; a.Latitude != 0 || a.Longitude != 0 || a.Size > httpx.MaxFile {
		return connector.Receipt{}, connector.Errorf(name, op, connector.Unsupported, "not a file that can be uploaded")
	}
	if err := c.admit(ctx, op, channel); err != nil {
		return connector.Receipt{}, err
	}
	fileName, content, err := load(ctx, op, req)
	if err != nil {
		return connector.Receipt{}, err
	}
	to, err := c.api.GetUploadURLExternalContext(within(ctx, op), slack.GetUploadURLExternalParameters{FileName: fileName, FileSize: len(content)})
	if err != nil {
		return connector.Receipt{}, refusedFile(op, failed(op, err))
	}
	if !c.servedByVendor(to.UploadURL) {
		return connector.Receipt{}, connector.Errorf(name, op, connector.Unavailable, "the address to upload to is not the vendor's")
	}
	// The address is the permission: slack-go would send the token along.
	_, err = c.files.Do(ctx, httpx.Request{
		Op: op, Method: http.MethodPost, URL: to.UploadURL, Body: bytes.NewReader(content), ContentType: "application/octet-stream",
	}, nil)
	if err != nil {
		return connector.Receipt{}, refusedFile(op, err)
	}
	caption := req.Text
	if strings.TrimSpace(caption) == "" {
		caption = fileName
	}
	_, err = c.api.CompleteUploadExternalContext(within(ctx, op), slack.CompleteUploadExternalParameters{
		Files: []slack.FileSummary{{ID: to.FileID, Title: fileName}}, Channel: channel, ThreadTimestamp: thread,
		Blocks: slack.Blocks{BlockSet: captionBlocks(req.Key, caption)},
	})
	return connector.Receipt{}, refusedFile(op, failed(op, err))
}

// load reads a file whole: its length is told before its bytes.
func load(ctx context.Context, op string, req connector.AttachmentRequest) (fileName string, content []byte, err error) {
	f, err := req.Open(ctx)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = f.Close() }()
	content, err = io.ReadAll(io.LimitReader(f, httpx.MaxFile+1))
	switch {
	case err != nil:
		return "", nil, connector.Errorf(name, op, connector.Unavailable, "the file could not be read")
	case len(content) == 0 || len(content) > httpx.MaxFile:
		return "", nil, connector.Errorf(name, op, connector.Unsupported, "the file is empty or too large")
	}
	return orElse(orElse(f.Name, req.Attachment.Name), "file"), content, nil
}

// captionBlocks writes a caption as it is: a comment would show * and _ as formatting [docs:
// files.completeUploadExternal, blocks].
func captionBlocks(key conversation.Key, caption string) []slack.Block {
	var blocks []slack.Block
	for i, part := range connector.SplitText(caption, maxBlockText) {
		text := slack.NewTextBlockObject(slack.PlainTextType, part, false, false)
		blocks = append(blocks, slack.NewSectionBlock(text, nil, nil, slack.SectionBlockOptionBlockID(blockID(key, i))))
	}
	return blocks
}

// refusedFile makes Unsupported of what Slack will never take, so that a link goes out.
func refusedFile(op string, err error) error {
	if connector.KindOf(err) == connector.Invalid {
		return connector.Errorf(name, op, connector.Unsupported, "the file is refused")
	}
	return err
}

// FetchAttachment opens an agent's file, with the token, at the vendor's hosts only.
func (c *Client) FetchAttachment(ctx context.Context, a conversation.Attachment) (connector.File, error) {
	const op = "FetchAttachment"
	if !c.servedByVendor(a.URL) {
		return connector.File{}, connector.Errorf(name, op, connector.Invalid, "the file is not at a host of the vendor")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL, nil)
	if err != nil {
		return connector.File{}, connector.Errorf(name, op, connector.Invalid, "the file's address cannot be used")
	}
	req.Header.Set("Authorization", "Bearer "+c.config.BotToken.Reveal())
	resp, err := c.download.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return connector.File{}, &connector.Error{Connector: name, Op: op, Kind: connector.Unavailable, Err: ctx.Err()}
		}
		return connector.File{}, connector.Errorf(name, op, connector.Unavailable, "the file server cannot be reached")
	}
	if err := judgeFile(op, resp, a); err != nil {
		_ = resp.Body.Close()
		return connector.File{}, err
	}
	f := connector.File{ReadCloser: resp.Body, Name: a.Name, ContentType: resp.Header.Get("Content-Type"), Size: resp.ContentLength}
	if f.Name == "" {
		f.Name = path.Base(req.URL.Path)
	}
	return f, nil
}

// judgeFile refuses what is not the file: without the right to read it there is a redirect to a page for signing in, or
// that page [docs: files].
func judgeFile(op string, resp *http.Response, a conversation.Attachment) error {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	page := kind == "text/html" && !strings.Contains(a.ContentType, "html")
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode <= 399, resp.StatusCode == http.StatusOK && page:
		return connector.Errorf(name, op, connector.Forbidden, "the app may not read the file: the scope files:read or the file is missing")
	case resp.StatusCode != http.StatusOK:
		return &connector.Error{
			Connector: name, Op: op, Kind: connector.KindOfStatus(resp.StatusCode), Status: resp.StatusCode,
			RetryAfter: httpx.RetryAfter(resp.Header, time.Now()),
		}
	}
	return nil
}

// servedByVendor reports whether an address is the vendor's: the token goes nowhere else [code: slack-go, misc.go].
func (c *Client) servedByVendor(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	if u.Host == c.host {
		return true
	}
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" && slices.ContainsFunc([]string{"slack.com", "slack-gov.com"}, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}
