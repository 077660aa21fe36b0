// Package playground is a small shop with a chat and a desk with agents, to try
// handoff in a browser without an account anywhere.
//
// It is a vendor like any other: the connector memory calls it over HTTP, and it
// posts webhooks to the gateway. Only the state shown beside a conversation does
// not come from the vendor: it is asked of handoff itself.
//
// Beside the shop there is a team's own app: a page that runs the example client,
// and a backend that does no more than mint tokens for it. And there is a desk of
// the team's own, which knows nothing of handoff's but the contract httpdesk.
package playground

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/handoff-engine/handoff/standalone/playground/owndesk"
	"github.com/handoff-engine/handoff/standalone/playground/shop"
)

// Prefix is where Handler wants to be mounted.
const Prefix = "/playground/"

// VendorPath is where the vendor answers, below the address of the server.
const VendorPath = Prefix + "vendor"

// DeskPath is where the team's own desk answers, below the address of the server.
const DeskPath = Prefix + "own-desk/handoff"

//go:embed static
var static embed.FS

// Config says where the playground keeps its data and whom it talks to.
type Config struct {
	// Dir is created when missing.
	Dir string
	// Secret is shared with the connections.
	Secret string
	// BaseURL is where this process is reached: http://127.0.0.1:8080.
	BaseURL string
	// Channel and Desk are the names of the connections that get the webhooks.
	Channel, Desk string
	// App is the name of the connection of the team's own app, and AppToken its api_token. Site is another of the same
	// kind, whose customers come to the team's own desk.
	App, Site, AppToken string
	// OwnDesk is the name of the connection of the team's own desk, and DeskSecret its secret.
	OwnDesk, DeskSecret string
	// Lookup asks handoff how a conversation stands.
	Lookup func(ctx context.Context, conversation string) (Status, error)
	// Info is shown on the pages.
	Info   Info
	Logger *slog.Logger
}

// Info is what the pages show about the process they run in.
type Info struct {
	// WorkflowsURL is the list of conversations in the Temporal UI, and
	// WorkflowURL with a conversation's id behind it is the page of that one.
	WorkflowsURL string `json:"workflows_url"`
	WorkflowURL  string `json:"workflow_url"`
	// Channel is the name that begins each conversation's id.
	Channel string `json:"channel"`
	// App is the same for the conversations of the team's own app, and Site for those that come to its own desk.
	App  string `json:"app"`
	Site string `json:"site"`
	// Timers are the deadlines of the playground's routes, by what they are for.
	Timers []Timer `json:"timers"`
}

// Timer is one deadline of the route, in words.
type Timer struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Playground serves the pages and the vendor.
type Playground struct {
	cfg    Config
	vendor *shop.Vendor
	desk   *owndesk.Desk
	board  *board
	files  files
	ended  chan struct{} // closed when Run ends, so that streams end too
}

// Open opens the playground with all that it knew before.
func Open(cfg Config) (*Playground, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Info.Channel, cfg.Info.App, cfg.Info.Site = cfg.Channel, cfg.App, cfg.Site
	store := files{dir: filepath.Join(cfg.Dir, "files"), base: cfg.BaseURL + Prefix + "files/"}
	if err := os.MkdirAll(store.dir, 0o700); err != nil {
		return nil, errors.Join(errors.New("creating the playground's directory"), err)
	}
	v, err := shop.Open(shop.Config{
		Dir: cfg.Dir, Secret: cfg.Secret, Logger: cfg.Logger,
		ChannelURL: cfg.BaseURL + "/webhooks/" + cfg.Channel,
		DeskURL:    cfg.BaseURL + "/webhooks/" + cfg.Desk,
	})
	if err != nil {
		return nil, err
	}
	d, err := owndesk.Open(owndesk.Config{
		Dir: cfg.Dir, Secret: cfg.DeskSecret, Logger: cfg.Logger,
		HookURL: cfg.BaseURL + "/webhooks/" + cfg.OwnDesk, TicketURL: cfg.BaseURL + Prefix + "own-desk#",
	})
	if err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return &Playground{cfg: cfg, vendor: v, desk: d, board: newBoard(cfg.Lookup), files: store, ended: make(chan struct{})}, nil
}

// Run posts the vendor's webhooks and keeps the states up to date until ctx ends.
// It is called once.
func (p *Playground) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { <-ctx.Done(); close(p.ended) })
	wg.Go(func() { p.vendor.Run(ctx) })
	wg.Go(func() { p.desk.Run(ctx) })
	wg.Go(func() { p.board.run(ctx, p.vendor.Changed) })
	wg.Wait()
}

// Close closes the stores. Run must have returned.
func (p *Playground) Close() error { return errors.Join(p.vendor.Close(), p.desk.Close()) }

// Handler serves everything below Prefix.
func (p *Playground) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(VendorPath+"/", http.StripPrefix(VendorPath, p.vendor.Handler()))
	mux.Handle(DeskPath, http.StripPrefix(DeskPath, rooted(p.desk.Handler())))
	mux.Handle(DeskPath+"/", http.StripPrefix(DeskPath, p.desk.Handler()))
	// A page of another origin must not act here in the visitor's name.
	mux.Handle(Prefix+"api/", http.NewCrossOriginProtection().Handler(http.StripPrefix(Prefix+"api", p.api())))
	mux.HandleFunc("GET "+Prefix+"files/{id}/{name}", p.files.serve)
	mux.Handle(Prefix, http.StripPrefix(Prefix, pages()))
	return mux
}

// rooted gives a request for "" the path of the root, which is what patterns match.
func rooted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/"
		next.ServeHTTP(w, r)
	})
}

// pages serves the embedded files; a page's address is its name without .html.
func pages() http.Handler {
	root, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	server := http.FileServerFS(root)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		switch r.URL.Path {
		case "customer", "agent", "app", "both", "own-desk", "own":
			r.URL.Path += ".html"
		case "app-client.js":
			appClient(w, r)
			return
		}
		server.ServeHTTP(w, r)
	})
}
