package playground

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/handoff-engine/handoff/connector/memory"
)

// maxFile is the largest file that may be sent in a chat, in bytes.
const maxFile = 5 << 20

var errFile = errors.New("only pictures (PNG, JPEG, GIF, WebP), PDF and plain text up to 5 MB can be sent")

// extensions are the kinds of files that may be sent, recognized by their bytes.
func extension(contentType string) string {
	switch contentType {
	case "image/png":
		return ".png"
	case "image/jpeg":
		return ".jpg"
	case "image/gif":
		return ".gif"
	case "image/webp":
		return ".webp"
	case "application/pdf":
		return ".pdf"
	case "text/plain":
		return ".txt"
	}
	return ""
}

// files keeps what was sent in chats. It is the vendor's file server.
type files struct{ dir, base string }

// receive stores the body and answers with the reference to it.
func (f files) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFile))
	if err != nil {
		fail(w, errFile)
		return
	}
	contentType, _, _ := mime.ParseMediaType(http.DetectContentType(body)) // the detected type always parses
	suffix := extension(contentType)
	if suffix == "" || len(body) == 0 {
		fail(w, errFile)
		return
	}
	id := strings.ToLower(rand.Text())
	if err := write(filepath.Join(f.dir, id+suffix), body); err != nil {
		fail(w, err)
		return
	}
	name := fileName(r.URL.Query().Get("name"), suffix)
	answer(w, memory.Attachment{URL: f.base + id + suffix + "/" + name, Name: name, ContentType: contentType, Size: int64(len(body))}, nil)
}

func write(name string, body []byte) error {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("storing a file: %w", err)
	}
	_, err = file.Write(body)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("storing a file: %w", err)
	}
	return nil
}

// fileName makes a harmless name of the one the visitor's file has.
func fileName(name, suffix string) string {
	base := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	base = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, base)
	if base = strings.Trim(base[:min(len(base), 60)], "-"); base == "" {
		base = "file"
	}
	return base + suffix
}

// serve gives a file back. It can do nothing in the visitor's browser but be seen.
func (f files) serve(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if strings.ContainsAny(id, `/\`) || strings.HasPrefix(id, ".") {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	if !strings.HasPrefix(mime.TypeByExtension(filepath.Ext(id)), "image/") {
		h.Set("Content-Disposition", "attachment")
	}
	http.ServeFile(w, r, filepath.Join(f.dir, id))
}
