// Package connectormock has mocks of the three sides, for tests that must force an error or prove that a call was not
// made. For behaviour use package memory and its fake.
package connectormock

//go:generate env GOWORK=off go tool -modfile=../../tools/go.mod mockgen -typed -write_package_comment=false -destination=mocks.go -package=connectormock github.com/handoff-engine/handoff/connector Channel,Bot,Desk
