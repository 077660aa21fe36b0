package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	schemaDialect = "https://json-schema.org/draft/2020-12/schema"
	// referencePattern lets a ${NAME} stand for anything that is no text.
	referencePattern = `^\$\{[A-Za-z_][A-Za-z0-9_]*\}$`
	sizePattern      = `^[0-9]+ ?([KMG]?B)$|` + referencePattern
	durationPattern  = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|` + referencePattern
)

// object is a JSON Schema. Its keys are written in the order of the alphabet, so that the file is stable.
type object = map[string]any

// Schema gives the JSON Schema of the routes file, for editors. It is made of the same types that the file is read
// into: the keys, their documentation, which are needed, and which values they take.
func Schema(registry *connector.Registry) ([]byte, error) {
	vendors, cases, definitions := []string{}, []any{}, object{}
	for _, f := range registry.Factories() {
		vendors = append(vendors, f.Vendor)
		definitions["vendor-"+f.Vendor] = vendorSchema(f)
		cases = append(cases, object{
			"if":   object{"properties": object{"vendor": object{"const": f.Vendor}}, "required": []string{"vendor"}},
			"then": object{"$ref": "#/$defs/vendor-" + f.Vendor},
		})
	}
	definitions["name"] = object{"type": "string", "pattern": "^" + namePattern + "$"}
	definitions["connection"] = object{
		"type": "object", "required": []string{"vendor"},
		"properties": object{"vendor": object{"enum": vendors, "description": "the vendor's name"}},
		"allOf":      cases,
	}
	definitions["route"] = routeSchema()
	definitions["policy"] = structSchema(reflect.TypeFor[conversation.Policy]())
	root := object{
		"$schema": schemaDialect,
		"$id":     "https://github.com/handoff-engine/handoff/docs/handoff.schema.json",
		"title":   "handoff.yaml",
		"type":    "object", "required": topLevel(), "additionalProperties": false,
		"patternProperties": object{"^x-": object{"description": "anchors that several connections or routes share"}},
		"properties": object{
			"connections": named("configured accounts at the vendors, by names of your own", "#/$defs/connection"),
			"routes":      named("which channel goes to which desk, and how its conversations are treated", "#/$defs/route"),
		},
		"$defs": definitions,
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return append(text, '\n'), nil
}

// named is a group of keys that the user names.
func named(doc, ref string) object {
	return object{
		"type": "object", "description": doc, "minProperties": 1,
		"propertyNames":        object{"$ref": "#/$defs/name"},
		"additionalProperties": object{"$ref": ref},
	}
}

// vendorSchema is a connection at one vendor: the common keys and the vendor's own.
func vendorSchema(f connector.Factory) object {
	shared := fieldsOf(reflect.TypeFor[common]())
	own := fieldsOf(f.Config)
	for _, key := range own {
		if slices.Contains(names(shared), key.name) {
			panic(fmt.Sprintf("config: the key %s of vendor %s is one that every connection has", key.name, f.Vendor))
		}
	}
	schema := fieldsSchema(append(shared, own...))
	schema["description"] = f.Docs
	return schema
}

// routeSchema is one route. Its seats are read by hand, so they are written by hand here too.
func routeSchema() object {
	connection := func(doc string) object { return object{"$ref": "#/$defs/name", "description": doc} }
	desk := object{"anyOf": []any{connection("the desk's connection"), structSchema(reflect.TypeFor[deskEntry]())}}
	return object{
		"type": "object", "additionalProperties": false, "required": []string{"channel", "desk"},
		"properties": object{
			"channel": connection("the connection where the customer is"),
			"when":    described(structSchema(reflect.TypeFor[conversation.Selector]()), "which of the channel's conversations take this route, where several routes have the channel; all that is written must be so"),
			"bot":     connection("the connection of a bot that is asked for each message, where the channel hosts none"),
			"desk": object{
				"description": "the connection where agents answer, or a list of them",
				"anyOf":       []any{desk, object{"type": "array", "items": desk, "minItems": 1}},
			},
			"policy": object{"$ref": "#/$defs/policy", "description": "how the route's conversations are treated"},
		},
	}
}

func described(schema object, doc string) object {
	schema["description"] = doc
	return schema
}

// structSchema is a group of known keys.
func structSchema(t reflect.Type) object { return fieldsSchema(fieldsOf(t)) }

func fieldsSchema(fields []field) object {
	properties, required := object{}, []string{}
	for _, f := range fields {
		property := typeSchema(f.typ, f.enum)
		if f.doc != "" {
			property["description"] = f.doc
		}
		properties[f.name] = property
		if f.required {
			required = append(required, f.name)
		}
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

// typeSchema is one value. It panics on a type that no key can have, which the registry's test would meet first.
func typeSchema(t reflect.Type, enum []string) object {
	secret := object{"type": "string", "minLength": 1}
	switch {
	case isA[connector.Secret](t):
		return secret
	case isA[connector.Secrets](t):
		return object{"anyOf": []any{secret, object{"type": "array", "items": secret, "minItems": 1}}}
	case isDuration(t):
		return object{"type": "string", "pattern": durationPattern}
	case isA[Size](t):
		return object{"type": "string", "pattern": sizePattern}
	case isA[conversation.Policy](t):
		return object{"$ref": "#/$defs/policy"}
	case isA[map[conversation.TextName]string](t):
		return textsSchema()
	case readsText(t):
		return withEnum(object{"type": "string"}, enum)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeSchema(t.Elem(), enum)
	case reflect.Struct:
		return structSchema(t)
	case reflect.Map:
		return object{"type": "object", "additionalProperties": typeSchema(t.Elem(), enum)}
	case reflect.Slice:
		return sliceSchema(typeSchema(t.Elem(), enum), t.Elem().Kind() == reflect.Struct)
	case reflect.Interface:
		return object{}
	case reflect.String:
		if len(enum) > 0 {
			return withEnum(object{}, enum)
		}
		// Numbers without quotes are taken as they are written: ids look like this.
		return object{"type": []string{"string", "number"}}
	case reflect.Bool:
		return orReference(object{"type": "boolean"})
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return orReference(object{"type": "integer"})
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return orReference(object{"type": "integer", "minimum": 0})
	case reflect.Float32, reflect.Float64:
		return orReference(object{"type": "number"})
	default:
		panic(fmt.Sprintf("config: no key can have the type %s", t))
	}
}

// sliceSchema is a list. A list of plain values may be written as the one value that it holds.
func sliceSchema(item object, groups bool) object {
	array := object{"type": "array", "items": item}
	if groups {
		return array
	}
	return object{"anyOf": []any{item, array}}
}

// textsSchema is what the customer is told: the names are known, and the defaults are shown.
func textsSchema() object {
	properties := object{}
	for _, name := range conversation.TextNames() {
		properties[string(name)] = object{"type": []string{"string", "null"}, "default": conversation.DefaultText(name)}
	}
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

func withEnum(schema object, enum []string) object {
	if len(enum) > 0 {
		values := make([]any, len(enum))
		for i, value := range enum {
			values[i] = strings.TrimSpace(value)
		}
		schema["enum"] = values
	}
	return schema
}

// orReference lets ${NAME} stand for the value.
func orReference(schema object) object {
	return object{"anyOf": []any{schema, object{"type": "string", "pattern": referencePattern}}}
}
