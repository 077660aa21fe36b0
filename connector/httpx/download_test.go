package httpx_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

func TestADownloaderOpensFilesAndFollowsNoRedirect(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/open.txt", http.StatusFound)
		case r.URL.Path == "/busy":
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case r.URL.Path == "/closed.txt" && r.Header.Get("Authorization") != "Bearer t":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "words")
		}
	}))
	defer srv.Close()
	d := httpx.NewDownloader("acme", nil)
	open := func(path, name, authorization string) (connector.File, error) {
		return d.Open(t.Context(), "FetchAttachment", conversation.Attachment{URL: srv.URL + path, Name: name}, authorization)
	}

	f, err := open("/closed.txt", "", "Bearer t")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	content, err := io.ReadAll(f)
	require.NoError(t, err)
	require.Equal(t, "words", string(content))
	require.Equal(t, []any{"closed.txt", "text/plain", int64(5)}, []any{f.Name, f.ContentType, f.Size})

	for path, want := range map[string]connector.Error{
		"/closed.txt": {Kind: connector.Unauthenticated, Status: http.StatusUnauthorized},
		"/busy":       {Kind: connector.RateLimited, Status: http.StatusTooManyRequests, RetryAfter: 7 * time.Second},
		"/moved":      {Kind: connector.UncertainOutcome, Status: http.StatusFound},
	} {
		_, err := open(path, "", "")
		want.Connector, want.Op = "acme", "FetchAttachment"
		require.Equal(t, &want, err, path)
	}
	srv.CloseClientConnections()
	srv.Close()
	_, err = open("/open.txt", "", "")
	require.Equal(t, connector.Unavailable, connector.KindOf(err))
	require.NotContains(t, err.Error(), "open.txt", "an address may hold a secret")
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	require.NoError(t, httpx.Wait(t.Context(), "acme", "Post", time.Millisecond))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := httpx.Wait(ctx, "acme", "Post", time.Hour)
	require.Equal(t, connector.Unavailable, connector.KindOf(err), "nothing went out")
	require.ErrorIs(t, err, context.Canceled)
}
