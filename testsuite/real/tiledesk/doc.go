// Package tiledesk runs the real Tiledesk, the open-source server with its chat engine, on loopback, so that our connector
// and our fake are held against it and not against what we believe of it. It is run by `make tiledesk-real`, and by nothing
// else: the first time it takes some minutes to install, and Debian's redis-server, rabbitmq-server, nodejs, npm and git.
//
// Tiledesk wants MongoDB, for which FerretDB stands in, with SQLite behind it. Two things differ from a production server
// by that: there is no search by text, and all is slower. Everything that our connector calls is the vendor's own code:
//
//	tiledesk-server     REST API, routing, webhooks
//	chat21-http-server  where agents' words go in; their console uses MQTT instead
//	chat21-server       carries messages between them, over RabbitMQ
//
// The versions are in assets; bin/real/tiledesk is the cache of what was installed, and may be deleted.
package tiledesk
