// Package postgres runs the production shape of docker-compose.yml without containers: PostgreSQL, Temporal's own server and
// schema tool, and handoff's gateways and workers as processes on loopback, with the commands and settings that the file
// has. Real are all of them; the vendors are strict fakes. It is run by `make postgres`.
package postgres
