package certainly

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// triggerPath is where a module is run by its number.
const triggerPath = "/actionsvc/trigger-response/"

// variableName is the shape that the vendor wants.
var variableName = regexp.MustCompile(`^[A-Za-z]`)

// trigger runs a module for a user, again on each call, and sets variables. The
// body is exactly what the vendor documents.
func (s *Server) trigger(r *http.Request, body []byte) int {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return http.StatusUnsupportedMediaType
	}
	var in struct {
		UserID    string         `json:"user_id"`
		ModuleID  *int64         `json:"module_id"`
		WaitTime  *float64       `json:"wait_time"`
		Variables map[string]any `json:"custom_vars"`
		Async     *bool          `json:"is_async"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil || in.Async == nil || !*in.Async || in.WaitTime != nil && *in.WaitTime < 0 {
		return http.StatusBadRequest
	}
	for name := range in.Variables {
		if !variableName.MatchString(name) {
			return http.StatusBadRequest
		}
	}
	u, known := s.users[in.UserID]
	switch {
	case !known:
		return http.StatusNotFound
	case u.listening:
		return s.opts.Unknown.TriggerListensStatus
	}
	maps.Copy(u.variables, in.Variables)
	if in.ModuleID == nil {
		return http.StatusOK
	}
	number := strconv.FormatInt(*in.ModuleID, 10)
	says, there := s.opts.Modules[number]
	if !there {
		return http.StatusNotFound
	}
	s.see(u, "bot", "module", number)
	s.botSays(u, says)
	return http.StatusOK
}
