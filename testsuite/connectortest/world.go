package connectortest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
)

// patience bounds every wait of the suite.
const patience = 10 * time.Second

func goexit() { runtime.Goexit() }

// world is what one case works with: a fresh fake, and a connection to it.
type world struct {
	T
	name    string
	subject Subject
	vendor  *Vendor
	conn    connector.Connector
	wire    *wire
	logs    *logs
	url     string
	keys    int

	to         string
	toVendor   map[string]string
	ticket     *conversation.Ticket
	deskVendor map[string]string
}

// newWorld starts the fake and opens the connection.
func newWorld(t T, s Subject) *world {
	t.Helper()
	return newNamedWorld(t, connectionName, s)
}

// newNamedWorld is newWorld for a connection of another name.
func newNamedWorld(t T, name string, s Subject) *world {
	t.Helper()
	w := &world{T: t, name: name, subject: s, vendor: s.Vendor(t), wire: newWire(), logs: &logs{}}
	if w.vendor.Faults == nil {
		w.vendor.Faults = &fake.Faults{}
	}
	server := httptest.NewServer(w.vendor)
	t.Cleanup(func() {
		w.vendor.Faults.Clear(fake.AnyOp)
		w.wire.base.CloseIdleConnections()
		server.CloseClientConnections()
		server.Close()
	})
	w.url = server.URL
	w.reopen()
	return w
}

// reopen makes another connection to the same fake, with a budget of calls of its own.
func (w *world) reopen() {
	w.Helper()
	conn, err := w.subject.Open(w, Options{
		URL:            w.url,
		WebhookSecrets: []string{w.subject.Auth.Secret},
		Deps: connector.Deps{
			Unpaced:    true,
			Connection: w.name, HTTP: w.wire.client(), PublicURL: publicURL,
			Logger: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		},
	})
	require.NoError(w, err, "opening the connection")
	w.conn = conn
}

// key makes a key that was never used in this world.
func (w *world) key() conversation.Key {
	w.keys++
	return conversation.Key("under-test:c1/e1-" + strconv.Itoa(w.keys))
}

// conversation begins the one conversation of the world.
func (w *world) conversation() (to string, vendor map[string]string) {
	w.Helper()
	if w.to == "" {
		require.NotNil(w, w.vendor.Conversation, "Vendor.Conversation is needed for a channel")
		w.to, w.toVendor = w.vendor.Conversation()
	}
	return w.to, w.toVendor
}

// openTicket opens the one ticket of the world.
func (w *world) openTicket() conversation.Ticket {
	w.Helper()
	if w.ticket == nil {
		ticket, err := w.conn.(connector.Desk).Open(w.Context(), w.openRequest(w.key()))
		require.NoError(w, err, "opening a ticket")
		w.ticket = &ticket
	}
	return *w.ticket
}

// openRequest prepares a ticket, where the vendor wants that, and gives what Open is called with.
func (w *world) openRequest(key conversation.Key) connector.OpenRequest {
	w.Helper()
	req := connector.OpenRequest{
		Key:          key,
		Conversation: "under-test:c1",
		Customer:     conversation.Customer{Name: customerName, Email: customerMail, Language: "en"},
		Transcript: []conversation.Line{
			{N: 1, Role: conversation.RoleCustomer, Name: customerName, At: fixtureTime, Text: "My parcel has not come."},
			{N: 2, Role: conversation.RoleBot, At: fixtureTime.Add(time.Second), Text: "I ask a colleague."},
		},
	}
	if p, ok := w.conn.(connector.TicketPreparer); ok {
		if w.deskVendor == nil {
			prepared, err := p.PrepareTicket(w.Context(), req)
			require.NoError(w, err, "preparing a ticket")
			w.deskVendor = prepared
		}
		req.Vendor = maps.Clone(w.deskVendor)
	}
	return req
}

// op is the fake's name for what a method does.
func (w *world) op(method string) string {
	if op := w.vendor.Ops[method]; op != "" {
		return op
	}
	return fake.AnyOp
}

// strike sets faults for a method, in place of those that were set.
func (w *world) strike(method string, faults ...fake.Fault) {
	w.vendor.Faults.Clear(fake.AnyOp)
	w.vendor.Faults.Set(w.op(method), faults...)
}

// eventually waits until done holds.
func (w *world) eventually(done func() bool, what string) {
	w.Helper()
	for end := time.Now().Add(patience); !done(); {
		if time.Now().After(end) {
			w.Errorf("waited %s for: %s", patience, what)
			w.FailNow()
		}
		pause(w.Context())
	}
}

func pause(ctx context.Context) {
	select {
	case <-time.After(2 * time.Millisecond):
	case <-ctx.Done():
	}
}

// logs keeps what a connection wrote.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// wire is the transport of a connection under test. It keeps the requests and knows which answers are still open.
type wire struct {
	base *http.Transport
	// hook is called before each request goes out; it may be nil.
	hook func(req *http.Request)

	mu       sync.Mutex
	requests []recorded
	opened   int
	closed   int
}

// recorded is one request as it went out.
type recorded struct {
	Method, Path string
	Header       http.Header
	Body         []byte
}

func newWire() *wire { return &wire{base: httpx.NewTransport()} }

func (w *wire) client() *http.Client {
	return &http.Client{
		Transport: w, Timeout: httpx.DefaultTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// RoundTrip records the request and watches the answer's body.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := recorded{Method: req.Method, Path: req.URL.RequestURI(), Header: req.Header.Clone()}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, err
		}
		sent.Body = body
		again := req.Clone(req.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		again.ContentLength = int64(len(body))
		req = again
	}
	w.mu.Lock()
	w.requests = append(w.requests, sent)
	hook := w.hook
	w.mu.Unlock()
	if hook != nil {
		hook(req)
	}
	resp, err := w.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.opened++
	w.mu.Unlock()
	resp.Body = &watched{ReadCloser: resp.Body, wire: w}
	return resp, nil
}

// before sets what is called before each request goes out; nil is nothing.
func (w *wire) before(hook func(req *http.Request)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hook = hook
}

// cutOff makes every further call fail before it goes out, as if nobody listened.
func (w *wire) cutOff() {
	w.base.CloseIdleConnections()
	w.base.DialContext = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
}

// count says how many requests went out.
func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.requests)
}

// since gives the requests after the first n.
func (w *wire) since(n int) []recorded {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]recorded(nil), w.requests[n:]...)
}

// unclosed says how many answers are open.
func (w *wire) unclosed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.opened - w.closed
}

// watched tells when an answer's body is closed.
type watched struct {
	io.ReadCloser
	wire *wire
	once sync.Once
}

func (b *watched) Close() error {
	b.once.Do(func() {
		b.wire.mu.Lock()
		defer b.wire.mu.Unlock()
		b.wire.closed++
	})
	return b.ReadCloser.Close()
}
