package teams

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// issuer is whom activities are from.
const issuer = "https://api.botframework.com"

// SigningKey signs activities.
type SigningKey struct {
	ID      string
	Private *rsa.PrivateKey
}

// generated keeps the keys of this process: making one takes long.
var generated sync.Map

// Key gives the key of a name: the same one whenever it is asked for.
func Key(name string) SigningKey {
	once, _ := generated.LoadOrStore(name, sync.OnceValue(func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err) // the system has no randomness
		}
		return key
	}))
	return SigningKey{ID: name, Private: once.(func() *rsa.PrivateKey)()}
}

// KeySet writes public keys as the vendor does, endorsed for the given channels.
func KeySet(endorsements []string, keys ...SigningKey) []byte {
	list := []map[string]any{}
	for _, k := range keys {
		entry := map[string]any{
			"kty": "RSA", "use": "sig", "kid": k.ID, "x5t": k.ID,
			"n": base64.RawURLEncoding.EncodeToString(k.Private.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.Private.E)).Bytes()),
		}
		if endorsements != nil {
			entry["endorsements"] = endorsements
		}
		list = append(list, entry)
	}
	b, err := json.Marshal(map[string]any{"keys": list})
	if err != nil {
		panic(err) // plain values
	}
	return b
}

func (s *Server) serveOpenID(w http.ResponseWriter, r *http.Request, _ []byte) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer": issuer, "jwks_uri": "http://" + r.Host + "/v1/.well-known/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func (s *Server) serveKeys(w http.ResponseWriter, _ *http.Request, _ []byte) {
	endorsements := []string{"msteams", "webchat"}
	if s.switches.NoEndorsements {
		endorsements = nil
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(KeySet(endorsements, s.key))
}

// Rotate replaces the key that activities are signed with; the old one is no longer published.
func (s *Server) Rotate(key SigningKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = key
}

// sign gives the headers of one delivery. The outbox calls it for each try.
func (s *Server) sign(body []byte) http.Header {
	s.mu.Lock()
	key := s.key
	s.mu.Unlock()
	return http.Header{
		"Content-Type":  {"application/json; charset=utf-8"},
		"Authorization": {"Bearer " + Token(key, Claims(s.options.AppID, body, s.options.Now()))},
	}
}

// Claims are those of the token for an activity that is sent at a time.
func Claims(appID string, body []byte, at time.Time) jwt.MapClaims {
	var activity struct {
		ServiceURL string `json:"serviceUrl"`
	}
	_ = json.Unmarshal(body, &activity)
	return jwt.MapClaims{
		"iss": issuer, "aud": appID, "serviceurl": activity.ServiceURL, "nbf": at.Unix(), "exp": at.Add(time.Hour).Unix(),
	}
}

// Token signs claims.
func Token(key SigningKey, claims jwt.MapClaims) string {
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"], t.Header["x5t"] = key.ID, key.ID
	signed, err := t.SignedString(key.Private)
	if err != nil {
		panic(err) // the key is an RSA key
	}
	return signed
}
