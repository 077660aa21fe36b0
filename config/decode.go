package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// isA reports whether t is T.
func isA[T any](t reflect.Type) bool { return t == reflect.TypeFor[T]() }

// isSecret reports whether a key of type t takes secrets.
func isSecret(t reflect.Type) bool { return isA[connector.Secret](t) || isA[connector.Secrets](t) }

// isDuration reports whether a key of type t takes a duration.
func isDuration(t reflect.Type) bool { return isA[time.Duration](t) || isA[conversation.Duration](t) }

// readsText reports whether t reads itself from a text.
func readsText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// decode reads the value at p into the settable value v, strictly, and notes every mistake. What is wrong leaves v as
// it was.
func (r *reader) decode(p place, v reflect.Value, enum []string) {
	t := v.Type()
	switch {
	case isA[connector.Secret](t):
		if secret, ok := r.secret(p); ok {
			v.SetString(secret.Reveal())
		}
	case isA[connector.Secrets](t):
		r.secrets(p, v)
	case isDuration(t):
		if text, raw, ok := r.scalar(p, "a duration such as 2m"); ok {
			d, err := parseDuration(text, raw)
			r.note(p, err)
			v.SetInt(int64(d))
		}
	case isA[Size](t):
		if text, raw, ok := r.scalar(p, "a size such as 25MB"); ok {
			size, err := parseSize(text, raw)
			r.note(p, err)
			v.SetInt(int64(size))
		}
	case readsText(t):
		if text, raw, ok := r.scalar(p, "one value"); ok {
			u, _ := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr())
			switch err := u.UnmarshalText([]byte(text)); {
			case err != nil && len(enum) > 0:
				r.wrong(p, "%s is not understood. %s", quote(raw), allowed(enum))
			default:
				r.note(p, err)
			}
		}
	default:
		r.decodeKind(p, v, enum)
	}
}

func (r *reader) decodeKind(p place, v reflect.Value, enum []string) {
	switch t := v.Type(); t.Kind() {
	case reflect.Pointer:
		if isNull(resolve(p.node)) {
			return
		}
		v.Set(reflect.New(t.Elem()))
		r.decode(p, v.Elem(), enum)
	case reflect.Struct:
		r.decodeStruct(p, v)
	case reflect.Map:
		r.decodeMap(p, v, enum)
	case reflect.Slice:
		if isNull(resolve(p.node)) {
			return
		}
		if node := resolve(p.node); t.Elem().Kind() == reflect.Struct && node.Kind != yaml.SequenceNode {
			r.wrong(p, "is %s. Write a list, each entry of it behind a dash.", kindOf(node))
			return
		}
		all := items(p)
		list := reflect.MakeSlice(t, len(all), len(all))
		for i, item := range all {
			r.decode(item, list.Index(i), enum)
		}
		v.Set(list)
	case reflect.Interface:
		if node := resolve(p.node); node != nil {
			var value any
			if err := node.Decode(&value); err != nil {
				r.wrong(p, "is not understood. Write plain values, lists and groups of keys.")
				return
			}
			if value != nil {
				v.Set(reflect.ValueOf(value))
			}
		}
	default:
		r.decodeScalar(p, v, enum)
	}
}

func (r *reader) decodeScalar(p place, v reflect.Value, enum []string) {
	text, raw, ok := r.scalar(p, "one value")
	if !ok {
		return
	}
	switch t := v.Type(); t.Kind() {
	case reflect.String:
		if len(enum) > 0 && text != "" && !slices.Contains(enum, text) {
			r.wrong(p, "%s is not possible.%s %s", quote(raw), didYouMean(text, enum), allowed(enum))
			return
		}
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			r.wrong(p, "%s is neither true nor false. Write one of them.", quote(raw))
			return
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, t.Bits())
		if err != nil {
			r.wrong(p, "%s is no whole number. Write one such as 10.", quote(raw))
			return
		}
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, t.Bits())
		if err != nil {
			r.wrong(p, "%s is no whole number of at least 0. Write one such as 10.", quote(raw))
			return
		}
		v.SetUint(n)
	case reflect.Float32, reflect.Float64:
		n, err := strconv.ParseFloat(text, t.Bits())
		if err != nil {
			r.wrong(p, "%s is no number. Write one such as 1.5.", quote(raw))
			return
		}
		v.SetFloat(n)
	default:
		panic(fmt.Sprintf("config: %s has a type that no key can have: %s", p.key, t))
	}
}

