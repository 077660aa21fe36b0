package crisp

import (
	"io"
	"net/http"
	"net/url"
)

// file is one that was, or may be, put into the store.
type file struct {
	contentType, signature string
	body                   []byte
}

// generateURL answers without an address: that comes by hook.
func (s *Server) generateURL(c *call) (any, *failure) {
	var ask struct {
		Namespace  string `json:"namespace"`
		ID         string `json:"id"`
		From       string `json:"from"`
		Identifier string `json:"identifier"`
		File       struct {
			Name string `json:"name"`
			Type string `json:"type"`
		} `json:"file"`
		Resource struct {
			Type string `json:"type"`
			ID   string `json:"id"`
		} `json:"resource"`
	}
	if f := c.read(&ask); f != nil {
		return nil, f
	}
	switch {
	case ask.Namespace != "upload" || ask.ID == "" || ask.File.Name == "" || ask.File.Type == "":
		return nil, badRequest("data should have required properties")
	case ask.Resource.Type != "website" || ask.Resource.ID != s.options.WebsiteID:
		return nil, badRequest("data.resource should be a website")
	case s.switches.NoBucketFrom && ask.From != "":
		return nil, badRequest("data should NOT have additional properties")
	case !s.switches.NoBucketFrom && (ask.From != "plugin" || ask.Identifier != s.options.PluginID):
		return nil, badRequest("data.identifier should be a plugin")
	}
	id := s.id()
	signature := "sig-" + id
	s.files[id] = &file{contentType: ask.File.Type, signature: signature}
	address := "http://" + c.Host + "/storage/" + id + "/" + url.PathEscape(ask.File.Name)
	s.tellOf(!s.switches.NoBucketWebsite, eventBucket, map[string]any{
		"type": "upload", "from": "plugin", "identifier": s.options.PluginID, "id": ask.ID,
		"resource": map[string]any{"type": "website", "id": s.options.WebsiteID},
		"url":      map[string]any{"resource": address, "signed": address + "?signature=" + signature},
		"policy":   map[string]any{"size_limit": s.options.MaxFile},
	})
	return nil, nil
}

// serveStorage takes a file once it is signed for, and gives it to anybody.
func (s *Server) serveStorage(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(s.options.MaxFile)+1))
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[r.PathValue("id")]
	switch {
	case f == nil:
		http.NotFound(w, r)
	case r.Method == http.MethodGet && f.body != nil:
		w.Header().Set("Content-Type", f.contentType)
		_, _ = w.Write(f.body)
	case r.Method != http.MethodPut || r.URL.Query().Get("signature") != f.signature || r.Header.Get("Authorization") != "":
		w.WriteHeader(http.StatusForbidden)
	case r.Header.Get("Content-Type") != f.contentType || r.ContentLength < 0:
		w.WriteHeader(http.StatusBadRequest)
	case len(body) > s.options.MaxFile:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	default:
		f.body = body
	}
}
