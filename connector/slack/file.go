package slack

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

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
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Unsupported, "not a file that can be uploaded")
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
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Unavailable, "the address to upload to is not the vendor's")
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
		return "", nil, connector.Errorf(Name, op, connector.Unavailable, "the file could not be read")
	case len(content) == 0 || len(content) > httpx.MaxFile:
		return "", nil, connector.Errorf(Name, op, connector.Unsupported, "the file is empty or too large")
	}
	return cmp.Or(f.Name, req.Attachment.Name, "file"), content, nil
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
		return connector.Errorf(Name, op, connector.Unsupported, "the file is refused")
	}
	return err
}

// FetchAttachment opens an agent's file, with the token, at the vendor's hosts only.
func (c *Client) FetchAttachment(ctx context.Context, a conversation.Attachment) (connector.File, error) {
	const op = "FetchAttachment"
	if !c.servedByVendor(a.URL) {
		return connector.File{}, connector.Errorf(Name, op, connector.Invalid, "the file is not at a host of the vendor")
	}
	f, err := c.downloads.Open(ctx, op, a, "Bearer "+c.config.BotToken.Reveal())
	if e, ok := errors.AsType[*connector.Error](err); ok && e.Status >= 300 && e.Status <= 399 {
		return connector.File{}, unreadable(op)
	}
	if err == nil && isPage(f) && !strings.Contains(a.ContentType, "html") {
		_ = f.Close()
		return connector.File{}, unreadable(op)
	}
	return f, err
}

// unreadable is the error of a file that we may not read: there is a redirect to a page for signing in then, or that page
// [docs: files].
func unreadable(op string) error {
	return connector.Errorf(Name, op, connector.Forbidden, "the app may not read the file: the scope files:read or the file is missing")
}

func isPage(f connector.File) bool {
	kind, _, _ := mime.ParseMediaType(f.ContentType)
	return kind == "text/html"
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
