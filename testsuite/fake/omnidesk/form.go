package omnidesk

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"
)

// fieldsOf gives a call's fields, and whether each is required.
func fieldsOf(op string) map[string]bool {
	return map[string]map[string]bool{
		OpMessage: {
			"chatSessionID": true, "message": true, "channelID": true, "chatAccountToken": true, "chatServer": true, "url": true,
			"messageNumber": false,
		},
		OpAttachment: {"file": true, "chatServer": true, "chatAccountToken": true, "sessionID": true},
		OpEvent:      {"chatServer": true, "chatSessionID": true, "event": true},
		OpEnd:        {"chatSessionID": true, "chatServer": true},
		OpConfig:     {"chatServer": true, "chatAccountToken": true},
		OpChatbot:    {"from": true, "subject": true, "message": true, "brandID": true},
	}[op]
}

// form is a multipart form as it came.
type form struct {
	texts map[string]string
	file  *File
}

// readForm reads a multipart form that has exactly the wanted fields.
func readForm(r *http.Request, wanted map[string]bool) (form, *refusal) {
	f := form{texts: map[string]string{}}
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		_, _ = io.Copy(io.Discard, r.Body)
		return f, &refusal{http.StatusBadRequest, "This is no form."}
	}
	parts := multipart.NewReader(r.Body, parameters["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return f, &refusal{http.StatusBadRequest, "This form cannot be read."}
		}
		content, err := io.ReadAll(part)
		_, known := wanted[part.FormName()]
		switch {
		case err != nil:
			return f, &refusal{http.StatusRequestEntityTooLarge, "This form is too large."}
		case !known:
			return f, &refusal{http.StatusBadRequest, "The field " + part.FormName() + " does not exist."}
		case (part.FormName() == "file") != (part.FileName() != ""):
			return f, &refusal{http.StatusBadRequest, "A file is a file."}
		case part.FileName() != "":
			f.file = &File{Name: part.FileName(), ContentType: part.Header.Get("Content-Type"), Content: content}
		default:
			f.texts[part.FormName()] = string(content)
		}
	}
	for name, required := range wanted {
		missing := f.texts[name] == "" && (name != "file" || f.file == nil)
		if required && missing {
			return f, &refusal{http.StatusBadRequest, "The field " + name + " is missing."}
		}
	}
	return f, nil
}

// patterns are the documented ones, but for that of a session's id and of numbers.
func patterns() map[string]*regexp.Regexp {
	session := regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
	return map[string]*regexp.Regexp{
		"chatAccountToken": regexp.MustCompile(`^[a-zA-Z0-9]{10,}$`),
		"chatServer":       regexp.MustCompile(`^[a-zA-Z0-9.:/\-]{5,}$`),
		"chatSessionID":    session, "sessionID": session,
		"messageNumber": regexp.MustCompile(`^[1-9][0-9]*$`),
		"channelID":     regexp.MustCompile(`^8$`),
		"url":           regexp.MustCompile(`^https?://\S+$`),
		"event":         regexp.MustCompile(`^(startedtyping|stoppedtyping|expandedchat|minimizedchat)$`),
		"brandID":       regexp.MustCompile(`^[0-9]+$`),
		"from":          regexp.MustCompile(`^([^@\s]+@[^@\s]+|\+?[0-9 ]{5,})$`),
	}
}

// checkForm checks the values.
func (s *Server) checkForm(f form) *refusal {
	for name, pattern := range patterns() {
		if value, there := f.texts[name]; there && !pattern.MatchString(value) {
			return &refusal{http.StatusBadRequest, "The field " + name + " is not valid."}
		}
	}
	token, there := f.texts["chatAccountToken"]
	switch {
	case there && token != s.opts.AccountToken:
		return &refusal{http.StatusUnauthorized, "This token does not exist."}
	case strings.TrimSpace(f.texts["message"]) == "" && f.texts["message"] != "":
		return &refusal{http.StatusBadRequest, "The message is empty."}
	case !utf8.ValidString(f.texts["message"]):
		return &refusal{http.StatusBadRequest, "The message is not UTF-8."}
	case f.texts["channelID"] != "" && utf8.RuneCountInString(f.texts["message"]) > maxText:
		return &refusal{http.StatusBadRequest, "The message is too long."}
	case f.file != nil && len(f.file.Content) > maxFile:
		return &refusal{http.StatusRequestEntityTooLarge, "The file is too large."}
	}
	return nil
}
