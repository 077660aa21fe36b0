package httpx

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// Downloader reads the files that a vendor serves at addresses of its own, with a credential where it wants one. It
// follows no redirect. Make it with NewDownloader; which addresses are the vendor's is the connector's to say.
type Downloader struct {
	vendor string
	http   *http.Client
}

// NewDownloader makes a downloader; base nil means a client of our own.
func NewDownloader(vendor string, base *http.Client) *Downloader {
	if base == nil {
		base = &http.Client{Transport: NewTransport(), CheckRedirect: refuseRedirect}
	}
	return &Downloader{vendor: vendor, http: base}
}

// Open opens a file; the caller closes it, and bounds what it reads of it. Authorization is the header's value, "" for
// none. Any status but 200 fails as the status says; trouble on the way is Unavailable.
func (d *Downloader) Open(ctx context.Context, op string, file conversation.Attachment, authorization string) (connector.File, error) {
	fail := func(kind connector.Kind, err error) (connector.File, error) {
		return connector.File{}, &connector.Error{Connector: d.vendor, Op: op, Kind: kind, Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, file.URL, nil)
	if err != nil {
		return fail(connector.Invalid, errors.New("the address cannot be used"))
	}
	req.Header.Set("User-Agent", userAgent)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := d.http.Do(req)
	if err != nil {
		return fail(connector.Unavailable, withoutAddress(err))
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return connector.File{}, &connector.Error{
			Connector: d.vendor, Op: op, Kind: connector.KindOfStatus(resp.StatusCode), Status: resp.StatusCode,
			RetryAfter: RetryAfter(resp.Header, time.Now()),
		}
	}
	return connector.File{
		ReadCloser: resp.Body, Name: fileName(file, req.URL), ContentType: resp.Header.Get("Content-Type"), Size: resp.ContentLength,
	}, nil
}
