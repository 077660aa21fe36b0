package livechat

import (
	"encoding/json"
	"net/http"
)

// failure is an error of the three chat APIs. Clients are told to look at the
// type: the HTTP status of most types is documented nowhere.
type failure struct {
	Type    string         `json:"type"`
	Message string         `json:"message"`
	Data    map[string]any `json:"data,omitempty"`
}

func fail(kind, message string) *failure { return &failure{Type: kind, Message: message} }

// statusOf gives the HTTP status of an error type. Only those of validation and
// authentication are known; the others are guesses, and Switches.OtherStatus
// replaces them all.
func (s *Server) statusOf(kind string) int {
	switch kind {
	case "validation":
		return http.StatusBadRequest
	case "authentication":
		return http.StatusUnauthorized
	}
	if s.switches.OtherStatus != 0 {
		return s.switches.OtherStatus
	}
	switch kind {
	case "authorization", "missing_access", "customer_banned":
		return http.StatusForbidden
	case "not_found", "group_not_found", "license_not_found":
		return http.StatusNotFound
	case "entity_too_large":
		return http.StatusRequestEntityTooLarge
	case "misdirected_request":
		return http.StatusMisdirectedRequest
	case "too_many_requests":
		return http.StatusTooManyRequests
	case "internal":
		return http.StatusInternalServerError
	case "service_unavailable":
		return http.StatusServiceUnavailable
	case "request_timeout":
		return http.StatusGatewayTimeout
	}
	return http.StatusUnprocessableEntity
}

func (s *Server) writeFailure(w http.ResponseWriter, f *failure) {
	if f.Data == nil {
		f.Data = map[string]any{}
	}
	writeJSON(w, s.statusOf(f.Type), map[string]any{"error": f})
}

// writeOAuthFailure answers in the other error shape, that of the account server.
func writeOAuthFailure(w http.ResponseWriter, status int, exception, description string) {
	writeJSON(w, status, map[string]string{"oauth_exception": exception, "exception_description": description})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
