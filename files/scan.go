package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// Scanner looks for viruses. Implement it to plug in a scanner of your own.
type Scanner interface {
	// Scan reads the file and reports whether it is clean. An error means that nobody can tell. It does not close the
	// file, and may be called from many goroutines at once.
	Scan(ctx context.Context, file connector.File) (clean bool, err error)
}

// HTTPScanner asks a service over HTTP: it posts the bytes as they are, and is answered 200 or 204 if they are clean and
// 406 if they are not, as clamav-rest does. Any other answer, and none within the time limit, means that nobody can tell.
type HTTPScanner struct {
	url    string
	within time.Duration
	http   *http.Client
}

// NewHTTPScanner makes an HTTPScanner. Within bounds one scan.
func NewHTTPScanner(url string, within time.Duration) *HTTPScanner {
	return &HTTPScanner{url: url, within: within, http: &http.Client{
		Transport:     httpx.NewTransport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Scan asks the service.
func (s *HTTPScanner) Scan(ctx context.Context, file connector.File) (clean bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, io.NopCloser(file))
	if err != nil {
		return false, errors.New("the scanner's address cannot be used")
	}
	req.ContentLength = file.Size
	req.Header.Set("Content-Type", "application/octet-stream")
	answer, err := s.http.Do(req)
	if err != nil {
		return false, errors.New("the scanner does not answer")
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	_ = answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK, http.StatusNoContent:
		return true, nil
	case http.StatusNotAcceptable:
		return false, nil
	}
	return false, fmt.Errorf("the scanner answers %d", answer.StatusCode)
}
