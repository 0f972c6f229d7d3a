SHELL := /bin/bash
.DEFAULT_GOAL := help

# Developer tools are pinned in tools/go.mod and built by Go on first use.
TOOL := go tool -modfile=tools/go.mod
BINARY := build/otelcol-stytch
PAGE := e2e/page
PAGE_DEMO := build/page-demo
SOURCES := $(shell find internal receiver processor exporter extension -type f ! -name '*_test.go' ! -name '*.md')

FUZZTIME ?= 10s
BENCHTIME ?= 1s
COUNT ?= 6
SOAK ?= 30m
LISTEN ?= localhost:8321

.PHONY: all build run test race e2e e2e-loki e2e-faults e2e-page screenshots soak lint fmt generate generate-check bench bench-system fuzz golden tidy clean help

all: generate-check lint test race e2e e2e-page e2e-loki e2e-faults ## everything that continuous integration runs; some tests of e2e-faults as root only

build: $(BINARY) ## compile the collector with ocb into build/otelcol-stytch

$(BINARY): builder-config.yaml go.mod go.sum $(SOURCES)
	@echo "Building otelcol-stytch with the OpenTelemetry Collector Builder: about 5 minutes the first time, well under one afterwards."
	@echo "  step 1 of 2: the builder itself"
	@$(TOOL) -n builder >/dev/null
	@echo "  step 2 of 2: the collector and its components"
	@$(TOOL) builder --config builder-config.yaml 2>&1 | awk '{ sub(/^[^\t]*\t/, ""); print "    " $$0; fflush() }'; exit $${PIPESTATUS[0]}
	@touch $(BINARY)

run: build ## show the main job at work: events go in and arrive at local stand-ins; LISTEN=localhost:8321
	@go build -o build/demo ./e2e/demo
	@build/demo -with-parent -listen $(LISTEN)

test: ## unit tests
	go test ./...

race: ## unit tests under the race detector
	go test -race ./internal/... ./receiver/... ./processor/... ./exporter/... ./extension/...

e2e: build ## drive the built binary end to end
	go test -tags e2e -count 1 ./e2e/ ./e2e/managed/

e2e-loki: build ## the Loki exporter against a real Loki
	@echo "Building Grafana Loki for the tests: about 10 minutes the first time, a second afterwards."
	@cd tools/loki && go tool -n loki >/dev/null
	go test -tags e2e_loki -count 1 -timeout 5m ./e2e/realloki/

e2e-faults: build ## break destinations, disk, queue and process under load: about 8 minutes; all of it as root only
	@[ "$$(id -u)" = 0 ] || echo "Not root: the tests that mount a disk of their own are skipped, each with a message. Run this target as root for all."
	go test -tags e2e -count 1 -timeout 20m -v $(if $(SKIP),-skip '$(SKIP)') ./e2e/faults/ | grep --line-buffered -vE '^=== '; exit $${PIPESTATUS[0]}

e2e-page: build $(PAGE_DEMO) $(PAGE)/node_modules chromium ## the page in a browser: about a minute; installs Chromium where there is none
	cd $(PAGE) && node --test --test-concurrency=1

screenshots: $(PAGE_DEMO) $(PAGE)/node_modules chromium ## take the pictures in docs/images/ anew
	cd $(PAGE) && node screenshots.mjs

$(PAGE_DEMO): go.mod $(SOURCES) $(wildcard extension/stytchmanagementextension/internal/page/*_test.go)
	go test -c -tags demo -o $@ ./extension/stytchmanagementextension/internal/page

$(PAGE)/node_modules: $(PAGE)/package-lock.json
	cd $(PAGE) && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

.PHONY: chromium
chromium:
	@command -v node >/dev/null || { echo "The page's tests need Node.js 20 or later, with npm."; exit 1; }
	@test -n "$$CHROMIUM" || test -x /usr/bin/chromium || { apt-get update && apt-get install -y --no-install-recommends chromium; }

soak: build ## random faults for SOAK (30m): memory, goroutines and events must all stay
	SOAK=$(SOAK) go test -tags e2e -count 1 -timeout 24h -v -run TestSoak ./e2e/faults/

lint: ## golangci-lint with the layering rules of docs/architecture.md
	$(TOOL) golangci-lint run ./...

fmt: ## format every Go file
	$(TOOL) golangci-lint fmt ./...

generate: ## regenerate component metadata and telemetry from metadata.yaml
	go generate ./...

# What was committed must be what metadata.yaml generates.
generate-check: generate
	@git diff --exit-code -- '*generated_*' '*documentation.md' || { echo "generated files are stale: commit what 'make generate' wrote"; exit 1; }

bench: ## micro-benchmarks, summarised by benchstat
	go test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -count $(COUNT) ./internal/... ./receiver/... ./processor/... ./exporter/... ./extension/... | tee build/bench.txt
	$(TOOL) benchstat build/bench.txt

bench-system: build ## the collector against a proxy that only gunzips and gzips; BENCH=-quick for less than 2 minutes
	@go build -o build/bench ./e2e/bench
	@build/bench $(BENCH)

fuzz: ## every fuzz target for FUZZTIME (10s)
	@for dir in $$(grep -rl '^func Fuzz' --include '*_test.go' internal receiver processor exporter extension | xargs -n 1 dirname | sort -u); do \
		for target in $$(grep -h '^func Fuzz' $$dir/*_test.go | sed 's/func \(Fuzz[A-Za-z0-9]*\).*/\1/'); do \
			echo "$$dir $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) ./$$dir || exit 1; \
		done; \
	done

golden: ## rewrite the golden payloads in testdata/; read the diff before committing it
	UPDATE_GOLDEN=1 go test -count 1 -run Golden ./...

tidy: ## go mod tidy in every module
	go mod tidy
	cd tools && go mod tidy
	cd tools/loki && go mod tidy

clean: ## remove what was built
	rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
