package teams

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tokenLife is how long an access token lives.
const tokenLife = time.Hour

// serveToken hands out access tokens for client credentials, as Entra ID does.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request, body []byte) {
	fail := func(status int, code, description string) {
		writeJSON(w, status, map[string]any{"error": code, "error_description": description})
	}
	if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		fail(http.StatusBadRequest, "invalid_request", "AADSTS900144: the body must be a form")
		return
	}
	form, err := url.ParseQuery(string(body))
	switch {
	case err != nil || form.Get("grant_type") != "client_credentials":
		fail(http.StatusBadRequest, "unsupported_grant_type", "AADSTS70003")
	case r.PathValue("tenant") != s.options.Tenant:
		fail(http.StatusBadRequest, "invalid_client", "AADSTS7000229: the service principal is missing in the tenant")
	case form.Get("client_id") != s.options.AppID:
		fail(http.StatusBadRequest, "unauthorized_client", "AADSTS700016: the application was not found")
	case form.Get("client_secret") != s.options.AppSecret:
		fail(http.StatusUnauthorized, "invalid_client", "AADSTS7000215: invalid client secret")
	case !slices.Contains(scopes(r), form.Get("scope")):
		fail(http.StatusBadRequest, "invalid_scope", "AADSTS70011")
	default:
		s.issued++
		token := "eyJ-access-" + strconv.Itoa(s.issued)
		s.tokens[token] = access{expires: s.options.Now().Add(tokenLife), graph: form.Get("scope") != scopes(r)[0]}
		writeJSON(w, http.StatusOK, map[string]any{
			"token_type": "Bearer", "expires_in": int(tokenLife.Seconds()), "ext_expires_in": int(tokenLife.Seconds()), "access_token": token,
		})
	}
}

// scopes are those of the Connector and of Graph, which lives at our own address.
func scopes(r *http.Request) []string {
	return []string{"https://api.botframework.com/.default", "http://" + r.Host + "/.default"}
}

// access is what a token allows.
type access struct {
	expires time.Time
	graph   bool
}

// admits reports whether a call carries a token for the Connector, or for Graph.
func (s *Server) admits(r *http.Request, graph bool) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	a, known := s.tokens[token]
	return ok && known && a.graph == graph && s.options.Now().Before(a.expires)
}

// authorized lets a call through that carries a token of ours.
func (s *Server) authorized(handle func(http.ResponseWriter, *http.Request, []byte)) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, r *http.Request, body []byte) {
		switch {
		case !s.admits(r, false):
			refuse(w, http.StatusUnauthorized, "BotNotRegistered", "Authorization has been denied for this request.")
		case s.switches.Removed:
			refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
		default:
			handle(w, r, body)
		}
	}
}

// ExpireTokens makes the Connector refuse all tokens that were handed out.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// TokensIssued says how many tokens were handed out.
func (s *Server) TokensIssued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued
}
