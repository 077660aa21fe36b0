package httpx

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// MaxFile is the largest file that is passed on where the configuration sets no other limit.
	MaxFile = 25 << 20
	// fetchTimeout bounds the transfer of one file.
	fetchTimeout = 2 * time.Minute
	// CodeHost is the code of the errors about addresses that no file is fetched from.
	CodeHost = "file_host"
)

const opFetch = "fetch file"

// Fetcher opens the files that customers and agents sent, by their addresses. The addresses come from outside, so it
// connects to public addresses only, checked when the connection is made, and follows no redirect to anywhere else.
type Fetcher struct {
	// allow lists, for each connection, hosts from which files may be fetched whatever their address is. With a list,
	// other hosts are refused.
	allow map[string][]string
}

// NewFetcher makes a fetcher; hosts are each connection's allowed hosts, with or without a port.
func NewFetcher(hosts map[string][]string) *Fetcher { return &Fetcher{allow: hosts} }

// Fetch opens a file that the connection source serves. The caller closes it, and bounds what it reads of it. A file that
// is not over HTTP, or on a host that is not allowed, fails with kind Invalid and code CodeHost; one that is not there
// fails as the status says, and trouble on the way with kind Unavailable: nothing is changed by asking.
func (f *Fetcher) Fetch(ctx context.Context, source string, file conversation.Attachment) (connector.File, error) {
	refuse := func(why string) (connector.File, error) {
		return connector.File{}, &connector.Error{Connector: source, Op: opFetch, Kind: connector.Invalid, Code: CodeHost, Err: errors.New(why)}
	}
	u, err := url.Parse(file.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return refuse("the file's address is not an http(s) address")
	}
	listed := f.listed(source, u)
	switch {
	case len(f.allow[source]) > 0 && !listed:
		return refuse("the file's host is not in allow_hosts")
	case u.Scheme == "http" && !listed:
		return refuse("the file's address is not https")
	case u.User != nil && !listed:
		return refuse("the file's address holds credentials for a host that is not in allow_hosts")
	}
	client := &http.Client{
		Timeout:   fetchTimeout,
		Transport: &http.Transport{DialContext: dialer(listed).DialContext, TLSHandshakeTimeout: 5 * time.Second, DisableKeepAlives: true},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 3 || r.URL.Scheme != "https" && !f.listed(source, r.URL) {
				return errRedirect
			}
			if len(f.allow[source]) > 0 && !f.listed(source, r.URL) {
				return errRedirect
			}
			return nil
		},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return refuse("the file's address cannot be used")
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := client.Do(req)
	if err != nil {
		if errors.Is(err, errPrivate) || errors.Is(err, errRedirect) {
			return refuse(withoutAddress(err).Error())
		}
		return connector.File{}, &connector.Error{Connector: source, Op: opFetch, Kind: connector.Unavailable, Err: withoutAddress(err)}
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		kind := connector.KindOfStatus(resp.StatusCode)
		if kind == connector.UncertainOutcome {
			kind = connector.Unavailable
		}
		return connector.File{}, &connector.Error{
			Connector: source, Op: opFetch, Kind: kind, Status: resp.StatusCode, RetryAfter: RetryAfter(resp.Header, time.Now()),
		}
	}
	return connector.File{
		ReadCloser: resp.Body, Name: fileName(file, u), ContentType: resp.Header.Get("Content-Type"), Size: resp.ContentLength,
	}, nil
}

// listed reports whether the address's host is one of the connection's allowed hosts.
func (f *Fetcher) listed(source string, u *url.URL) bool { return Listed(f.allow[source], u) }

// Listed reports whether the address's host is one of hosts, which are written with or without a port.
func Listed(hosts []string, u *url.URL) bool {
	return slices.ContainsFunc(hosts, func(host string) bool {
		return strings.EqualFold(host, u.Host) || strings.EqualFold(host, u.Hostname())
	})
}

func fileName(file conversation.Attachment, u *url.URL) string {
	if file.Name != "" {
		return file.Name
	}
	if name := path.Base(u.Path); name != "." && name != "/" {
		return name
	}
	return "file"
}

var (
	// errPrivate says that a name led to an address that is nobody's business from outside.
	errPrivate = errors.New("address is not public")
	// errRedirect says that an address led to one that no file is fetched from.
	errRedirect = errors.New("redirect refused")
)

// dialer refuses private addresses at the moment of connecting, so that a name cannot change its mind after a check.
func dialer(private bool) *net.Dialer {
	d := &net.Dialer{Timeout: 5 * time.Second}
	if private {
		return d
	}
	d.Control = func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !public(ap.Addr().Unmap()) {
			return errPrivate
		}
		return nil
	}
	return d
}

// carrierNAT is shared address space, RFC 6598.
//
//nolint:gochecknoglobals // a parsed constant
var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

// Public reports whether the host of an address, where it is written as a number, is one that the world can reach. Names
// are taken for public: what they lead to is known at the connection only.
func Public(host string) bool {
	a, err := netip.ParseAddr(host)
	return err != nil && !strings.EqualFold(host, "localhost") || err == nil && public(a.Unmap())
}

func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !carrierNAT.Contains(a)
}
