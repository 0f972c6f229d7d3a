SHELL := /bin/bash
.DEFAULT_GOAL := help

# Developer tools are pinned in tools/go.mod and built by Go on first use.
TOOL := go tool -modfile=tools/go.mod
BINARY := build/otelcol-stytch
LEAN := build/lean/otelcol-stytch
PAGE := e2e/page
PAGE_DEMO := build/page-demo
SOURCES := $(shell find internal receiver processor exporter extension -type f ! -name '*_test.go' ! -name '*.md')

FUZZTIME ?= 10s
BENCHTIME ?= 1s
COUNT ?= 6
SOAK ?= 30m
LISTEN ?= localhost:8321
TARGETS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# The version of a release is its tag's, without the v. What is no release has the version of
# builder-config.yaml, which ends in -dev, and the commit. So the same commit has the same version
# everywhere, and no committed file changes for a release.
COMMIT := $(shell git rev-parse HEAD 2>/dev/null)
DIRTY := $(shell git status --porcelain --untracked-files=no 2>/dev/null | head -c 1)
TAG := $(if $(DIRTY),,$(shell git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null))
NEXT := $(shell sed -n 's/^  version: \([^ ]*\).*/\1/p' builder-config.yaml)
VERSION ?= $(or $(TAG:v%=%),$(NEXT).g$(shell printf %.12s $(COMMIT))$(if $(DIRTY),.dirty))

.PHONY: all build build-lean dist dist-test dist-check run test race e2e e2e-loki e2e-dashboards dashboard-images e2e-faults e2e-examples e2e-page screenshots example-own-build soak lint fmt generate generate-check bench bench-system fuzz golden tidy clean help prometheus

all: generate-check lint test race e2e e2e-loki e2e-page e2e-dashboards dist-test e2e-faults e2e-examples ## everything that continuous integration runs; some tests of e2e-faults as root only

build: $(BINARY) ## compile the collector with ocb into build/otelcol-stytch

$(BINARY): builder-config.yaml go.mod go.sum $(SOURCES)
	@echo "Building otelcol-stytch with the OpenTelemetry Collector Builder: about 5 minutes the first time, well under one afterwards."
	@echo "  step 1 of 2: the builder itself"
	@$(TOOL) -n builder >/dev/null
	@echo "  step 2 of 2: the collector and its components"
	@$(TOOL) builder --config builder-config.yaml 2>&1 | awk '{ sub(/^[^\t]*\t/, ""); print "    " $$0; fflush() }'; exit $${PIPESTATUS[0]}
	@touch $(BINARY)

build-lean: $(LEAN) ## compile the smaller one of builder-config.lean.yaml into build/lean/otelcol-stytch

$(LEAN): builder-config.lean.yaml go.mod go.sum $(SOURCES)
	@$(TOOL) builder --config builder-config.lean.yaml
	@touch $(LEAN)

# The builder writes the sources; it takes each of its settings from a variable of that name, too.
dist: ## binaries, packages, image, SBOMs and checksums in build/dist; TARGETS=linux/amd64 for one
	@echo "Packing otelcol-stytch $(VERSION): some minutes for each target that was never compiled here."
	@rm -rf build/dist && mkdir -p build/dist
	@env dist.version=$(VERSION) dist.output_path=build/dist/src $(TOOL) builder --config builder-config.yaml --skip-compilation >build/dist/builder.log 2>&1 || { cat build/dist/builder.log; exit 1; }
	@cd tools/dist && go build -o ../../build/dist/pack .
	@build/dist/pack -source build/dist/src -out build/dist -version $(VERSION) -commit "$(COMMIT)" -epoch "$$(git log -1 --format=%ct)" -targets "$(TARGETS)"
	@cat build/dist/checksums.txt

dist-test: ## pack for this machine's kind of Linux and test what was packed; manifests and the Compose file, too
	$(MAKE) dist TARGETS=linux/$$(go env GOARCH)
	cd tools/dist && go test -count 1 ./...
	cd tools/deploy && go test -count 1 ./...

dist-check: ## as root on Debian: a clone packs the same bytes; the deb in a fresh Debian; the image in a container
	apt-get update --quiet --quiet && apt-get install --yes --no-install-recommends debootstrap umoci runc
	$(MAKE) dist TARGETS=linux/$$(go env GOARCH)
	cd tools/dist && go test -tags dist_check -count 1 -timeout 30m -v -run 'TestClone|TestDebian|TestContainer' .

run: build ## show the main job at work: events go in and arrive at local stand-ins; LISTEN=localhost:8321
	@go build -o build/demo ./e2e/demo
	@build/demo -with-parent -listen $(LISTEN)

test: ## unit tests
	go test ./...

race: ## unit tests under the race detector
	go test -race ./internal/... ./receiver/... ./processor/... ./exporter/... ./extension/... ./examples/...

e2e: build ## drive the built binary end to end
	go test -tags e2e -count 1 ./e2e/ ./e2e/managed/

e2e-loki: build ## the Loki exporter against a real Loki
	@echo "Building Grafana Loki for the tests: about 10 minutes the first time, a second afterwards."
	@cd tools/loki && go tool -n loki >/dev/null
	go test -tags e2e_loki -count 1 -timeout 5m ./e2e/realloki/

e2e-dashboards: build prometheus ## every query of the dashboards against a real Loki and a real Prometheus, every alert rule by promtool
	@cd tools/loki && go tool -n loki >/dev/null
	go test -tags e2e_loki -count 1 -timeout 5m ./e2e/dashboards/

dashboard-images: build prometheus ## draw the dashboards of the documents anew, from their queries' answers
	go run ./e2e/dashboards/draw

# Debian's package has the server and promtool.
prometheus:
	@command -v promtool >/dev/null || if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y --no-install-recommends prometheus >/dev/null; \
		else echo "No promtool: install Prometheus. Until then the tests that need it are skipped, each with a message."; fi

e2e-faults: build ## break destinations, disk, queue and process under load: about 8 minutes; all of it as root only
	@[ "$$(id -u)" = 0 ] || echo "Not root: the tests that mount a disk of their own are skipped, each with a message. Run this target as root for all."
	go test -tags e2e -count 1 -timeout 20m -v $(if $(SKIP),-skip '$(SKIP)') ./e2e/faults/ | grep --line-buffered -vE '^=== '; exit $${PIPESTATUS[0]}

e2e-examples: build build-lean ## each folder of examples/ between real peers: S3, Kafka, OTLP, Prometheus
	go test -tags e2e -count 1 -timeout 10m ./e2e/examples/
	go test -tags e2e -count 1 -timeout 5m -run '^(TestExamples|TestCommands$$|TestConfigurations$$)/examples' ./e2e/

example-own-build: ## build and run examples/own-build: minutes the first time, on one core
	nice go test -tags own_build -count 1 -timeout 60m -run TestOwnBuild -v ./e2e/examples/

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
	@linter=$$($(TOOL) -n golangci-lint) && for module in tools/dist tools/deploy; do (cd $$module && "$$linter" run ./...) || exit 1; done

fmt: ## format every Go file
	$(TOOL) golangci-lint fmt ./...

generate: ## regenerate component metadata and telemetry from metadata.yaml, and the configuration reference
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
	cd tools/dist && go mod tidy
	cd tools/deploy && go mod tidy

clean: ## remove what was built
	rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
