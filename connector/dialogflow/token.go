package dialogflow

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// scope is all that we ask for.
const scope = "https://www.googleapis.com/auth/dialogflow"

// tokenWithin bounds one request for a token.
const tokenWithin = 10 * time.Second

// tokens keeps one access token per process and asks for another one at a time.
type tokens struct {
	// fetch asks Google; nil where no token is needed.
	fetch func(ctx context.Context) (*oauth2.Token, error)
	http  *http.Client

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

func newTokens(config Config, base *http.Client) *tokens {
	t := &tokens{http: base}
	if base == nil {
		t.http = &http.Client{Transport: httpx.NewTransport(), Timeout: tokenWithin}
	}
	switch config.auth() {
	case authServiceAccount:
		t.fetch = func(ctx context.Context) (*oauth2.Token, error) {
			account, err := google.JWTConfigFromJSON([]byte(config.Credentials.First().Reveal()), scope)
			if err != nil {
				return nil, errNoCredentials
			}
			if config.TokenURL != "" {
				account.TokenURL = config.TokenURL
			}
			return account.TokenSource(ctx).Token()
		}
	case authDefault:
		t.fetch = func(ctx context.Context) (*oauth2.Token, error) {
			found, err := google.FindDefaultCredentials(ctx, scope)
			if err != nil {
				return nil, errNoCredentials
			}
			return found.TokenSource.Token()
		}
	}
	return t
}

var errNoCredentials = errors.New("no usable credentials were found")

// get gives a valid token, or "" where none is needed.
func (t *tokens) get(ctx context.Context, op string) (string, error) {
	if t.fetch == nil {
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
			return "", refusedToken(op, f.err)
		}
		return f.token, nil
	case <-ctx.Done():
		return "", &connector.Error{Connector: Name, Op: op, Kind: connector.Unavailable, Err: ctx.Err()}
	}
}

func (t *tokens) run(ctx context.Context, f *flight) {
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

// forget drops a token that Google refused, unless it was replaced meanwhile.
func (t *tokens) forget(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != nil && t.token.AccessToken == token {
		t.token = nil
	}
}

// oauthCode is the shape of OAuth's error codes, such as invalid_grant.
var oauthCode = regexp.MustCompile(`^[a-z_]{1,40}$`)

// refusedToken keeps nothing of what Google said but its code: the rest may show the credentials.
func refusedToken(op string, err error) error {
	e := &connector.Error{Connector: Name, Op: op, Kind: connector.Unavailable, Err: errors.New("no access token")}
	if errors.Is(err, errNoCredentials) {
		e.Kind, e.Err = connector.Unauthenticated, errNoCredentials
		return e
	}
	refusal, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok || refusal.Response == nil {
		return e
	}
	e.Status = refusal.Response.StatusCode
	switch kind := connector.KindOfStatus(e.Status); {
	case kind == connector.RateLimited:
		e.Kind, e.RetryAfter = kind, httpx.RetryAfter(refusal.Response.Header, time.Now())
	case kind.Permanent():
		e.Kind = connector.Unauthenticated
	}
	if oauthCode.MatchString(refusal.ErrorCode) {
		e.Code = refusal.ErrorCode
	}
	return e
}
