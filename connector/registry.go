package connector

import (
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
)

// Deps is what a connection is given besides its own configuration.
type Deps struct {
	// Connection is the connection's name.
	Connection string
	// HTTP makes the calls; nil means a client of httpx's own.
	HTTP *http.Client
	// Logger never gets a message text, a name or a secret.
	Logger *slog.Logger
	// PublicURL is our own public base address, without a trailing slash; may be empty.
	PublicURL string
	// AllowHosts are the hosts besides the vendor's own from which files may be fetched.
	AllowHosts []string
	// Unpaced leaves the vendor's rate limit alone. It is for tests against fakes, which have none.
	Unpaced bool
}

// Pace gives the limit that the connection's client must keep to; 0 means none.
func (d Deps) Pace(callsPerSecond float64) float64 {
	if d.Unpaced {
		return 0
	}
	return callsPerSecond
}

// Log gives the logger of a connection, whose lines say which one it is.
func (d Deps) Log(vendor string) *slog.Logger {
	log := d.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return log.With("connector", vendor, "connection", d.Connection)
}

// Factory makes connections of one vendor.
type Factory struct {
	// Vendor is the vendor's name.
	Vendor string
	// Config is the type of the vendor's configuration: a struct with yaml tags, `doc` tags, `required:"true"` tags.
	Config reflect.Type
	// Docs is one line about the vendor for the documentation.
	Docs string
	open func(decode func(target any) error, deps Deps) (Connector, error)
}

// Validator is implemented by configurations that check themselves. The error names the key and what to write.
type Validator interface {
	Validate() error
}

// NewFactory makes a factory from the vendor's constructor. C is the vendor's configuration; its zero value, changed by
// the C's method SetDefaults if it has one, is what the user's keys are decoded into.
func NewFactory[C any, T Connector](vendor, docs string, open func(config C, deps Deps) (T, error)) Factory {
	return Factory{
		Vendor: vendor,
		Config: reflect.TypeFor[C](),
		Docs:   docs,
		open: func(decode func(target any) error, deps Deps) (Connector, error) {
			var config C
			if d, ok := any(&config).(interface{ SetDefaults() }); ok {
				d.SetDefaults()
			}
			if err := decode(&config); err != nil {
				return nil, err
			}
			if v, ok := any(&config).(Validator); ok {
				if err := v.Validate(); err != nil {
					return nil, err
				}
			}
			c, err := open(config, deps)
			if err != nil {
				return nil, err
			}
			return c, nil
		},
	}
}

// Open makes a connection. Decode fills a pointer to the vendor's configuration from wherever it is kept.
func (f Factory) Open(decode func(target any) error, deps Deps) (Connector, error) {
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	return f.open(decode, deps)
}

// Registry knows the vendors by name. There is no global one.
type Registry struct {
	factories []Factory
}

// NewRegistry makes a registry. A name taken twice is a programmer's error and panics.
func NewRegistry(factories ...Factory) *Registry {
	r := &Registry{}
	for _, f := range factories {
		if _, taken := r.Lookup(f.Vendor); taken {
			panic(fmt.Sprintf("connector: vendor %q registered twice", f.Vendor))
		}
		r.factories = append(r.factories, f)
	}
	slices.SortFunc(r.factories, func(a, b Factory) int {
		if a.Vendor < b.Vendor {
			return -1
		}
		return 1
	})
	return r
}

// Lookup finds a vendor.
func (r *Registry) Lookup(vendor string) (Factory, bool) {
	for _, f := range r.factories {
		if f.Vendor == vendor {
			return f, true
		}
	}
	return Factory{}, false
}

// Factories lists the vendors by name.
func (r *Registry) Factories() []Factory { return slices.Clone(r.factories) }
