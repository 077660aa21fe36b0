package config

import (
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

// namePattern is what connections and routes are called: the names are in addresses, workflow ids and metrics.
const namePattern = `[a-z0-9][a-z0-9-]{0,39}`

var (
	nameRegexp = regexp.MustCompile(`^` + namePattern + `$`)
	// wordRegexp finds the keys that a connector's own error names.
	wordRegexp = regexp.MustCompile(`[a-z0-9_]+`)
)

// errBroken tells a factory that the keys were bad; what is wrong with them is noted already.
var errBroken = errors.New("the keys are wrong")

// longestReorder bounds the reorder window: every event waits that long.
const longestReorder = time.Minute

// common are the keys that every connection has besides its vendor's.
type common struct {
	Vendor        string                `yaml:"vendor" doc:"the vendor's name" required:"true"`
	AllowHosts    []string              `yaml:"allow_hosts" doc:"hosts besides the vendor's own from which files may be fetched; private and loopback addresses only if they are listed here"`
	MaxFileSize   Size                  `yaml:"max_file_size" doc:"the largest file of this connection that is passed on, such as 10MB (default 25MB)"`
	AllowFiles    []string              `yaml:"allow_file_types" doc:"the kinds of files of this connection that are passed on, as media types or endings, such as image/* or .pdf (default all)"`
	DenyFiles     []string              `yaml:"deny_file_types" doc:"the kinds of files of this connection that are not passed on, whatever is allowed"`
	ReorderWindow conversation.Duration `yaml:"reorder_window" doc:"how long events are held so that those overtaken on the way come first (default 0, not at all)"`
}

// connection reads one connection and opens it. It gives nil if anything is wrong.
func (r *reader) connection(e entry, opts Options) *Connection {
	before := len(r.mistakes)
	r.checkName(e, "connection")
	entries := r.entries(e.place, "the key vendor and the vendor's own keys below it")
	var shared common
	sharedFields := fieldsOf(reflect.TypeFor[common]())
	var own, others []entry
	for _, key := range entries {
		if slices.Contains(names(sharedFields), key.name) {
			others = append(others, key)
		} else {
			own = append(own, key)
		}
	}
	r.decodeFields(e.place, others, sharedFields, reflect.ValueOf(&shared).Elem(), owner{})
	r.checkCommon(shared, others, e.place)
	factory, ok := r.factory(shared.Vendor, others, e.place, opts.Registry)
	if !ok {
		return nil
	}
	c, err := factory.Open(func(target any) error {
		return r.vendorKeys(e.place, own, target, shared.Vendor)
	}, connector.Deps{
		Connection: e.name, HTTP: opts.HTTP, Logger: opts.Logger, PublicURL: opts.PublicURL, AllowHosts: shared.AllowHosts,
	})
	if err != nil {
		r.opening(e.place, own, err)
	}
	if len(r.mistakes) > before {
		return nil
	}
	made := &Connection{
		Name: e.name, Vendor: shared.Vendor, Connector: c, AllowHosts: shared.AllowHosts,
		FileRules:     files.Rules{MaxSize: int64(shared.MaxFileSize), AllowTypes: shared.AllowFiles, DenyTypes: shared.DenyFiles},
		ReorderWindow: time.Duration(shared.ReorderWindow),
	}
	if c.Traits().CallsPerSecond > 0 {
		made.Queue = opts.TaskQueue + "-" + e.name
	}
	return made
}

// factory finds the vendor.
func (r *reader) factory(vendor string, keys []entry, whole place, registry *connector.Registry) (connector.Factory, bool) {
	if vendor == "" {
		// That it is missing is noted already.
		return connector.Factory{}, false
	}
	if f, ok := registry.Lookup(vendor); ok {
		return f, true
	}
	var known []string
	for _, f := range registry.Factories() {
		known = append(known, f.Vendor)
	}
	r.wrong(at(keys, "vendor", whole), "%s is no vendor that handoff knows.%s Write %s.", quote(vendor), didYouMean(vendor, known), list(known, "or"))
	return connector.Factory{}, false
}

// vendorKeys decodes the vendor's own keys into target, a pointer to the vendor's configuration.
func (r *reader) vendorKeys(whole place, own []entry, target any, vendor string) error {
	before := len(r.mistakes)
	v := reflect.ValueOf(target).Elem()
	r.decodeFields(whole, own, fieldsOf(v.Type()), v, owner{name: " of vendor " + vendor, also: names(fieldsOf(reflect.TypeFor[common]()))})
	if len(r.mistakes) == before {
		return nil
	}
	// What the configuration says about keys that are well written is worth knowing in the same run.
	if validator, ok := target.(connector.Validator); ok {
		for _, err := range parts(validator.Validate()) {
			key, named := keyIn(err, own)
			if named && !slices.ContainsFunc(r.mistakes[before:], func(m Mistake) bool { return strings.HasPrefix(m.Key, key.key) }) {
				r.aboutKey(key, err)
			}
		}
	}
	return errBroken
}

// opening notes why the vendor's package does not take the configuration.
func (r *reader) opening(whole place, own []entry, err error) {
	if errors.Is(err, errBroken) {
		return
	}
	for _, part := range parts(err) {
		if key, named := keyIn(part, own); named {
			r.aboutKey(key, part)
			continue
		}
		r.note(whole, part)
	}
}

// aboutKey notes what a connector says about a key, without the key's name in front of it: the mistake names it.
func (r *reader) aboutKey(key entry, err error) {
	text := strings.TrimSuffix(strings.TrimPrefix(err.Error(), key.name+": "), ".")
	r.wrong(key.place, "%s.", text)
}

// keyIn finds the first of the written keys that err names.
func keyIn(err error, written []entry) (entry, bool) {
	for _, word := range wordRegexp.FindAllString(err.Error(), -1) {
		if e, ok := find(written, word); ok {
			return e, true
		}
	}
	return entry{}, false
}

// checkName notes a name that cannot stand in an address.
func (r *reader) checkName(e entry, what string) {
	if !nameRegexp.MatchString(e.name) {
		r.wrong(e.place, "%s cannot be the name of a %s. Write up to 40 of a-z, 0-9 and -, beginning with a letter or a digit.", quote(e.name), what)
	}
}

// checkCommon checks the keys that every connection has.
func (r *reader) checkCommon(c common, keys []entry, whole place) {
	window := time.Duration(c.ReorderWindow)
	if window < 0 || window > longestReorder {
		r.wrong(at(keys, "reorder_window", whole), "%s is not possible. Write a duration between 0s and %s.", Short(window), Short(longestReorder))
	}
	hosts, _ := find(keys, "allow_hosts")
	for i, item := range items(hosts.place) {
		if i < len(c.AllowHosts) && (c.AllowHosts[i] == "" || strings.ContainsAny(c.AllowHosts[i], "/@?* ")) {
			r.wrong(item, "%s is no host. Write its name alone, such as files.example.com.", quote(c.AllowHosts[i]))
		}
	}
	r.checkTypes(keys, "allow_file_types", c.AllowFiles)
	r.checkTypes(keys, "deny_file_types", c.DenyFiles)
}

// checkTypes notes kinds of files that no file can be of.
func (r *reader) checkTypes(keys []entry, name string, types []string) {
	key, _ := find(keys, name)
	for i, item := range items(key.place) {
		if i < len(types) && !files.ValidType(types[i]) {
			r.wrong(item, "%s is no kind of file. Write a media type such as application/pdf or image/*, or an ending such as .pdf.", quote(types[i]))
		}
	}
}

// side copies what a connection can do on one side of a route into the form that a conversation keeps.
func (c Connection) side(repeats connector.Idempotency, group string) conversation.Connection {
	traits := c.Connector.Traits()
	can := connector.CapabilitiesOf(c.Connector)
	var able []string
	for _, ability := range can {
		able = append(able, string(ability))
	}
	return conversation.Connection{
		Name: c.Name, Vendor: c.Vendor, Can: able, Queue: c.Queue,
		HostsBot: traits.HostsBot, SendingTakesOver: traits.SendingTakesOver, HoldUnknown: traits.HoldUnknown,
		Mirrors: traits.MirrorsBot,
		// Several texts in one task are safe only where a repeat of the task finds those that were sent.
		Batch:         repeats != connector.AtLeastOnce,
		Redelivery:    conversation.Duration(traits.Redelivery),
		ReorderWindow: conversation.Duration(c.ReorderWindow),
		Group:         group,
	}
}
