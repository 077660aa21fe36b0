package config

import (
	"reflect"
	"strings"
)

// field is one key that a struct takes.
type field struct {
	name     string
	doc      string
	enum     []string
	required bool
	index    []int
	typ      reflect.Type
}

// fieldsOf lists the keys of a struct type in the order of its fields, those of inlined structs among them. It reads the
// tags yaml, doc, enum and required.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for f := range t.Fields() {
		if !f.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "-" {
			continue
		}
		if f.Type.Kind() == reflect.Struct && (strings.Contains(options, "inline") || f.Anonymous && name == "") {
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{f.Index[0]}, inner.index...)
				fields = append(fields, inner)
			}
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		var enum []string
		if tag := f.Tag.Get("enum"); tag != "" {
			enum = strings.Split(tag, ",")
		}
		fields = append(fields, field{
			name: name, doc: f.Tag.Get("doc"), enum: enum, required: f.Tag.Get("required") == "true",
			index: f.Index, typ: f.Type,
		})
	}
	return fields
}

// names lists the keys' names.
func names(fields []field) []string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.name
	}
	return all
}
