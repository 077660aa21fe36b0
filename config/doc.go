// Package config reads what the operator writes: the process settings from HANDOFF_ variables, and the connections, the
// routes and their policies from one YAML file, handoff.yaml.
//
// Nothing is guessed and nothing is skipped. A key that nobody knows, a secret that is not there, a route that its
// connections cannot serve: each is a Mistake with its file, its line, its key and a sentence that says what to write,
// and all of them are told at once. No sentence ever holds a secret.
//
// The package names no vendor: the keys of a connection are those of the vendor's configuration type, found through the
// registry. Schema makes a JSON Schema of the same types, for editors.
package config
