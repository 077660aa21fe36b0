package teams

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"log/slog"
	"math/big"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

const (
	// keysLast is how long keys are used before they are loaded anew (learn: rest-api-connector-authentication).
	keysLast = 24 * time.Hour
	// refreshEvery is how often keys that we do not know may make us load them anew.
	refreshEvery = time.Minute
	// loadWithin bounds one loading of the keys.
	loadWithin = 15 * time.Second
	// leastKeyBits is the shortest RSA key that we trust.
	leastKeyBits = 2048
)

// keys are the public keys that webhooks are signed with. Reading them does no I/O: they are loaded in the background.
type keys struct {
	http *httpx.Client
	url  string
	log  *slog.Logger

	snapshot atomic.Pointer[keySet]

	mu      sync.Mutex
	loading bool
	failed  bool
	tried   time.Time
}

// keySet is what was loaded at once. It is never changed.
type keySet struct {
	byID   map[string]signingKey
	loaded time.Time
}

// signingKey is one key, and the channels that it signs for.
type signingKey struct {
	public       *rsa.PublicKey
	endorsements []string
}

// endorses reports whether the key may sign activities of a channel.
func (k signingKey) endorses(channel string) bool { return slices.Contains(k.endorsements, channel) }

// have is what is known of a key id.
type have int

const (
	haveKey have = iota
	// haveNone: the keys are fresh, and it is not among them.
	haveNone
	// haveToWait: the keys are being loaded, or could not be.
	haveToWait
)

func newKeys(client *httpx.Client, url string, log *slog.Logger) *keys {
	k := &keys{http: client, url: url, log: log}
	k.snapshot.Store(&keySet{})
	return k
}

// find gives a key. One that is not known makes the keys be loaded anew, at most once a minute.
func (k *keys) find(id string, now time.Time) (signingKey, have) {
	set := k.snapshot.Load()
	if key, ok := set.byID[id]; ok {
		if now.Sub(set.loaded) > keysLast {
			k.refresh(now)
		}
		return key, haveKey
	}
	if k.refresh(now) {
		return signingKey{}, haveToWait
	}
	return signingKey{}, haveNone
}

// refresh loads the keys in the background, unless that was done within the last minute. It reports whether a caller who
// misses a key should come back.
func (k *keys) refresh(now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if since := now.Sub(k.tried); k.loading || since >= 0 && since < refreshEvery {
		return k.loading || k.failed
	}
	k.tried = now
	k.begin(now)
	return true
}

// load begins the loading at the start, which does not count.
func (k *keys) load() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.begin(time.Now())
}

func (k *keys) begin(now time.Time) {
	k.loading = true
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), loadWithin)
		defer cancel()
		byID, err := k.fetch(ctx, "Verify")
		k.mu.Lock()
		defer k.mu.Unlock()
		k.loading, k.failed = false, err != nil
		if err != nil {
			k.log.Warn("keys of webhooks were not loaded", "kind", connector.KindOf(err))
			return
		}
		k.snapshot.Store(&keySet{byID: byID, loaded: now})
	}()
}

// fetch asks for the document that names the keys, and for the keys.
func (k *keys) fetch(ctx context.Context, op string) (map[string]signingKey, error) {
	var document struct {
		JWKSURI string `json:"jwks_uri"`
	}
	if _, err := k.http.Do(ctx, httpx.Request{Op: op, Method: http.MethodGet, URL: k.url}, &document); err != nil {
		return nil, err
	}
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if _, err := k.http.Do(ctx, httpx.Request{Op: op, Method: http.MethodGet, URL: document.JWKSURI}, &set); err != nil {
		return nil, err
	}
	byID := map[string]signingKey{}
	for _, j := range set.Keys {
		if public := j.public(); public != nil && j.ID != "" {
			byID[j.ID] = signingKey{public: public, endorsements: j.Endorsements}
		}
	}
	if len(byID) == 0 {
		return nil, connector.Errorf(Name, op, connector.Unavailable, "the vendor names no key")
	}
	return byID, nil
}

// jwk is a key as RFC 7517 writes it, with the endorsements of the Bot Framework.
type jwk struct {
	Type         string   `json:"kty"`
	Use          string   `json:"use"`
	ID           string   `json:"kid"`
	N            string   `json:"n"`
	E            string   `json:"e"`
	Endorsements []string `json:"endorsements"`
}

// public gives an RSA key for signatures, or nil for any other and for one that is too weak.
func (j jwk) public() *rsa.PublicKey {
	n, errN := base64.RawURLEncoding.DecodeString(j.N)
	e, errE := base64.RawURLEncoding.DecodeString(j.E)
	if j.Type != "RSA" || j.Use != "" && j.Use != "sig" || errN != nil || errE != nil || len(e) == 0 || len(e) > 4 {
		return nil
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	if key.N.BitLen() < leastKeyBits || key.E < 3 {
		return nil
	}
	return key
}
