package httpx

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/handoff-engine/handoff/connector"
)

// tokenWithin bounds one request for a token.
const tokenWithin = 10 * time.Second

// Tokens keeps one OAuth access token per process and asks for another one at a time. Make it with NewTokens; nil stands
// for a vendor that wants none.
type Tokens struct {
	vendor string
	fetch  func(ctx context.Context) (*oauth2.Token, error)
	http   *http.Client

	mu     sync.Mutex
	token  *oauth2.Token
	flight *flight
}

// flight is a request under way, which all who need a token wait for.
type flight struct {
	done  chan struct{}
	token string
	err   error
}

// NewTokens asks by fetch, whose context carries the client for package oauth2; base nil means a client of our own. A
// *connector.Error of fetch is passed on, and so is what package oauth2 says of a refusal, without a word of the answer.
func NewTokens(vendor string, base *http.Client, fetch func(ctx context.Context) (*oauth2.Token, error)) *Tokens {
	if base == nil {
		base = &http.Client{Transport: NewTransport(), Timeout: tokenWithin, CheckRedirect: refuseRedirect}
	}
	return &Tokens{vendor: vendor, fetch: fetch, http: base}
}

// Get gives a valid token. Op is the connector's method, for errors: Unauthenticated if our credentials are refused,
// Unavailable or RateLimited if the call that needs the token should be made later.
func (t *Tokens) Get(ctx context.Context, op string) (string, error) {
	if t == nil {
		return "", nil
	}
	t.mu.Lock()
	if t.token.Valid() {
		defer t.mu.Unlock()
		return t.token.AccessToken, nil
	}
	f := t.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		t.flight = f
		// Others wait for it too, so it outlives the call that began it.
		go t.run(context.WithoutCancel(ctx), f)
	}
	t.mu.Unlock()
	select {
	case <-f.done:
		if f.err != nil {
			return "", t.refused(op, f.err)
		}
		return f.token, nil
	case <-ctx.Done():
		return "", &connector.Error{Connector: t.vendor, Op: op, Kind: connector.Unavailable, Err: ctx.Err()}
	}
}

func (t *Tokens) run(ctx context.Context, f *flight) {
	ctx, cancel := context.WithTimeout(ctx, tokenWithin)
	defer cancel()
	token, err := t.fetch(context.WithValue(ctx, oauth2.HTTPClient, t.http))
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.flight = nil; err == nil {
		t.token, f.token = token, token.AccessToken
	}
	f.err = err
	close(f.done)
}

// Forget drops a token that the vendor refused, unless it was replaced meanwhile.
func (t *Tokens) Forget(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != nil && t.token.AccessToken == token {
		t.token = nil
	}
}

// oauthCode is the shape of OAuth's error codes, such as invalid_grant.
var oauthCode = regexp.MustCompile(`^[a-z_]{1,40}$`)

// refused keeps nothing of what the vendor said but its code: the rest may show the credentials.
func (t *Tokens) refused(op string, err error) error {
	e := &connector.Error{Connector: t.vendor, Op: op, Kind: connector.Unavailable, Err: errors.New("no access token")}
	if own, ok := errors.AsType[*connector.Error](err); ok {
		e.Kind, e.Err = own.Kind, own.Err
		return e
	}
	refusal, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok || refusal.Response == nil {
		return e
	}
	e.Status = refusal.Response.StatusCode
	switch kind := connector.KindOfStatus(e.Status); {
	case kind == connector.RateLimited:
		e.Kind, e.RetryAfter = kind, RetryAfter(refusal.Response.Header, time.Now())
	case kind.Permanent():
		e.Kind = connector.Unauthenticated
	}
	if oauthCode.MatchString(refusal.ErrorCode) {
		e.Code = refusal.ErrorCode
	}
	return e
}
