package livechat

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// maxFile is the largest file that can be uploaded.
const maxFile = 10 << 20

// unusedFileLife is how long a file lives that no event shows.
const unusedFileLife = 24 * time.Hour

type file struct {
	name, contentType string
	data              []byte
	uploaded          time.Time
	used              bool
}

var executables = []string{".exe", ".bat", ".cmd", ".com", ".msi", ".scr", ".sh", ".ps1", ".jar", ".vbs"}

// uploadFile stores a file for a day; an event that shows it keeps it for good.
func uploadFile(c *call) (any, *failure) {
	kind, params, err := mime.ParseMediaType(c.request.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, fail("validation", "Content-Type must be multipart/form-data")
	}
	reader := multipart.NewReader(bytes.NewReader(c.body), params["boundary"])
	part, err := reader.NextPart()
	if err != nil || part.FormName() != "file" || part.FileName() == "" {
		return nil, fail("validation", "`file` is required")
	}
	data, err := io.ReadAll(part)
	if err != nil {
		return nil, fail("validation", "wrong format of request")
	}
	name := path.Base(part.FileName())
	switch {
	case len(data) == 0:
		return nil, fail("validation", "`file` is empty")
	case len(data) > maxFile:
		return nil, fail("entity_too_large", "File is too big")
	case slices.Contains(executables, strings.ToLower(path.Ext(name))) || bytes.HasPrefix(data, []byte("MZ")):
		return nil, fail("validation", "file type is not allowed")
	}
	return map[string]string{"url": c.s.store(c.request, name, part.Header.Get("Content-Type"), data)}, nil
}

// store keeps a file and makes its URL, under the address that the client used.
func (s *Server) store(r *http.Request, name, contentType string, data []byte) string {
	s.ids++
	if contentType == "" || contentType == "application/octet-stream" {
		contentType = http.DetectContentType(data)
	}
	id := fmt.Sprintf("%08x", s.ids)
	s.files[id] = &file{name: name, contentType: contentType, data: data, uploaded: s.options.Now()}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: r.Host, Path: "/api/file/lc/att/" + id + "/" + name}).String()
}

// fileOf finds the file of a CDN address that is still alive.
func (s *Server) fileOf(address string) (*file, bool) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, false
	}
	id, _, ok := strings.Cut(strings.TrimPrefix(u.Path, "/api/file/lc/att/"), "/")
	if !ok {
		return nil, false
	}
	f, ok := s.files[id]
	return f, ok && (f.used || s.options.Now().Sub(f.uploaded) < unusedFileLife)
}

// useFile completes a file event with what the server knows about the file.
func (s *Server) useFile(e *Event, address string) {
	f, _ := s.fileOf(address)
	f.used = true
	e.URL, e.Name, e.ContentType = address, f.name, f.contentType
	if strings.HasPrefix(f.contentType, "image/") {
		e.Size, e.Width, e.Height, e.ThumbnailURL = len(f.data), 640, 480, address
	}
}

func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, _ []byte) {
	s.mu.Lock()
	f, ok := s.fileOf(r.URL.Path)
	refused := false
	if s.switches.FilesNeedToken {
		value, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		_, valid := s.valid(value)
		refused = !valid
	}
	s.mu.Unlock()
	switch {
	case refused:
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
	case !ok:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", f.contentType)
		_, _ = w.Write(f.data)
	}
}
