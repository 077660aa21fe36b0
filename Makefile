# Each target is what CI calls, one line; `make help` lists them. Build flags are never changed here: a change of flags
# would build the Temporal server, some minutes of work, once more.

STANDALONE := $(CURDIR)/bin/standalone
# The parts of standalone that do not link the Temporal server: only these are run with the race detector.
WITHOUT_SERVER = $(shell go list -test -f '{{.ImportPath}} {{.Deps}}' ./standalone/... | awk '/^[^ ]*\.test / && !/go\.temporal\.io\/server/ {sub(/\.test$$/, "", $$1); print $$1}')
# The suites that start processes have targets of their own.
IN_PROCESS = $(shell go list ./... | grep -vE '/testsuite/(e2e|chaos|browser|postgres|real/.*)$$')
FUZZTIME ?= 20000x
DIR ?= ./...

.PHONY: help tools build standalone run test short race vet lint lint-one workflowcheck vuln format generate generated tidy tidied replay compose tiledesk-real e2e chaos chaos-ci soak bench bench-postgres browser browser-ci postgres postgres-ci fuzz up down

help: ## what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

tools: ## build the pinned linter, workflowcheck and mockgen into bin/
	GOWORK=off go -C tools build -o ../bin/ tool

build: ## the production binary, bin/handoff, as the container image has it
	GOWORK=off CGO_ENABLED=0 go build -o bin/handoff ./cmd/handoff

standalone: ## the whole system in one binary, bin/standalone; the first build takes some minutes
	go build -o $(STANDALONE) ./standalone

run: ## the whole system in one process, with the playground
	go run ./standalone

test: ## all tests of both modules
	go test -shuffle=on ./... ./standalone/...

short: ## only those that start no process
	go test -short -shuffle=on ./...

race: ## with the race detector, except where the Temporal server is linked; without e2e, chaos, browser and postgres
	go test -race -shuffle=on -count=1 $(IN_PROCESS) $(WITHOUT_SERVER)
	go test -shuffle=on -count=1 ./standalone/...

vet: ## go vet
	go vet ./... ./standalone/...

lint: tools ## all lint rules, and the proof that each import rule bites
	bin/golangci-lint run ./... ./standalone/...
	GOLANGCI_LINT=$(CURDIR)/bin/golangci-lint go test -count=1 -run 'PlantedFault' ./testsuite/

lint-one: ## the lint rules on one folder: make lint-one DIR=./connector/crisp
	bin/golangci-lint run $(DIR)

workflowcheck: tools ## workflows are deterministic, and the proof that a clock in them would be found
	GOWORK=off bin/workflowcheck -test=false -config .workflowcheck.yml ./workflows/...
	WORKFLOWCHECK=$(CURDIR)/bin/workflowcheck go test -count=1 -run 'TestWorkflowcheck' ./testsuite/

vuln: ## known vulnerabilities; needs the network address of the database
	go run golang.org/x/vuln/cmd/govulncheck@v1.1.4 ./...

format: tools ## gofumpt and goimports, in place
	bin/golangci-lint fmt ./... ./standalone/...

generate: tools ## generated files, again
	go generate ./... ./standalone/...

generated: ## generated files are up to date
	.ci/unchanged make generate

tidy: ## go.mod and go.sum of the three modules
	for dir in . standalone tools; do GOWORK=off go -C $$dir mod tidy || exit 1; done

tidied: ## go.mod and go.sum are tidy
	for dir in . standalone tools; do GOWORK=off go -C $$dir mod tidy -diff || exit 1; done

replay: ## histories of earlier versions, replayed by this one
	go test -count=1 -v -run 'Replay' ./workflows/

compose: ## docker-compose.yml, Dockerfile and handoff's own commands agree; needs no Docker
	go test -count=1 -run 'Compose|Image' ./testsuite/

e2e: standalone ## the whole system as processes, against strict fakes of the vendors
	HANDOFF_STANDALONE_BINARY=$(STANDALONE) go test -count=1 -timeout 15m -skip RealTiledesk ./testsuite/e2e/...

tiledesk-real: standalone ## the connector, its fake's contract and a whole story at the real Tiledesk server; the first run installs it into bin/real
	TILEDESK_REAL=1 go test -count=1 -timeout 30m -v ./testsuite/real/tiledesk/
	TILEDESK_REAL=1 HANDOFF_STANDALONE_BINARY=$(STANDALONE) go test -count=1 -timeout 15m -v -run RealTiledesk ./testsuite/e2e/

chaos-ci: standalone ## faults while messages flow, bounded for CI
	CHAOS=ci HANDOFF_STANDALONE_BINARY=$(STANDALONE) go test -count=1 -timeout 15m ./testsuite/chaos/...

chaos: standalone ## all faults, all rounds: about half an hour
	CHAOS=full HANDOFF_STANDALONE_BINARY=$(STANDALONE) go test -count=1 -timeout 90m -v ./testsuite/chaos/...

soak: standalone ## hours of traffic with faults: make soak SOAK=4h
	SOAK=$${SOAK:-30m} HANDOFF_STANDALONE_BINARY=$(STANDALONE) go test -count=1 -timeout 0 -v -run Soak ./testsuite/chaos/...

bench: standalone ## the figures of docs/benchmarks.md
	HANDOFF_STANDALONE_BINARY=$(STANDALONE) go run ./testsuite/bench -json bin/bench.json

bench-postgres: ## the same on a PostgreSQL of its own
	POSTGRES=bench go test -count=1 -timeout 30m -v -run Benchmark ./testsuite/postgres/...

browser: standalone ## the playground in a real Chromium
	BROWSER=1 HANDOFF_STANDALONE_BINARY=$(STANDALONE) go test -count=1 -timeout 15m -v ./testsuite/browser/...

browser-ci: browser ## the same, as CI calls it

postgres: ## the production shape of docker-compose.yml on a real PostgreSQL, without containers
	POSTGRES=1 go test -count=1 -timeout 15m -v ./testsuite/postgres/...

postgres-ci: postgres ## the same, as CI calls it

fuzz: ## each fuzz target for FUZZTIME
	FUZZTIME=$(FUZZTIME) .ci/fuzz

up: ## the production shape in containers
	docker compose up --build --detach --wait

down: ## and away with it; the data stays in its volumes
	docker compose down
