# Everything a newcomer needs: `make run` and `make test` do their own set-up. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Where rustup puts things, for a terminal that was opened before it ran.
export PATH := $(PATH):$(HOME)/.cargo/bin

# Warnings are errors here, not in the sources: a newer compiler may warn about more than ours does.
CLIPPY := cargo clippy --locked --workspace --all-targets -- -D warnings
RUSTDOC := RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps

# What tests draw by chance is the same in every run of `make test`: who changed nothing sees nothing new fail. `cargo test` draws anew.
export PROPTEST_RNG_SEED ?= 20261121
export BRIDGE_TESTS_SEED ?= 20261121

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

.PHONY: run
run: ## Install what is missing, build, and start the tray app; without a display, the bridge in the terminal
	@tools/run

.PHONY: try
try: ## With the bridge running: be an AI client, from discovery to a first answer
	@python3 tools/try.py

.PHONY: test
test: setup-test ## Install what is missing, then every check and test
	cargo fmt --all --check
	$(CLIPPY)
	$(RUSTDOC)
	cargo build --locked
	@if [ -x tests/clients/install ]; then tests/clients/install; fi
	tools/installers
	@tests/packages/install
	cargo test --locked --no-fail-fast
	tools/deny licenses bans sources

.PHONY: check
check: setup-lint ## Format, lints and documentation, without running a test
	cargo fmt --all --check
	$(CLIPPY)
	$(RUSTDOC)

.PHONY: deny
deny: setup-run ## Licences, banned packages, sources, and known vulnerabilities (downloads the advisory database)
	tools/deny licenses bans sources advisories

# Not part of `make test`: it compiles everything anew for two more systems, and needs the Rust libraries for them.
.PHONY: types
types: setup-types ## Check types and lints of all programs for Windows and macOS, about 10 minutes the first time
	tools/types

.PHONY: bench
bench: setup-bench ## Measure release builds beside the budgets and what others use, and write BENCHMARKS.md: 12 minutes and the builds
	cargo build --locked --release --package jean-bridge --package jean-memory-bridge
	cargo bench --locked --package bridge-core --no-run
	@python3 tools/bench

# Not part of `make test`: it takes as long as it says.
.PHONY: soak
soak: setup-run ## Ten clients at a release build for half an hour: memory, open files and database stay level
	cargo build --locked --release --package jean-bridge
	@python3 tools/soak

# `make test` gives the same parsers some thousand changed inputs each, without this build.
.PHONY: fuzz
fuzz: setup-run ## Fuzz every parser of foreign bytes with libFuzzer, for an hour in all
	tools/fuzz 210

.PHONY: mcpb
mcpb: setup-run ## The extension for Claude Desktop on any computer, target/jean-memory.mcpb
	@mkdir -p target
	cargo run --locked --package jean-bridge -- mcpb --any-computer target/jean-memory.mcpb

.PHONY: installers
installers: setup-installers ## A .deb and an .rpm of a release build, in target/installers
	tools/installers

.PHONY: setup
setup: ## Install the packages that a build of everything needs (Debian, Ubuntu)
	@tools/setup run app

.PHONY: setup-run
setup-run:
	@tools/setup run

.PHONY: setup-test
setup-test: ## Install the packages that the tests need as well
	@tools/setup run app lint installers test packages

.PHONY: setup-types
setup-types:
	@tools/setup types lint

.PHONY: setup-bench
setup-bench:
	@tools/setup run app installers bench

.PHONY: setup-installers
setup-installers:
	@tools/setup run app installers

.PHONY: setup-lint
setup-lint:
	@tools/setup run app lint

.PHONY: clean
clean: ## Remove everything that was built here
	cargo clean
