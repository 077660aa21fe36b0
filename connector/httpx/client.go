// Package httpx is the one HTTP client of all connectors: time limits, bounded answers, JSON, Retry-After, and errors
// that hold no address, no secret and no body.
package httpx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/handoff-engine/handoff/connector"
)

const (
	// userAgent is what vendors see.
	userAgent = "handoff (+https://github.com/handoff-engine/handoff)"
	// maxAnswer bounds what is read of an answer: transcripts are the largest.
	maxAnswer = 8 << 20
	// maxRetryAfter caps what a vendor may ask us to wait.
	maxRetryAfter = 15 * time.Minute
	// burstShare is the part of a vendor's limit that may be used at once; the rest is spread over the second.
	burstShare = 0.2
	// DefaultTimeout bounds one call where the context does not.
	DefaultTimeout = 20 * time.Second
)

// Client calls one vendor for one connection. Make it with New.
type Client struct {
	vendor  string
	http    *http.Client
	limiter *rate.Limiter
	// Classify lets a vendor name the kind and code by the body where the status does not tell; it may be nil. It is
	// asked about every answer, a 200 too: kind "" means success. It must not keep the body.
	Classify func(status int, header http.Header, body []byte) (kind connector.Kind, code string)
}

// New makes a client. CallsPerSecond is the vendor's limit for one set of credentials; 0 means none.
func New(vendor string, base *http.Client, callsPerSecond float64) *Client {
	c := &Client{vendor: vendor, http: base}
	if base == nil {
		c.http = &http.Client{Transport: NewTransport(), Timeout: DefaultTimeout, CheckRedirect: refuseRedirect}
	}
	if callsPerSecond > 0 {
		// Steady pace and burst together stay within the limit in any one second.
		burst := max(1, math.Floor(callsPerSecond*burstShare))
		c.limiter = rate.NewLimiter(rate.Limit(max(callsPerSecond-burst, callsPerSecond/2)), int(burst))
	}
	return c
}

// NewTransport gives a transport with time limits on every phase.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: DefaultTimeout,
		IdleConnTimeout:       60 * time.Second,
		MaxIdleConnsPerHost:   16,
		ForceAttemptHTTP2:     true,
	}
}

// refuseRedirect keeps credentials from following a redirect to another host.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Request is one call.
type Request struct {
	// Op is the connector's method, for errors.
	Op     string
	Method string
	URL    string
	Header http.Header
	// Body is sent as JSON, unless it is url.Values (a form) or an io.Reader (as it is, with ContentType); nil sends nothing.
	Body        any
	ContentType string
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do makes the call, decodes a JSON answer into the pointer into (nil: the body is left alone), and gives every failure
// as a *connector.Error: Unavailable if the request surely did not go out, UncertainOutcome if it may have.
func (c *Client) Do(ctx context.Context, r Request, into any) (Answer, error) {
	fail := func(kind connector.Kind, err error) (Answer, error) {
		return Answer{}, &connector.Error{Connector: c.vendor, Op: r.Op, Kind: kind, Err: err}
	}
	body, contentType, err := encode(r)
	if err != nil {
		return fail(connector.Invalid, err)
	}
	if c.limiter != nil {
		if err := c.limiter.Wait(ctx); err != nil {
			if ctx.Err() != nil {
				return fail(connector.Unavailable, ctx.Err())
			}
			return fail(connector.RateLimited, errors.New("own rate limit"))
		}
	}
	var wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, body)
	if err != nil {
		return fail(connector.Invalid, errors.New("the address cannot be used"))
	}
	maps.Copy(req.Header, r.Header)
	req.Header.Set("User-Agent", userAgent)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		kind := connector.Unavailable
		if wrote.Load() {
			kind = connector.UncertainOutcome
		}
		return fail(kind, withoutAddress(err))
	}
	defer func() {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
		_ = resp.Body.Close()
	}()
	answer, err := c.read(r.Op, resp)
	if err != nil {
		return answer, err
	}
	if err := c.judge(r.Op, answer); err != nil {
		return answer, err
	}
	if into == nil {
		return answer, nil
	}
	return answer, c.Decode(r.Op, answer, into)
}

// Decode reads an answer's JSON into the pointer into. What cannot be read is UncertainOutcome: the call may have taken
// place.
func (c *Client) Decode(op string, a Answer, into any) error {
	if json.Unmarshal(a.Body, into) != nil {
		return c.unreadable(op, a.Status, errors.New("the answer is not the JSON expected"))
	}
	return nil
}

// read reads an answer's body, within bounds.
func (c *Client) read(op string, resp *http.Response) (Answer, error) {
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	answer := Answer{Status: resp.StatusCode, Header: resp.Header, Body: data}
	if err != nil {
		return answer, c.unreadable(op, resp.StatusCode, withoutAddress(err))
	}
	if len(data) > maxAnswer {
		return answer, c.unreadable(op, resp.StatusCode, errors.New("the answer is too large"))
	}
	return answer, nil
}

// unreadable says that the vendor answered, and that nobody can tell what: the call may have taken place.
func (c *Client) unreadable(op string, status int, err error) error {
	return &connector.Error{Connector: c.vendor, Op: op, Kind: connector.UncertainOutcome, Status: status, Err: err}
}

// judge turns an answer that is no success into an error.
func (c *Client) judge(op string, a Answer) error {
	var kind connector.Kind
	var code string
	if a.Status < 200 || a.Status > 299 {
		kind = connector.KindOfStatus(a.Status)
	}
	if c.Classify != nil {
		if k, co := c.Classify(a.Status, a.Header, a.Body); k != "" {
			kind, code = k, co
		}
	}
	if kind == "" {
		return nil
	}
	return &connector.Error{
		Connector: c.vendor, Op: op, Kind: kind, Status: a.Status, Code: code, RetryAfter: RetryAfter(a.Header, time.Now()),
	}
}

func encode(r Request) (io.Reader, string, error) {
	switch b := r.Body.(type) {
	case nil:
		return nil, r.ContentType, nil
	case url.Values:
		return strings.NewReader(b.Encode()), "application/x-www-form-urlencoded", nil
	case io.Reader:
		return b, r.ContentType, nil
	default:
		var buf bytes.Buffer
		e := json.NewEncoder(&buf)
		// Markup must arrive as it was written.
		e.SetEscapeHTML(false)
		if err := e.Encode(b); err != nil {
			return nil, "", fmt.Errorf("encoding the request: %w", err)
		}
		return &buf, "application/json", nil
	}
}

// RetryAfter reads how long the vendor asks us to wait, in seconds or as a date; 0 means that it does not say, and
// absurd values are capped.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	var d time.Duration
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		if s > maxRetryAfter.Seconds() {
			return maxRetryAfter
		}
		d = time.Duration(s * float64(time.Second))
	} else if t, err := http.ParseTime(v); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// withoutAddress drops the address, which may hold a secret, from the errors of net/http.
func withoutAddress(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
