package playground

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/handoff-engine/handoff/docs/examples"
)

// mintWithin bounds how long the gateway may take for a customer token.
const mintWithin = 5 * time.Second

// maxToken bounds what the gateway may answer.
const maxToken = 4 << 10

// appKey is how the app's page names a conversation. Nobody is signed in here, so the name itself has to be one that
// nobody can guess: who knows it, is the customer.
var appKey = regexp.MustCompile(`^u-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

var errNoToken = errors.New("the gateway gave no token; try again")

// customerToken is what the page of the team's own app gets from its backend.
type customerToken struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
}

// appToken is the backend of the team's own app: it asks for a customer token with the api_token, which never leaves
// this process.
func (p *Playground) appToken(w http.ResponseWriter, r *http.Request) {
	a, err := readAction(w, r)
	channel := p.cfg.App
	if a.To == p.cfg.Site && a.To != "" {
		channel = a.To
	} else if a.To != "" && a.To != channel {
		err = errBadRequest
	}
	if err == nil && !appKey.MatchString(a.ID) {
		err = errBadRequest
	}
	var minted customerToken
	if err == nil {
		minted, err = p.mint(r.Context(), channel, a.ID)
	}
	w.Header().Set("Cache-Control", "no-store")
	answer(w, minted, err)
}

// mint asks the gateway over HTTP, as a team's backend does.
func (p *Playground) mint(ctx context.Context, channel, key string) (minted customerToken, err error) {
	ctx, cancel := context.WithTimeout(ctx, mintWithin)
	defer cancel()
	url := p.cfg.BaseURL + "/v1/channels/" + channel + "/conversations/" + key + "/tokens"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, http.NoBody)
	if err != nil {
		return minted, fmt.Errorf("asking for a customer token: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+p.cfg.AppToken)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return minted, errNoToken
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		return minted, errNoToken
	}
	if json.NewDecoder(io.LimitReader(res.Body, maxToken)).Decode(&minted) != nil || minted.Token == "" {
		return minted, errNoToken
	}
	return minted, nil
}

// appClient serves the example client as it is: what the page runs is what a team copies.
func appClient(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	_, _ = w.Write(examples.AppClient) // a page that is gone asks again
}
