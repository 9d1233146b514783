# Two commands are all there is to know: `make run` and `make test`. Both install what is missing.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

TARGET := $(or $(CARGO_TARGET_DIR),target)
UI := web/ui
UI_SOURCES := $(shell find $(UI) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
ARGS ?=

.PHONY: run build test setup setup-test ui lint unit ratios binaries system browser fuzz visual figures bench soak clean

## Build everything and serve the demo province; ARGS passes further flags.
run: build
	$(TARGET)/release/nhipcau serve --demo $(ARGS)

build: setup ui
	cargo build --locked --release -p web --bin nhipcau

## What building needs beyond Rust and Node: cmake and a C compiler (libopus, AWS-LC, SQLite are compiled from source).
setup:
	@tests/setup build

setup-test:
	@tests/setup test

ui: $(UI)/dist/index.html

$(UI)/node_modules/.package-lock.json: $(UI)/package.json $(UI)/package-lock.json
	cd $(UI) && npm ci --no-audit --no-fund
	touch $@

$(UI)/dist/index.html: $(UI)/node_modules/.package-lock.json $(UI_SOURCES)
	cd $(UI) && npm run build

## Everything that must pass, cheapest first.
test: setup-test lint unit ratios system browser

lint: ui
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	for core in sfu signaling scheduler; do cargo check --locked -p $$core --no-default-features; done
	cd $(UI) && npm run check && npm run lint && npm test

## Pure machines, simulation and house rules.
unit: ui
	cargo nextest run --locked --workspace -E 'not binary(system)'

## What a forwarded packet costs beside the machine's own limits, as ratios of one run.
ratios:
	cargo bench --locked -p sfu --bench forward -- --gate

# The whole workspace at once: built alone, a crate would get other features of its dependencies and build them all again.
binaries: ui
	cargo build --locked --workspace --bins --tests

## Real sockets, database and processes.
system: binaries
	cargo nextest run --locked --workspace -E 'binary(system)'

## Real Chromium and Firefox against the real server; screenshots of every screen are left in artifacts/.
browser: binaries
	cd tests/browser && npm ci --no-audit --no-fund
	NHIPCAU=$(abspath $(TARGET))/debug/nhipcau npm --prefix tests/browser test

## Each reader of outside bytes under libFuzzer, ten minutes each (FUZZ_SECONDS=60 for one); findings are left in artifacts/fuzz/.
fuzz: ui
	tests/fuzz/run

## Every state of every screen from made-up data, in both languages and three sizes: for looking at, by hand.
visual: $(UI)/node_modules/.package-lock.json
	cd $(UI) && npm run visual

## The figures of README.md, measured on this machine; leave it alone meanwhile.
figures: setup-test ui
	cargo build --locked --release --workspace --bins
	cargo bench --locked --workspace --bench figures
	cd tests/browser && npm ci --no-audit --no-fund
	NHIPCAU=$(abspath $(TARGET))/release/nhipcau npm --prefix tests/browser run figures

## The same with all figures.
bench:
	cargo bench --locked -p sfu --bench forward

## Half an hour of coming and going: memory, descriptors, threads and tables are as before.
soak: binaries
	SOAK_SECONDS=1800 cargo nextest run --locked --workspace --profile soak --no-capture -E 'test(guests_come_and_go)'

clean:
	cargo clean
	rm -rf $(UI)/dist $(UI)/node_modules tests/browser/node_modules artifacts
