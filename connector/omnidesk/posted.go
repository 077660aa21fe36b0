package omnidesk

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
)

// posted are the fields of a hookpoint's call. In which encoding they come is not documented, and how they are spelt
// differs from one hookpoint to the next: names are kept in lower case.
type posted struct {
	texts map[string]string
	file  *postedFile
}

// postedFile is the file of an upload: its bytes, or the address where it is.
type postedFile struct {
	name, contentType, url string
	content                []byte
}

func (p posted) text(name string) string { return p.texts[strings.ToLower(name)] }

func (p posted) set(name, value string) {
	p.texts[strings.ToLower(name)] = strings.ToValidUTF8(value, "\uFFFD")
}

const (
	// fileField is the name of the field with an upload's bytes (guide, uploadForCustomer).
	fileField = "file"
	// maxParts bounds the parts of a form that are read.
	maxParts = 32
)

var errUnreadable = errors.New("the body is neither JSON nor a form")

// readPosted reads JSON, either kind of form, and the query. The body goes before the query.
func readPosted(d *connector.Delivery) (posted, error) {
	p := posted{texts: map[string]string{}}
	if query, err := url.ParseQuery(d.Query); err == nil {
		p.setAll(query)
	}
	body := bytes.TrimSpace(d.Body)
	if len(body) == 0 {
		return p, nil
	}
	contentType, parameters, _ := mime.ParseMediaType(d.Header.Get("Content-Type"))
	switch {
	case contentType == "multipart/form-data":
		return p, p.readMultipart(d.Body, parameters["boundary"])
	case body[0] == '{':
		return p, p.readJSON(body)
	case contentType == "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return p, errUnreadable
		}
		p.setAll(values)
		p.fileOfText()
		return p, nil
	}
	return p, errUnreadable
}

func (p posted) setAll(values url.Values) {
	// In order: names that differ in their case alone are one, always the same one.
	for _, name := range slices.Sorted(maps.Keys(values)) {
		p.set(name, values.Get(name))
	}
}

// readJSON takes scalars only: no hookpoint has anything else.
func (p *posted) readJSON(body []byte) error {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		return errUnreadable
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		var text string
		switch raw := object[name]; {
		case raw[0] == '"' && json.Unmarshal(raw, &text) == nil:
			p.set(name, text)
		case raw[0] != '{' && raw[0] != '[' && raw[0] != '"' && string(raw) != "null":
			p.set(name, string(raw))
		}
	}
	p.fileOfText()
	return nil
}

func (p *posted) readMultipart(body []byte, boundary string) error {
	if boundary == "" {
		return errUnreadable
	}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for n := 0; ; n++ {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil || n >= maxParts {
			return errUnreadable
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return errUnreadable
		}
		name := part.FormName()
		if part.FileName() == "" && !strings.EqualFold(name, fileField) {
			p.set(name, string(content))
			continue
		}
		if p.file == nil {
			p.file = &postedFile{name: part.FileName(), contentType: part.Header.Get("Content-Type"), content: content}
		}
	}
}

// fileOfText makes a file of a text field, for encodings that have no files: its address, its bytes in base64, or its
// bytes as they are.
func (p *posted) fileOfText() {
	text := p.text(fileField)
	if text == "" {
		return
	}
	f := &postedFile{name: firstOf(p.text("filename"), p.text("file_name"))}
	p.file = f
	if connector.IsWebAddress(text) {
		f.url = text
		return
	}
	if kind, encoded, ok := strings.Cut(text, ";base64,"); ok && strings.HasPrefix(kind, "data:") {
		f.contentType, text = strings.TrimPrefix(kind, "data:"), encoded
	}
	if content, err := base64.StdEncoding.DecodeString(text); err == nil {
		f.content = content
		return
	}
	f.content = []byte(text)
}

// kind gives the file's media type, from what it says or how it begins.
func (f *postedFile) kind() string {
	if kind, _, err := mime.ParseMediaType(f.contentType); err == nil && kind != "application/octet-stream" {
		return kind
	}
	kind, _, _ := mime.ParseMediaType(http.DetectContentType(f.content))
	return kind
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
