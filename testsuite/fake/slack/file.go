package slack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type file struct {
	id, name, contentType string
	length                int
	content               []byte
	uploaded, shared      bool
}

// lateShare is a shared file that does not show yet.
type lateShare struct {
	at time.Time
	ch *channel
	m  *Message
}

// uploadURL is the first step.
func (c *call) uploadURL() (map[string]any, string) {
	length, err := strconv.Atoi(c.args["length"])
	switch {
	case c.args["filename"] == "":
		return nil, "invalid_arguments"
	case err != nil || length <= 0:
		return nil, "invalid_arguments"
	}
	f := &file{id: c.nextID("F"), name: c.args["filename"], length: length}
	c.files[f.id] = f
	return map[string]any{"upload_url": c.base + "/upload/v1/" + f.id, "file_id": f.id}, ""
}

// serveUpload is the second step: raw bytes, or a form with a file.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	s.Faults.Serve(w, r, "upload", s.Refuse, func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
		if err != nil {
			return
		}
		if kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "multipart/form-data" {
			part, err := multipart.NewReader(bytes.NewReader(content), params["boundary"]).NextPart()
			if err != nil || part.FormName() != "file" {
				http.Error(w, "no file", http.StatusBadRequest)
				return
			}
			content, _ = io.ReadAll(part)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		f := s.files[r.PathValue("id")]
		switch {
		case f == nil || r.Method != http.MethodPost && r.Method != http.MethodPut:
			http.NotFound(w, r)
		case len(content) != f.length:
			http.Error(w, "length differs", http.StatusBadRequest)
		default:
			f.content, f.uploaded, f.contentType = content, true, http.DetectContentType(content)
			_, _ = fmt.Fprintf(w, "OK - %d", f.length)
		}
	})
}

// completeUpload is the third step: the file shows in the thread, a little later.
func (c *call) completeUpload() (map[string]any, string) {
	var files []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	if json.Unmarshal([]byte(c.args["files"]), &files) != nil || len(files) == 0 {
		return nil, "invalid_arguments"
	}
	ch, code := c.writable(c.args["channel_id"])
	if code != "" {
		return nil, code
	}
	thread := c.args["thread_ts"]
	card := c.find(ch.id, thread)
	if card == nil || card.Deleted {
		return nil, "thread_not_found"
	}
	m := &Message{Type: "message", Subtype: "file_share", User: BotUser, BotID: Bot, AppID: App, ThreadTS: thread, ParentUser: card.User, Text: c.args["initial_comment"]}
	if raw := c.args["blocks"]; raw != "" && m.Text == "" {
		if code := checkBlocks(raw, nil); code != "" {
			return nil, code
		}
		var blocks []block
		_ = json.Unmarshal([]byte(raw), &blocks)
		for _, b := range blocks {
			m.Text += b.Text.Text
		}
		if !c.switches.DropFileBlocks {
			m.Blocks = json.RawMessage(raw)
		}
	}
	var summary []map[string]string
	for _, one := range files {
		f := c.files[one.ID]
		switch {
		case f == nil || !f.uploaded:
			return nil, "file_not_found"
		case f.shared:
			return nil, "invalid_arguments"
		}
		f.shared = true
		m.Files = append(m.Files, c.object(f))
		summary = append(summary, map[string]string{"id": f.id, "title": one.Title})
	}
	card.ThreadTS = thread
	card.ReplyCount++
	if d := c.switches.FilesShowAfter; d > 0 {
		c.late = append(c.late, lateShare{time.Now().Add(d), ch, m})
	} else {
		c.share(ch, m)
	}
	return map[string]any{"files": summary}, ""
}

// share shows a message with files.
func (s *Server) share(ch *channel, m *Message) {
	m.TS = s.nextTS()
	ch.messages = append(ch.messages, m)
	for _, f := range m.Files {
		name, _ := f["name"].(string)
		s.note(ch, m, "file", name)
	}
	if m.Text != "" {
		s.note(ch, m, "text", m.Text)
	}
	s.tellMessage(ch, m)
}

// shareLate shows what is due.
func (s *Server) shareLate() {
	var left []lateShare
	for _, l := range s.late {
		if time.Now().Before(l.at) {
			left = append(left, l)
			continue
		}
		s.share(l.ch, l.m)
	}
	s.late = left
}

// object is a file as messages show it.
func (s *Server) object(f *file) map[string]any {
	address := s.filesURL() + "/files-pri/" + f.id + "/" + f.name
	return map[string]any{
		"id": f.id, "name": f.name, "title": f.name, "mimetype": f.contentType, "size": len(f.content), "url_private": address, "url_private_download": address,
	}
}

// filesURL is where files are served: the fake's own address, as told by SetFilesURL.
func (s *Server) filesURL() string {
	if s.base != "" {
		return s.base
	}
	return "https://files.slack.com"
}

// SetFilesURL sets the address of the fake, under which its files are served.
func (s *Server) SetFilesURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = strings.TrimSuffix(base, "/")
}

// serveFile gives a file's bytes to who has the token, and to others the way to the page for signing in.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	s.Faults.Serve(w, r, "file", s.Refuse, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		f := s.files[r.PathValue("id")]
		allowed := r.Header.Get("Authorization") == "Bearer "+s.options.Token && s.granted("files:read")
		switch {
		case s.switches.PageForFiles:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<!doctype html><title>Sign in</title>")
		case !allowed:
			http.Redirect(w, r, "/?redir="+r.URL.Path, http.StatusFound)
		case f == nil || !f.uploaded:
			http.NotFound(w, r)
		default:
			w.Header().Set("Content-Type", f.contentType)
			_, _ = w.Write(f.content)
		}
	})
}

// Content gives the bytes of a file that was uploaded, by its name.
func (s *Server) Content(name string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		if f.name == name && f.uploaded {
			return f.content
		}
	}
	return nil
}
