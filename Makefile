# The two commands of the README, and the rest of what a developer types. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
JOBS ?= $(shell nproc)
RELEASE := build/release

# Every target with a `##` text, which `make help` shows.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' Makefile)
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install the missing system packages (Debian 12, Ubuntu 24.04; root or sudo)
	@bash cmake/install-packages.sh

build: deps ## build the release binary, build/release/server/intentgate
	@mkdir -p build && cmake --preset release -DINTENTGATE_TESTS=OFF > build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build $(RELEASE) -j $(JOBS)

run: build ## start the gateway in front of a real MCP file server, with SQLite
	@bash examples/gateway/run.sh $(RELEASE)/server/intentgate

demo: build ## drive a real MCP client through every check and verify the audit log
	@bash examples/gateway/demo.sh $(RELEASE)/server/intentgate

test: deps ## build everything and run all tests
	@bash tests/run/all.sh

soak: deps ## run the long versions of the tests that have one (an hour or more)
	@bash tests/soak/run.sh

conformance-mcp: build ## run the official MCP suite directly and through the gateway
	@bash tests/conformance/mcp/run.sh

bench: deps ## measure; prints a table and writes build/bench/results.json
	@bash tests/bench/run.sh

bench-rego: deps ## the Rego engine against OPA, regorus and OPA-Wasm, in one run (ARGS passes options)
	@bash tests/bench/rego/run.sh --results build/bench/results.json $(ARGS)

optimized: deps ## build the release binary once more with its code laid out by a profile, build/optimized/intentgate
	@bash cmake/optimize.sh

package: deps ## pack the bindings for this platform into dist/
	@bash cmake/package/all.sh

fuzz: deps ## run each fuzz target for FUZZ_SECONDS (default 60) under clang
	@bash tests/fuzz/run.sh

asan: deps ## unit tests, the Node addon and the Python extension under AddressSanitizer and UBSan
	@bash tests/run/sanitized.sh asan
	@bash tests/run/sanitized_node.sh asan
	@bash tests/run/sanitized_python.sh asan

tsan: deps ## unit tests, the Node addon and the Python extension under ThreadSanitizer
	@bash tests/run/sanitized.sh tsan
	@bash tests/run/sanitized_node.sh tsan
	@bash tests/run/sanitized_python.sh tsan

conformance-rego: deps ## OPA's own conformance cases against the Rego engine
	@cmake --preset release -DINTENTGATE_TESTS=ON > build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build $(RELEASE) --target rego_case -j $(JOBS)
	@bash tests/conformance/rego.sh

differential-rego: deps ## N generated policies (default 10000) through the Rego engine and through OPA
	@cmake --preset release -DINTENTGATE_TESTS=ON > build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build $(RELEASE) --target rego_case -j $(JOBS)
	@N=$(or $(N),10000) SEED=$(or $(SEED),1) bash tests/conformance/differential.sh

clean: ## remove build/
	@rm -rf build
