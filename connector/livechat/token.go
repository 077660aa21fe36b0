package livechat

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

const (
	// renewBefore is how long before its end a token is replaced.
	renewBefore = 5 * time.Minute
	// maxTokens bounds the cache of customers' tokens; each lives eight hours.
	maxTokens = 4096
)

// tokens hands out access tokens. A credential has one token in each process and one refresh at a time: the vendor
// revokes the oldest, and tells nobody, when an account gets its 26th (vendor reference, OAuth).
type tokens struct {
	http   *httpx.Client
	config Config
	now    func() time.Time

	app cell

	mu        sync.Mutex
	customers map[string]*cell
	org       string
	scope     string
}

// cell holds one token. Its lock is a channel, so that waiting for it ends with the context.
type cell struct {
	lock    chan struct{}
	mu      sync.Mutex
	value   string
	expires time.Time
}

func newCell() cell { return cell{lock: make(chan struct{}, 1)} }

func newTokens(client *httpx.Client, config Config) *tokens {
	return &tokens{
		http: client, config: config, now: time.Now, app: newCell(), customers: map[string]*cell{}, org: config.OrganizationID,
	}
}

// get gives the token, and renews it first if its end is near. Who comes while it is being renewed waits for that.
func (c *cell) get(ctx context.Context, op string, now func() time.Time, renew func(context.Context) (string, time.Duration, error)) (string, error) {
	select {
	case c.lock <- struct{}{}:
		defer func() { <-c.lock }()
	case <-ctx.Done():
		return "", &connector.Error{Connector: Name, Op: op, Kind: connector.Unavailable, Err: ctx.Err()}
	}
	c.mu.Lock()
	value, fresh := c.value, now().Before(c.expires)
	c.mu.Unlock()
	if value != "" && fresh {
		return value, nil
	}
	value, life, err := renew(ctx)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.value, c.expires = value, now().Add(max(life-renewBefore, life/2))
	return value, nil
}

// discard forgets value, unless it was replaced meanwhile.
func (c *cell) discard(value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.value == value {
		c.value = ""
	}
}

// token is the answer of both token calls.
type token struct {
	AccessToken    string `json:"access_token"`
	EntityID       string `json:"entity_id"`
	OrganizationID string `json:"organization_id"`
	Scope          string `json:"scope"`
	ExpiresIn      int    `json:"expires_in"`
}

func (t token) life() time.Duration { return time.Duration(t.ExpiresIn) * time.Second }

// agent gives the app's token.
func (t *tokens) agent(ctx context.Context, op string) (string, error) {
	return t.app.get(ctx, op, t.now, func(ctx context.Context) (string, time.Duration, error) {
		got, err := t.ask(ctx, httpx.Request{
			Op: op, Method: http.MethodPost, URL: t.config.TokenURL + "/v2/token",
			Body: url.Values{
				"grant_type": {"refresh_token"}, "refresh_token": {t.config.RefreshToken.Reveal()},
				"client_id": {t.config.ClientID}, "client_secret": {t.config.ClientSecret.Reveal()},
			},
		})
		if err != nil {
			return "", 0, err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.scope = got.Scope
		if t.org == "" {
			t.org = got.OrganizationID
		}
		return got.AccessToken, got.life(), nil
	})
}

// customer gives the token of a customer who exists.
func (t *tokens) customer(ctx context.Context, op, entityID string) (string, error) {
	if entityID == "" {
		return "", connector.Errorf(Name, op, connector.Invalid, "the ticket has no customer: it was not prepared")
	}
	return t.cellOf(entityID).get(ctx, op, t.now, func(ctx context.Context) (string, time.Duration, error) {
		got, err := t.mint(ctx, op, entityID)
		return got.AccessToken, got.life(), err
	})
}

// newCustomer makes a customer and gives its id.
func (t *tokens) newCustomer(ctx context.Context, op string) (entityID string, err error) {
	got, err := t.mint(ctx, op, "")
	if err != nil {
		return "", err
	}
	if got.EntityID == "" {
		return "", connector.Errorf(Name, op, connector.UncertainOutcome, "the token has no entity_id")
	}
	c := t.cellOf(got.EntityID)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.value, c.expires = got.AccessToken, t.now().Add(max(got.life()-renewBefore, got.life()/2))
	return got.EntityID, nil
}

// mint asks for a customer's token; without an id that makes a new customer. It wants the app's token: a personal
// access token is refused (vendor reference, customer authorization).
func (t *tokens) mint(ctx context.Context, op, entityID string) (token, error) {
	body := map[string]string{"grant_type": "agent_token", "client_id": t.config.ClientID, "response_type": "token"}
	if entityID != "" {
		body["entity_id"] = entityID
	}
	for renewed := false; ; renewed = true {
		agent, err := t.agent(ctx, op)
		if err != nil {
			return token{}, err
		}
		got, err := t.ask(ctx, httpx.Request{
			Op: op, Method: http.MethodPost, URL: t.config.TokenURL + "/v2/customer/token",
			Header: http.Header{"Authorization": {"Bearer " + agent}}, Body: body,
		})
		if err == nil || renewed || connector.KindOf(err) != connector.Unauthenticated {
			return got, err
		}
		t.app.discard(agent)
	}
}

func (t *tokens) ask(ctx context.Context, r httpx.Request) (token, error) {
	answer, err := t.http.Do(ctx, r, nil)
	if err != nil {
		return token{}, err
	}
	var got token
	if json.Unmarshal(answer.Body, &got) != nil || got.AccessToken == "" {
		return token{}, connector.Errorf(Name, r.Op, connector.UncertainOutcome, "the answer has no token")
	}
	return got, nil
}

// organization gives the account's id, which every call in a customer's name carries.
func (t *tokens) organization(ctx context.Context, op string) (string, error) {
	t.mu.Lock()
	org := t.org
	t.mu.Unlock()
	if org != "" {
		return org, nil
	}
	if _, err := t.agent(ctx, op); err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.org == "" {
		return "", connector.Errorf(Name, op, connector.Invalid, "the account server names no organization: set organization_id")
	}
	return t.org, nil
}

// may reports whether the app's token has a scope; unknown scopes count as granted.
func (t *tokens) may(scope string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if slices.Contains(strings.FieldsFunc(t.scope, func(r rune) bool { return r == ',' || r == ' ' }), scope) {
		return true
	}
	return t.scope == ""
}

// discard forgets a token that the vendor refused.
func (t *tokens) discard(customer, value string) {
	if customer == "" {
		t.app.discard(value)
		return
	}
	t.cellOf(customer).discard(value)
}

func (t *tokens) cellOf(entityID string) *cell {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, ok := t.customers[entityID]
	if !ok {
		if len(t.customers) >= maxTokens {
			t.evict()
		}
		fresh := newCell()
		c = &fresh
		t.customers[entityID] = c
	}
	return c
}

// evict makes room: what has expired goes first, else any one.
func (t *tokens) evict() {
	for id, c := range t.customers {
		c.mu.Lock()
		over := !t.now().Before(c.expires)
		c.mu.Unlock()
		if over {
			delete(t.customers, id)
		}
	}
	for id := range t.customers {
		if len(t.customers) < maxTokens {
			return
		}
		delete(t.customers, id)
	}
}
