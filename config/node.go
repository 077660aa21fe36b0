package config

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// maxMerge bounds how deep `<<` is followed, so that a mapping that merges itself comes to an end.
const maxMerge = 10

// place is a value in the file: its node, the path that leads to it, and the line of its key.
type place struct {
	node *yaml.Node
	key  string
	line int
}

// entry is one key of a mapping with its value.
type entry struct {
	name string
	place
}

// reader reads one file and collects what is wrong with it.
type reader struct {
	file     string
	lookup   func(name string) (string, bool)
	mistakes Mistakes
}

// wrong notes a mistake at p.
func (r *reader) wrong(p place, format string, args ...any) {
	r.mistakes = append(r.mistakes, Mistake{File: r.file, Line: p.line, Key: p.key, Text: fmt.Sprintf(format, args...)})
}

// entries gives the keys of the mapping at p in the order of the file, with merged ones (`<<: *anchor`) behind its own.
// A key that is there twice is a mistake; the first one counts. Nothing at all is an empty mapping.
func (r *reader) entries(p place, want string) []entry {
	return r.merged(p, want, 0)
}

func (r *reader) merged(p place, want string, depth int) []entry {
	node := resolve(p.node)
	if isNull(node) {
		return nil
	}
	if node.Kind != yaml.MappingNode {
		r.wrong(p, "is %s. Write %s.", kindOf(node), want)
		return nil
	}
	var own, merged []entry
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Tag == "!!merge" {
			if depth < maxMerge {
				merged = append(merged, r.sources(place{node: value, key: p.key, line: key.Line}, want, depth)...)
			}
			continue
		}
		e := entry{name: key.Value, place: place{node: value, key: join(p.key, key.Value), line: key.Line}}
		if first, twice := find(own, key.Value); twice {
			r.wrong(e.place, "is here twice; the first one is in line %d. Keep one of them.", first.line)
			continue
		}
		own = append(own, e)
	}
	for _, e := range merged {
		if _, set := find(own, e.name); !set {
			own = append(own, e)
		}
	}
	return own
}

// sources gives the keys of what `<<` names: one mapping or a list of them.
func (r *reader) sources(p place, want string, depth int) []entry {
	node := resolve(p.node)
	if node == nil || node.Kind != yaml.SequenceNode {
		return r.merged(p, want, depth+1)
	}
	var all []entry
	for _, item := range node.Content {
		all = append(all, r.merged(place{node: item, key: p.key, line: item.Line}, want, depth+1)...)
	}
	return all
}

// items gives the elements of the list at p, or p itself as the only one if it is no list.
func items(p place) []place {
	node := resolve(p.node)
	if node == nil || node.Kind != yaml.SequenceNode {
		return []place{p}
	}
	all := make([]place, len(node.Content))
	for i, item := range node.Content {
		all[i] = place{node: item, key: fmt.Sprintf("%s[%d]", p.key, i), line: item.Line}
	}
	return all
}

// find looks a key up.
func find(entries []entry, name string) (entry, bool) {
	for _, e := range entries {
		if e.name == name {
			return e, true
		}
	}
	return entry{}, false
}

// at gives the place of a key, or, where it is not written, the place of the whole.
func at(entries []entry, name string, whole place) place {
	if e, ok := find(entries, name); ok {
		return e.place
	}
	return place{key: join(whole.key, name), line: whole.line}
}

// join appends a key to a path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	for node != nil && node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

func isMapping(node *yaml.Node) bool {
	node = resolve(node)
	return node != nil && node.Kind == yaml.MappingNode
}

func isNull(node *yaml.Node) bool {
	return node == nil || node.Kind == 0 || node.Kind == yaml.ScalarNode && node.Tag == "!!null"
}

// isBlank reports whether nothing is written: no value, or an empty one.
func isBlank(node *yaml.Node) bool {
	node = resolve(node)
	return isNull(node) || node.Kind == yaml.ScalarNode && node.Value == ""
}

// kindOf names what a node is, for people.
func kindOf(node *yaml.Node) string {
	switch {
	case isNull(node):
		return "empty"
	case node.Kind == yaml.MappingNode:
		return "a group of keys"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}
