package dialogflow

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	scope     = "https://www.googleapis.com/auth/dialogflow"
	scopeAll  = "https://www.googleapis.com/auth/cloud-platform"
)

// token issues an access token for a service account's signed claims.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.ParseForm() != nil || r.PostForm.Get("grant_type") != grantType {
		refuseToken(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	if !s.signed(r.PostForm.Get("assertion"), r.Host) {
		refuseToken(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued++
	token := "ya29.fake-" + strconv.Itoa(s.issued)
	s.tokens[token] = s.opts.Now().Add(s.opts.TokenLife)
	answer(w, http.StatusOK, map[string]any{
		"access_token": token, "expires_in": int(s.opts.TokenLife.Seconds()), "token_type": "Bearer",
	})
}

// signed checks the claims and their signature.
func (s *Server) signed(assertion, host string) bool {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return false
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return false
	}
	var claims struct {
		Iss, Scope, Aud string
		Iat, Exp        int64
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return false
	}
	// The clock of the claims is the caller's own.
	life := time.Duration(claims.Exp-claims.Iat) * time.Second
	return claims.Iss == Email && (claims.Scope == scope || claims.Scope == scopeAll) &&
		strings.HasSuffix(claims.Aud, "://"+host+"/token") && life > 0 && life <= time.Hour+time.Minute
}

func refuseToken(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]string{"error": code, "error_description": "The request was refused."})
}

// admitted reports whether a call carries a token of ours that is still good.
func (s *Server) admitted(r *http.Request) bool {
	if s.opts.OpenToAll {
		return true
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	defer s.mu.Unlock()
	until, known := s.tokens[token]
	return ok && known && s.opts.Now().Before(until)
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// refuse writes Google's error envelope for a status.
func refuse(w http.ResponseWriter, status int) {
	refuseWith(w, status, codeOf(status), "The call was refused.")
}

func refuseWith(w http.ResponseWriter, status int, code, text string) {
	answer(w, status, map[string]any{"error": map[string]any{"code": status, "message": text, "status": code}})
}

// codeOf is Google's canonical code for a status.
func codeOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "UNAUTHENTICATED"
	case http.StatusForbidden:
		return "PERMISSION_DENIED"
	case http.StatusNotFound:
		return "NOT_FOUND"
	case http.StatusConflict:
		return "ALREADY_EXISTS"
	case http.StatusTooManyRequests:
		return "RESOURCE_EXHAUSTED"
	case http.StatusServiceUnavailable:
		return "UNAVAILABLE"
	case http.StatusGatewayTimeout:
		return "DEADLINE_EXCEEDED"
	}
	if status >= http.StatusInternalServerError {
		return "INTERNAL"
	}
	return "INVALID_ARGUMENT"
}