// decodeStruct reads a group of known keys.
func (r *reader) decodeStruct(p place, v reflect.Value) {
	fields := fieldsOf(v.Type())
	entries := r.entries(p, "the keys "+list(names(fields), "and")+" below it")
	r.decodeFields(p, entries, fields, v, owner{})
}

// owner is whose keys are read, for the sentence about an unknown one.
type owner struct {
	// name is empty, or begins with a blank.
	name string
	// also are keys that the owner takes besides.
	also []string
}

// decodeFields reads the entries into the struct v.
func (r *reader) decodeFields(p place, entries []entry, fields []field, v reflect.Value, o owner) {
	var meant []string
	known := append(names(fields), o.also...)
	for _, e := range entries {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == e.name })
		if i < 0 {
			r.unknown(e, known, o.name)
			meant = append(meant, nearest(e.name, known))
			continue
		}
		r.decode(e.place, v.FieldByIndex(fields[i].index), fields[i].enum)
	}
	for _, f := range fields {
		e, written := find(entries, f.name)
		// A misspelt key is told once, and so is an empty secret.
		if !f.required || slices.Contains(meant, f.name) || written && (!isBlank(e.node) || isSecret(f.typ)) {
			continue
		}
		how := ""
		if isSecret(f.typ) {
			how = " as ${NAME} or file:/path"
		}
		r.wrong(at(entries, f.name, p), "is missing. Write it%s: %s.", how, f.doc)
	}
}

// unknown notes a key that nobody knows.
func (r *reader) unknown(e entry, known []string, owner string) {
	if near := didYouMean(e.name, known); near != "" {
		r.wrong(e.place, "is not a key%s.%s", owner, near)
		return
	}
	r.wrong(e.place, "is not a key%s. Remove it, or write one of %s.", owner, list(known, "and"))
}

// decodeMap reads a group of keys of the user's own choice.
func (r *reader) decodeMap(p place, v reflect.Value, enum []string) {
	t := v.Type()
	entries := r.entries(p, "keys of your own with their values below it")
	if len(entries) == 0 {
		return
	}
	m := reflect.MakeMapWithSize(t, len(entries))
	for _, e := range entries {
		value := reflect.New(t.Elem()).Elem()
		r.decode(e.place, value, enum)
		m.SetMapIndex(reflect.ValueOf(e.name).Convert(t.Key()), value)
	}
	v.Set(m)
}

// scalar gives the one value at p with its variables filled in, and as it is written.
func (r *reader) scalar(p place, want string) (text, raw string, ok bool) {
	node := resolve(p.node)
	if isNull(node) {
		return "", "", false
	}
	if node.Kind != yaml.ScalarNode {
		r.wrong(p, "is %s. Write %s.", kindOf(node), want)
		return "", "", false
	}
	text, err := expand(node.Value, r.lookup)
	r.note(p, err)
	return text, node.Value, err == nil
}

// secret reads one secret.
func (r *reader) secret(p place) (connector.Secret, bool) {
	if isBlank(p.node) {
		r.wrong(p, "is empty. %s.", howToSecret)
		return "", false
	}
	text, raw, ok := r.scalar(p, "one secret")
	if !ok {
		return "", false
	}
	secret, err := readSecret(text, raw)
	r.note(p, err)
	return secret, err == nil
}

// secrets reads one secret or a list of them.
func (r *reader) secrets(p place, v reflect.Value) {
	all := items(p)
	if len(all) == 0 {
		r.wrong(p, "is an empty list. %s.", howToSecret)
	}
	var secrets connector.Secrets
	for _, item := range all {
		if secret, ok := r.secret(item); ok {
			secrets = append(secrets, secret)
		}
	}
	v.Set(reflect.ValueOf(secrets))
}

// note notes each part of err as a mistake at p.
func (r *reader) note(p place, err error) {
	for _, part := range parts(err) {
		text := strings.TrimSuffix(part.Error(), ".") + "."
		r.wrong(p, "%s", text)
	}
}

// parts takes joined errors apart.
func parts(err error) []error {
	if err == nil {
		return nil
	}
	// A joined error inside a wrapped one is left whole: the wrapping says what it is about.
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, part := range joined.Unwrap() {
		all = append(all, parts(part)...)
	}
	return all
}

// allowed says which values there are.
func allowed(enum []string) string {
	if len(enum) == 0 {
		return "See the key's documentation."
	}
	return "Write " + list(enum, "or") + "."
}
