package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

// DefaultTaskQueue is the task queue where none is set.
const DefaultTaskQueue = "handoff"

// Options are what the connections are opened with.
type Options struct {
	// Registry knows the vendors.
	Registry *connector.Registry
	// Lookup gives the variables of ${NAME}; nil means that none is set.
	Lookup func(name string) (string, bool)
	// HTTP makes the vendors' calls; nil means each connection's own.
	HTTP *http.Client
	// Logger is given to the connections; nil means that nothing is logged.
	Logger *slog.Logger
	// PublicURL is our own public base address; may be empty.
	PublicURL string
	// TaskQueue is the beginning of the names of the connections' own task queues; empty means DefaultTaskQueue.
	TaskQueue string
}

// Loaded is a configuration without a mistake.
type Loaded struct {
	// Connections are in the order of the file, opened.
	Connections []Connection
	// Routes are in the order of the file. What their policies leave open is left open.
	Routes []conversation.Route
}

// Connection is one configured account, opened.
type Connection struct {
	Name      string
	Vendor    string
	Connector connector.Connector
	// AllowHosts are the hosts besides the vendor's own from which files may be fetched.
	AllowHosts []string
	// FileRules say which of its files are passed on.
	FileRules files.Rules
	// ReorderWindow is how long events are held so that those overtaken on the way come first.
	ReorderWindow time.Duration
	// Queue is the task queue of the connection's own activities; empty means the common one.
	Queue string
}

// Connection finds a connection by its name.
func (l *Loaded) Connection(name string) (Connection, bool) {
	for _, c := range l.Connections {
		if c.Name == name {
			return c, true
		}
	}
	return Connection{}, false
}

// Load reads the file and opens every connection in it, without calling any vendor. If anything is wrong the error is
// of type Mistakes and names all of it.
func Load(path string, opts Options) (*Loaded, error) {
	data, err := os.ReadFile(path)
	var reason *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, Mistakes{{File: path, Text: "there is no such file. Copy handoff.example.yaml to it, or name another with --config or HANDOFF_CONFIG."}}
	case errors.As(err, &reason):
		return nil, Mistakes{{File: path, Text: "cannot be read: " + reason.Err.Error() + "."}}
	case err != nil:
		return nil, Mistakes{{File: path, Text: "cannot be read."}}
	}
	return Parse(path, data, opts)
}

// Parse is Load for a file that was read already; its name is used in what is said about it.
func Parse(name string, data []byte, opts Options) (*Loaded, error) {
	if opts.Lookup == nil {
		opts.Lookup = func(string) (string, bool) { return "", false }
	}
	if opts.TaskQueue == "" {
		opts.TaskQueue = DefaultTaskQueue
	}
	opts.PublicURL = strings.TrimRight(opts.PublicURL, "/")
	r := &reader{file: name, lookup: opts.Lookup}
	loaded := r.document(data, opts)
	if len(r.mistakes) > 0 {
		return nil, r.mistakes.sorted()
	}
	return loaded, nil
}

// topLevel are the keys of the file.
func topLevel() []string { return []string{"connections", "routes"} }

// document reads the one document of the file.
func (r *reader) document(data []byte, opts Options) *Loaded {
	root, ok := r.parse(data)
	if !ok {
		return nil
	}
	whole := place{node: root, line: 1}
	entries := r.entries(whole, "the keys connections and routes")
	for _, e := range entries {
		// x- keys are for anchors that several connections or routes share.
		if e.name != "connections" && e.name != "routes" && !strings.HasPrefix(e.name, "x-") {
			r.unknown(e, topLevel(), "")
		}
	}
	connections := r.section(entries, whole, "connections", "connection")
	routes := r.section(entries, whole, "routes", "route")
	loaded := &Loaded{}
	known := map[string]*Connection{}
	for _, e := range connections {
		c := r.connection(e, opts)
		known[e.name] = c
		if c != nil {
			loaded.Connections = append(loaded.Connections, *c)
		}
	}
	loaded.Routes = r.routes(routes, known)
	return loaded
}

// section gives the entries of a key of the file, which has at least one.
func (r *reader) section(entries []entry, whole place, key, one string) []entry {
	p := at(entries, key, whole)
	found := r.entries(p, one+"s by their names below it")
	if len(found) == 0 && (isNull(resolve(p.node)) || isMapping(p.node)) {
		r.wrong(p, "there is no %s. Write at least one, as handoff.example.yaml shows.", one)
	}
	return found
}

// parse reads the YAML. An empty file is an empty mapping.
func (r *reader) parse(data []byte) (*yaml.Node, bool) {
	documents, err := parseAll(data)
	switch {
	case err != nil:
		said := lineInError.ReplaceAllString(err.Error(), "")
		r.wrong(place{line: brokenLine(data)}, "is not YAML: %s. Look at this line and the one before it.", said)
		return nil, false
	case len(documents) > 1:
		r.wrong(place{line: documents[1].Line}, "a second document begins here. Remove the line ---, so that the file has one.")
		return nil, false
	case len(documents) == 0 || len(documents[0].Content) == 0:
		return nil, true
	}
	return documents[0].Content[0], true
}

func parseAll(data []byte) ([]*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var documents []*yaml.Node
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		documents = append(documents, &document)
	}
}

// lineInError is the line that the YAML parser names: where the group or the list begins, not where the trouble is.
var lineInError = regexp.MustCompile(`^yaml: (?:line \d+: )?`)

// brokenLine finds the line that the YAML cannot go on with: the one behind the longest beginning of the file that is
// YAML.
func brokenLine(data []byte) int {
	lines := bytes.SplitAfter(data, []byte("\n"))
	for n := len(lines) - 1; n > 0; n-- {
		if _, err := parseAll(bytes.Join(lines[:n], nil)); err == nil {
			return n + 1
		}
	}
	return 1
}
