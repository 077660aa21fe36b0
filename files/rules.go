package files

import (
	"mime"
	"path"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector/httpx"
)

// Rules say which files of a connection are let through. The zero value takes everything up to 25 MB.
type Rules struct {
	// MaxSize is in bytes; 0 means httpx.MaxFile.
	MaxSize int64
	// AllowTypes are the kinds that are let through, as media types ("image/png", "image/*") or endings (".pdf"); empty
	// means all. DenyTypes are not, whatever is allowed.
	AllowTypes, DenyTypes []string
}

func (r Rules) maxSize() int64 {
	if r.MaxSize > 0 {
		return r.MaxSize
	}
	return httpx.MaxFile
}

// typed reports whether any kind of file is treated differently from another.
func (r Rules) typed() bool { return len(r.AllowTypes)+len(r.DenyTypes) > 0 }

func (r Rules) denies(name string, types ...string) bool { return matches(r.DenyTypes, name, types...) }

func (r Rules) allows(name, kind string) bool {
	return len(r.AllowTypes) == 0 || matches(r.AllowTypes, name, kind)
}

// takes reports whether a file is let through, by what the one who sent it says it is, what its server says, and how it
// begins. The server's word counts for more than the sender's. Most kinds cannot be told by their beginning; pages and
// programs can, and pass for nothing else.
func (r Rules) takes(name, said, served, content string) bool {
	if r.denies(name, said, served, content) {
		return false
	}
	kind := content
	for _, better := range []string{said, served} {
		if tells(better) {
			kind = better
		}
	}
	return r.allows(name, kind) && (!active(content) || r.allows("", content))
}

// tells reports whether a content type says anything.
func tells(kind string) bool { return kind != "" && kind != "application/octet-stream" }

// active reports whether a browser or a computer would run it.
func active(content string) bool {
	return content == "text/html" || content == "application/x-msdownload" || content == "application/x-executable"
}

// matches reports whether one of the patterns is about a file with that name and one of those types.
func matches(patterns []string, name string, types ...string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		pattern = strings.ToLower(pattern)
		if strings.HasPrefix(pattern, ".") {
			return strings.EqualFold(path.Ext(name), pattern)
		}
		return slices.ContainsFunc(types, func(kind string) bool {
			if group, ok := strings.CutSuffix(pattern, "*"); ok {
				return kind != "" && strings.HasPrefix(kind, group)
			}
			return kind == pattern
		})
	})
}

// ValidType reports whether text is one that AllowTypes and DenyTypes understand.
func ValidType(text string) bool {
	if ending, ok := strings.CutPrefix(text, "."); ok {
		return ending != "" && !strings.ContainsAny(ending, "./* ")
	}
	kind, sub, ok := strings.Cut(text, "/")
	return ok && kind != "" && sub != "" && !strings.ContainsAny(kind, "*; ") && (sub == "*" || !strings.ContainsAny(sub, "*/; "))
}

// mediaType gives a content type without its parameters.
func mediaType(contentType string) string {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return kind
}
