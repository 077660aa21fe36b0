package livechat

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// tokenLife is how long every access token lives, in seconds.
const tokenLife = 28800

// maxTokens is how many access tokens an account may have per client. The
// oldest is revoked, and nobody is told, when one more is issued.
const maxTokens = 25

// token is one access token.
type token struct {
	value    string
	customer string // the entity, for a customer token; empty for an agent token
	expires  time.Time
	revoked  bool
}

// principal is who makes a call.
type principal struct {
	customer *customer // set for customers
	agent    string    // set for agents: the requester
	client   string    // the app; empty for a personal access token
	scopes   []string  // nil: all
}

func (p principal) can(scope string) bool { return p.scopes == nil || slices.Contains(p.scopes, scope) }

// everyScope is what a connector may ask for.
const everyScope = "agents--all:ro,agents-bot--all:ro,chats--all:rw,customers:own,customers:rw,groups--all:ro," +
	"properties.configuration:rw,webhooks.configuration:rw,webhooks.state:rw"

func (s *Server) scope() string {
	if s.options.Scopes == nil {
		return everyScope
	}
	return strings.Join(s.options.Scopes, ",")
}

func (s *Server) issue(customer string, life int) *token {
	s.ids++
	kind := "at"
	if customer != "" {
		kind = "cust"
	}
	region := s.switches.Region
	if region == "" {
		region = "dal"
	}
	t := &token{
		value: fmt.Sprintf("%s:%s_%06x", region, kind, s.ids), customer: customer,
		expires: s.options.Now().Add(time.Duration(life) * time.Second),
	}
	s.tokens[t.value] = t
	s.issued = append(s.issued, t)
	var same []*token
	for _, other := range s.issued {
		if other.customer == customer && !other.revoked {
			same = append(same, other)
		}
	}
	if len(same) > maxTokens {
		same[0].revoked = true
	}
	return t
}

func (s *Server) valid(value string) (*token, bool) {
	t, ok := s.tokens[value]
	return t, ok && !t.revoked && s.options.Now().Before(t.expires)
}

// ExpireTokens ends the life of every access token issued so far.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.issued {
		t.revoked = true
	}
}

// TokensIssued says how many access tokens were issued for agents and for customers.
func (s *Server) TokensIssued() (agents, customers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.issued {
		if t.customer == "" {
			agents++
		} else {
			customers++
		}
	}
	return agents, customers
}

// authenticate finds who calls an API. Each API takes its own kind of credential only.
func (s *Server) authenticate(r *http.Request, customerSide bool) (principal, *failure) {
	header := r.Header.Get("Authorization")
	refused := fail("authentication", "Invalid access token")
	if value, ok := strings.CutPrefix(header, "Bearer "); ok {
		t, ok := s.valid(value)
		switch {
		case !ok || (t.customer != "") != customerSide:
			return principal{}, refused
		case customerSide:
			return principal{customer: s.customers[t.customer], client: s.options.ClientID}, nil
		}
		return principal{agent: s.options.Requester, client: s.options.ClientID, scopes: s.options.Scopes}, nil
	}
	if value, ok := strings.CutPrefix(header, "Basic "); ok && !customerSide {
		want := base64.StdEncoding.EncodeToString([]byte(s.options.AccountID + ":" + s.options.PAT))
		if value == want {
			return principal{agent: s.options.Requester, scopes: s.options.Scopes}, nil
		}
	}
	return principal{}, refused
}

// serveToken answers the refresh grant. Refresh tokens of server-side apps do not rotate.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	form, err := url.ParseQuery(string(body))
	switch {
	case r.Method != http.MethodPost:
		writeOAuthFailure(w, http.StatusUnauthorized, "invalid_request", "only POST is allowed")
	case err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		writeOAuthFailure(w, http.StatusUnauthorized, "invalid_request", "wrong format of request")
	case form.Get("grant_type") != "refresh_token":
		writeOAuthFailure(w, http.StatusUnauthorized, "unsupported_grant_type", "grant type is not supported")
	case form.Get("client_id") != s.options.ClientID || form.Get("client_secret") != s.options.ClientSecret:
		writeOAuthFailure(w, http.StatusUnauthorized, "invalid_client", "client not found or wrong secret")
	case form.Get("refresh_token") != s.options.RefreshToken:
		writeOAuthFailure(w, http.StatusUnauthorized, "invalid_grant", "refresh token not found")
	default:
		writeJSON(w, http.StatusOK, map[string]any{
			"access_token": s.issue("", tokenLife).value, "account_id": s.options.AccountID, "expires_in": tokenLife,
			"organization_id": s.options.OrganizationID, "refresh_token": s.options.RefreshToken,
			"scope": s.scope(), "token_type": "Bearer",
		})
	}
}

// serveInfo answers introspection of an agent token.
func (s *Server) serveInfo(w http.ResponseWriter, r *http.Request, _ []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	t, ok := s.valid(value)
	if !ok || t.customer != "" || r.Method != http.MethodGet {
		writeOAuthFailure(w, http.StatusUnauthorized, "invalid_request", "token not found")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": t.value, "account_id": s.options.AccountID, "client_id": s.options.ClientID,
		"expires_in":      int(t.expires.Sub(s.options.Now()).Seconds()),
		"organization_id": s.options.OrganizationID, "scope": s.scope(), "token_type": "Bearer",
	})
}

// serveCustomerToken answers the agent_token grant, which is also how a customer is made.
func (s *Server) serveCustomerToken(w http.ResponseWriter, r *http.Request, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refuse := func(exception, why string) { writeOAuthFailure(w, http.StatusUnauthorized, exception, why) }
	var req struct {
		GrantType    string `json:"grant_type"`
		ClientID     string `json:"client_id"`
		ResponseType string `json:"response_type"`
		EntityID     string `json:"entity_id"`
		RedirectURI  string `json:"redirect_uri"`
		ExpiresIn    *uint  `json:"expires_in"`
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(&req); err != nil || r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		refuse("invalid_request", "wrong format of request")
		return
	}
	value, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	t, ok := s.valid(value)
	scopes := principal{scopes: s.options.Scopes}
	switch {
	case !bearer: // a personal access token cannot mint customer tokens
		refuse("invalid_request", "agent token required")
	case !ok || t.customer != "":
		refuse("invalid_request", "agent token not found")
	case !scopes.can("customers:own"):
		refuse("access_denied", "missing scope customers:own")
	case req.GrantType != "agent_token":
		refuse("unsupported_grant_type", "grant type is not supported")
	case req.ResponseType != "token":
		refuse("invalid_request", "response_type must be token")
	case req.ClientID != s.options.ClientID:
		refuse("unauthorized_client", "client not found")
	case req.EntityID != "" && s.customers[req.EntityID] == nil:
		refuse("invalid_request", "entity not found")
	default:
		id, life := req.EntityID, tokenLife
		if id == "" {
			id = s.nextUUID()
			s.customers[id] = &customer{id: id}
		}
		if req.ExpiresIn != nil {
			life = int(*req.ExpiresIn)
			if longest := s.switches.MaxExpiresIn; longest != 0 && life > longest {
				life = longest
			}
		}
		writeJSON(w, http.StatusOK, map[string]any{
			"access_token": s.issue(id, life).value, "client_id": s.options.ClientID, "entity_id": id,
			"expires_in": life, "token_type": "Bearer", "organization_id": s.options.OrganizationID,
		})
	}
}
