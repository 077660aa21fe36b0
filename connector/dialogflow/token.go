package dialogflow

import (
	"context"
	"net/http"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// scope is all that we ask for.
const scope = "https://www.googleapis.com/auth/dialogflow"

// newTokens keeps our access token to Google; nil where none is needed.
func newTokens(config Config, base *http.Client) *httpx.Tokens {
	switch config.auth() {
	case authServiceAccount:
		return httpx.NewTokens(Name, base, func(ctx context.Context) (*oauth2.Token, error) {
			account, err := google.JWTConfigFromJSON([]byte(config.Credentials.First().Reveal()), scope)
			if err != nil {
				return nil, noCredentials()
			}
			if config.TokenURL != "" {
				account.TokenURL = config.TokenURL
			}
			return account.TokenSource(ctx).Token()
		})
	case authDefault:
		return httpx.NewTokens(Name, base, func(ctx context.Context) (*oauth2.Token, error) {
			found, err := google.FindDefaultCredentials(ctx, scope)
			if err != nil {
				return nil, noCredentials()
			}
			return found.TokenSource.Token()
		})
	}
	return nil
}

func noCredentials() error {
	return connector.Errorf(Name, "", connector.Unauthenticated, "no usable credentials were found")
}
