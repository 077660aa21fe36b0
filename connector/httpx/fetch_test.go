package httpx_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// fileServer answers every path with what it is called, and leads elsewhere from /to/.
func fileServer(t *testing.T) (address, host string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/to/"):
			http.Redirect(w, r, "http://"+strings.TrimPrefix(r.URL.Path, "/to/"), http.StatusFound)
		case r.URL.Path == "/secret.png":
			if user, password, ok := r.BasicAuth(); !ok || user != "us" || password != secretInURL {
				w.WriteHeader(http.StatusUnauthorized)
			}
		case r.URL.Path == "/gone.png":
			w.WriteHeader(http.StatusGone)
		case r.URL.Path == "/busy.png":
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case r.URL.Path == "/broken.png":
			w.WriteHeader(http.StatusBadGateway)
		case r.Header.Get("Authorization") != "":
			w.WriteHeader(http.StatusTeapot)
		default:
			w.Header().Set("Content-Type", "image/png")
			_, _ = io.WriteString(w, "bytes of "+r.URL.Path)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, strings.TrimPrefix(server.URL, "http://")
}

func TestFilesComeFromAllowedHostsOnly(t *testing.T) {
	address, host := fileServer(t)
	other, otherHost := fileServer(t)
	f := httpx.NewFetcher(map[string][]string{"shop": {host}, "by-name": {"127.0.0.1"}})
	for name, row := range map[string]struct {
		source, url string
		ok          bool
	}{
		"listed":                           {"shop", address + "/a.png", true},
		"listed without a port":            {"by-name", other + "/a.png", true},
		"another port":                     {"shop", other + "/a.png", false},
		"not listed":                       {"office", address + "/a.png", false},
		"private":                          {"office", "https://127.0.0.1/a.png", false},
		"private, in the new notation":     {"office", "https://[::ffff:127.0.0.1]/a.png", false},
		"the cloud's own":                  {"office", "https://169.254.169.254/latest/meta-data", false},
		"a name that leads home":           {"office", "https://localhost/a.png", false},
		"another host than those listed":   {"shop", "https://files.example.com/a.png", false},
		"no address":                       {"shop", "a.png", false},
		"a file of ours":                   {"shop", "file:///etc/passwd", false},
		"a redirect to a listed host":      {"by-name", address + "/to/" + otherHost + "/a.png", true},
		"a redirect to a host not listed":  {"shop", address + "/to/" + otherHost + "/a.png", false},
		"a redirect that goes on for ever": {"shop", address + "/to/" + host + "/to/" + host + "/to/" + host + "/to/" + host + "/to/" + host + "/a.png", false},
	} {
		file, err := f.Fetch(t.Context(), row.source, conversation.Attachment{URL: row.url})
		if !row.ok {
			require.Equal(t, connector.Invalid, connector.KindOf(err), name)
			require.Contains(t, err.Error(), httpx.CodeHost, name)
			require.NotContains(t, err.Error(), "a.png", name)
			continue
		}
		require.NoError(t, err, name)
		content, err := io.ReadAll(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		require.Equal(t, "bytes of /a.png", string(content), name)
		require.Equal(t, "a.png", file.Name)
		require.Equal(t, "image/png", file.ContentType)
		require.Equal(t, int64(len(content)), file.Size)
	}
}

func TestCredentialsInAnAddressAreForItsHost(t *testing.T) {
	address, host := fileServer(t)
	other, otherHost := fileServer(t)
	with := func(address string) string {
		u, err := url.Parse(address)
		require.NoError(t, err)
		u.User = url.UserPassword("us", secretInURL)
		return u.String()
	}
	f := httpx.NewFetcher(map[string][]string{"shop": {host, otherHost}})
	file, err := f.Fetch(t.Context(), "shop", conversation.Attachment{URL: with(address + "/secret.png")})
	require.NoError(t, err)
	require.NoError(t, file.Close())
	file, err = f.Fetch(t.Context(), "shop", conversation.Attachment{URL: with(address + "/to/" + otherHost + "/a.png")})
	require.NoError(t, err, "no credentials go along to another host")
	require.NoError(t, file.Close())
	_, err = f.Fetch(t.Context(), "office", conversation.Attachment{URL: with(strings.Replace(other, "http:", "https:", 1) + "/secret.png")})
	require.Equal(t, connector.Invalid, connector.KindOf(err))
	require.NotContains(t, err.Error(), secretInURL)
}

func TestAskingForAFileIsNeverUncertain(t *testing.T) {
	address, host := fileServer(t)
	f := httpx.NewFetcher(map[string][]string{"shop": {host}, "dead": {"127.0.0.1"}})
	for path, want := range map[string]connector.Kind{
		"/gone.png": connector.NotFound, "/busy.png": connector.RateLimited, "/broken.png": connector.Unavailable, "/secret.png": connector.Unauthenticated,
	} {
		_, err := f.Fetch(t.Context(), "shop", conversation.Attachment{URL: address + path})
		require.Equal(t, want, connector.KindOf(err), path)
		var e *connector.Error
		require.ErrorAs(t, err, &e)
		if want == connector.RateLimited {
			require.Equal(t, 7*time.Second, e.RetryAfter)
		}
	}
	_, err := f.Fetch(t.Context(), "dead", conversation.Attachment{URL: "http://127.0.0.1:1/a.png?" + secretInURL})
	require.Equal(t, connector.Unavailable, connector.KindOf(err))
	require.NotContains(t, err.Error(), secretInURL)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = f.Fetch(ctx, "shop", conversation.Attachment{URL: address + "/a.png"})
	require.Equal(t, connector.Unavailable, connector.KindOf(err))
}

func TestAddressesThatAreNumbersAreToldFromPublicOnes(t *testing.T) {
	for host, want := range map[string]bool{
		"files.example.com": true, "8.8.8.8": true, "2001:4860:4860::8888": true,
		"localhost": false, "127.0.0.1": false, "10.1.2.3": false, "192.168.1.1": false, "169.254.169.254": false, "::1": false, "fd00::1": false, "100.64.0.1": false, "::ffff:10.0.0.1": false,
	} {
		require.Equal(t, want, httpx.Public(host), host)
	}
}
