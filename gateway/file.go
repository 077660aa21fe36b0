package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/labstack/echo/v4"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

const (
	// One link may be followed this often: as a page that shows the file does, and its reader.
	linkRate  = 1
	linkBurst = 20
	// filesAtOnce bounds the files that are served at a time, and filesOfOne how often one of them is.
	filesAtOnce = 24
	filesOfOne  = 4
	// fetchWithin is how long fetching and scanning a file may take before the first byte goes out.
	fetchWithin = 2 * time.Minute
	// slowest is how many bytes a second whoever downloads a file must take; with less a place would be held for ever.
	slowest = 32 << 10
)

// file serves the file that a link of ours names. It is fetched to its end and scanned before the first byte goes out, so
// that the answer's status is true, and a slow reader does not hold the vendor's connection.
func (s *Server) file(c echo.Context) error {
	h := c.Response().Header()
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Referrer-Policy", "no-referrer")
	if s.config.Files == nil {
		return s.noFile(c, &refusal{http.StatusNotFound, files.ErrUnknownLink.Error()})
	}
	token := c.Param("token")
	source, attachment, err := s.config.Files.Link(token, time.Now())
	switch {
	case errors.Is(err, files.ErrExpired):
		return s.noFile(c, &refusal{http.StatusGone, err.Error()})
	case err != nil:
		return s.noFile(c, &refusal{http.StatusNotFound, err.Error()})
	}
	name := nameOf(source, attachment)
	if !s.links.allow(name) {
		return s.noFile(c, &refusal{http.StatusTooManyRequests, "this file is asked for too often; try again"})
	}
	if !s.serving.enter(name) {
		return s.noFile(c, &refusal{http.StatusServiceUnavailable, "too many files are being served; try again"})
	}
	defer s.serving.leave(name)
	// Nothing more is read: the limit on slow requests is none on slow vendors.
	_ = http.NewResponseController(c.Response()).SetReadDeadline(time.Time{})
	ctx, cancel := context.WithTimeout(c.Request().Context(), fetchWithin)
	defer cancel()
	held, err := s.config.Files.Spool(ctx, source, attachment)
	if err != nil {
		return s.noFile(c, err)
	}
	defer held.Release()
	f, err := held.Open(ctx)
	if err != nil {
		return s.noFile(c, err)
	}
	defer func() { _ = f.Close() }()
	return s.serveFile(c, f)
}

// nameOf names a file for its limit, however its link is spelt.
func nameOf(source string, file conversation.Attachment) string {
	sum := sha256.Sum256([]byte(source + " " + file.URL))
	return string(sum[:])
}

// serveFile answers with a file that is safe to be had, and never with a page: whatever it is, a browser stores it.
func (s *Server) serveFile(c echo.Context, f connector.File) error {
	h := c.Response().Header()
	h.Set("Content-Type", harmless(f.ContentType))
	h.Set("Content-Disposition", disposition(f.Name))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(writeWithin + time.Duration(f.Size/slowest)*time.Second))
	content, ok := f.ReadCloser.(io.ReadSeeker)
	if !ok {
		return errors.New("a file that was spooled cannot be sought")
	}
	s.metrics.links.WithLabelValues("served").Inc()
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, content)
	return nil
}

// noFile says why there is no file.
func (s *Server) noFile(c echo.Context, err error) error {
	status, why := http.StatusServiceUnavailable, "the file cannot be had right now; try again"
	var refused *refusal
	switch reason := files.ReasonOf(err); {
	case errors.As(err, &refused):
		status, why = refused.status, refused.why
	case reason == files.TooLarge:
		status, why = http.StatusRequestEntityTooLarge, "the file is too large"
	case reason == files.Gone:
		status, why = http.StatusNotFound, "the file is no longer there"
	case reason == files.NotScanned:
		why = "the file cannot be checked for viruses right now; try again"
	case reason != "":
		status, why = http.StatusForbidden, "the file is not let through: "+string(reason)
	case connector.KindOf(err).Permanent():
		status, why = http.StatusBadGateway, "the file cannot be had from where it is"
	}
	s.metrics.links.WithLabelValues(strconv.Itoa(status)).Inc()
	if status == http.StatusServiceUnavailable {
		c.Response().Header().Set("Retry-After", "5")
		s.config.Logger.Warn("file not served", "kind", connector.KindOf(err), "reason", reasonOf(err, why))
	}
	return echo.NewHTTPError(status, why)
}

// harmless gives the content types of what people look at, and hides all others: what a browser would run is stored.
func harmless(contentType string) string {
	kind, _, err := mime.ParseMediaType(contentType)
	group, _, _ := strings.Cut(kind, "/")
	switch {
	case err == nil && kind != "image/svg+xml" && (group == "image" || group == "audio" || group == "video"):
		return kind
	case kind == "application/pdf":
		return kind
	}
	return echo.MIMEOctetStream
}

// disposition has a browser store the file under its name, without anything that would lead it elsewhere.
func disposition(name string) string {
	name = strings.Map(func(r rune) rune {
		// What is not seen may turn the name around, so that a program looks like a picture.
		if !unicode.IsPrint(r) || strings.ContainsRune(`/\:`, r) {
			return '_'
		}
		return r
	}, name)
	if name == "" {
		name = "file"
	}
	if value := mime.FormatMediaType("attachment", map[string]string{"filename": name}); value != "" {
		return value
	}
	return "attachment"
}
