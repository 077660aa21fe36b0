// Package examples holds what a team may copy into its own app, for programs that show it at work.
package examples

import _ "embed"

// AppClient is app-client.js: a customer's side of a team's own app, for browsers and for Node.
//
//go:embed app-client.js
var AppClient []byte
