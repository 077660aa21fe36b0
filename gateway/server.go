// Package gateway listens: it turns the vendors' webhooks into events that are stored with their conversations, and
// answers the /v1 API. It knows no Temporal: what stores and finds conversations is given to it.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

// Signaler stores events.
type Signaler interface {
	// Signal stores an event with its conversation before it returns. An error means that it is not known to be stored.
	Signal(ctx context.Context, a conversation.Arrival) (conversation.Result, error)
}

// Conversations looks at conversations and commands them, for the API.
type Conversations interface {
	// View looks at a conversation; conversation.ErrNotFound if there is none.
	View(ctx context.Context, id string) (conversation.View, error)
	// List lists conversations and gives the next page's token, or "".
	List(ctx context.Context, f conversation.Filter) ([]conversation.Summary, string, error)
	// Command does a command once for each ev.ID; errors wrap conversation.ErrRefused, ErrNotFound or ErrBusy.
	Command(ctx context.Context, id string, ev conversation.Event) (conversation.CommandOutcome, error)
	// Locate gives the id of the conversation that an arrival is about.
	Locate(ctx context.Context, a conversation.Arrival) (string, error)
	// Ready reports whether the conversations can be reached.
	Ready(ctx context.Context) error
}

// Config is what a gateway runs with.
type Config struct {
	// Listen is the address of webhooks and API, such as 127.0.0.1:8080.
	Listen string
	// MetricsListen is the address of the metrics; empty means none.
	MetricsListen string
	// APIToken is the bearer token of /v1. Without one, /v1 answers on loopback only.
	APIToken connector.Secrets
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []*net.IPNet
	// ShutdownWithin is how long requests under way may take at a stop; 0 means 10 s.
	ShutdownWithin time.Duration
	// Connections are the open connections by name.
	Connections map[string]connector.Connector
	// Files opens the files that our links lead to; nil means that there are no links.
	Files  *files.Opener
	Logger *slog.Logger
	// Metrics is where the gateway's metrics are registered; nil means a registry of its own.
	Metrics *prometheus.Registry
}

const (
	// maxBody bounds a webhook's body, maxFileBody one that brings files, and maxEvent an event once decoded.
	maxBody     = 512 << 10
	maxFileBody = 32 << 20
	maxEvent    = 64 << 10
	// maxHeader bounds a request's header.
	maxHeader = 32 << 10
	// The time limits on clients: a slow one must not hold a connection.
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	idleTimeout       = 90 * time.Second
	shutdownWithin    = 10 * time.Second
)

// Server is the gateway. Make it with New.
type Server struct {
	config        Config
	signaler      Signaler
	conversations Conversations
	echo          *echo.Echo
	metrics       *metrics
	passing       *passing
	flood         *flood
	links         *flood
	serving       *places
	streams       *streams
}

// New makes a gateway.
func New(config Config, signaler Signaler, conversations Conversations) *Server {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Metrics == nil {
		config.Metrics = prometheus.NewRegistry()
	}
	s := &Server{
		config: config, signaler: signaler, conversations: conversations, echo: echo.New(),
		metrics: newMetrics(config.Metrics), flood: newFlood(floodRate, floodBurst), streams: newStreams(),
		links: newFlood(linkRate, linkBurst), serving: newPlaces(filesAtOnce, filesOfOne),
	}
	s.passing = newPassing(s)
	e := s.echo
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.answerError
	e.IPExtractor = ipExtractor(config.TrustedProxies)
	e.Use(middleware.Recover(), s.logRequest)
	e.GET("/healthz", func(c echo.Context) error { return c.JSON(http.StatusOK, map[string]string{"status": "ok"}) })
	e.GET("/readyz", s.ready)
	for _, path := range []string{"/webhooks/:connection", "/webhooks/:connection/*"} {
		e.POST(path, s.webhook)
		e.GET(path, s.challenge)
		e.OPTIONS(path, func(c echo.Context) error {
			c.Response().Header().Set("Allow", http.MethodPost)
			return c.NoContent(http.StatusNoContent)
		})
	}
	e.GET(files.Path+":token", s.file)
	e.HEAD(files.Path+":token", s.file)
	s.channels(e)
	v1 := e.Group("/v1", s.authorize)
	v1.GET("/conversations", s.list)
	v1.GET("/conversations/:id", s.view)
	v1.POST("/conversations/:id/commands", s.command)
	return s
}

// Echo gives the router, for pages of their own beside the gateway's.
func (s *Server) Echo() *echo.Echo { return s.echo }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Run listens until ctx ends, and then lets the requests under way finish. Ready is called with the address once it
// listens; it may be nil.
func (s *Server) Run(ctx context.Context, ready func(address string)) error {
	listener, err := listen(ctx, s.config.Listen, "HANDOFF_LISTEN")
	if err != nil {
		return err
	}
	servers := []*http.Server{s.server(s.echo)}
	servers[0].RegisterOnShutdown(s.streams.stop)
	listeners := []net.Listener{listener}
	if s.config.MetricsListen != "" {
		l, err := listen(ctx, s.config.MetricsListen, "HANDOFF_METRICS_LISTEN")
		if err != nil {
			_ = listener.Close()
			return err
		}
		mux := http.NewServeMux()
		mux.Handle("/metrics", promhttp.HandlerFor(s.config.Metrics, promhttp.HandlerOpts{}))
		servers, listeners = append(servers, s.server(mux)), append(listeners, l)
	}
	ended := make(chan error, len(servers))
	for i := range servers {
		go func() { ended <- servers[i].Serve(listeners[i]) }()
	}
	if ready != nil {
		ready(listener.Addr().String())
	}
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	within := s.config.ShutdownWithin
	if within == 0 {
		within = shutdownWithin
	}
	// The caller's context has ended: what is under way gets time of its own.
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	for _, server := range servers {
		if server.Shutdown(stopping) != nil {
			_ = server.Close()
		}
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *Server) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.config.Logger.Handler(), slog.LevelDebug),
	}
}

// listen opens a listener; the error says which setting chooses another address.
func listen(ctx context.Context, address, setting string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; choose another address with %s", address, withoutAddress(err), setting)
	}
	return l, nil
}

func withoutAddress(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}

// ready is red while conversations cannot be reached, so that no traffic is sent here.
func (s *Server) ready(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
	defer cancel()
	if err := s.conversations.Ready(ctx); err != nil {
		return c.JSON(http.StatusServiceUnavailable, map[string]string{"status": "temporal cannot be reached"})
	}
	return c.JSON(http.StatusOK, map[string]string{"status": "ready"})
}

// ipExtractor believes X-Forwarded-For only from trusted proxies.
func ipExtractor(trusted []*net.IPNet) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, network := range trusted {
		options = append(options, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// logRequest writes one line for each request, with the route's template instead of the address: addresses may hold
// secrets.
func (s *Server) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		started := time.Now()
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		level := slog.LevelDebug
		if c.Response().Status >= http.StatusInternalServerError {
			level = slog.LevelWarn
		}
		s.config.Logger.Log(c.Request().Context(), level, "request",
			"method", c.Request().Method, "route", c.Path(), "status", c.Response().Status, "took", time.Since(started))
		return nil
	}
}
