# Portico: `make run` and `make test` do all the set-up that a fresh machine needs.

SWIFT ?= swift
# The compiler lies beside the command.
SWIFTC ?= $(firstword $(SWIFT))c
CONFIGURATION ?= release
ARGS ?=
SEED ?= 1
SECONDS ?= 60
SCHEDULES ?= 100000
ROUNDS ?= 9
N ?= 100
BIN = .build/$(CONFIGURATION)

.DEFAULT_GOAL := help
PREFIX ?= /usr/local
.PHONY: help needs test-needs build run lesson test demo soak simulate lint sanitize clean
.PHONY: fixtures build-tests test-all test-all-needs bench-smoke
.PHONY: cost bench bench-peers bench-check instructions
.PHONY: install install-only uninstall check-crash check-reload check-stampede

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

# Installs what is missing and nothing else; says what it does before it does it.
needs:
	@command -v $(firstword $(SWIFT)) >/dev/null || { echo "$(firstword $(SWIFT)) is not in PATH: \
	Portico is built with Swift 6.3 (https://www.swift.org/install); if it is elsewhere: \
	make SWIFT=/path/to/swift" >&2; exit 1; }
	@.ci/needs libffi-dev pkg-config

test-needs: needs
	@.ci/needs gcc g++ python3

# What only `make test-all` needs: a browser, a packet reader, other shells, valgrind.
test-all-needs: test-needs
	@.ci/needs patchelf binutils zsh fish man-db strace tshark chromium systemd valgrind

build: needs ## build everything, in release
	@$(SWIFT) build -c $(CONFIGURATION)

run: build ## serve: make run ARGS="--listen tcp://127.0.0.1:9000 --plugin echo"
	@exec $(BIN)/portico $(ARGS)

# A network that loses, repeats, reorders and damages packets, and the article's claims on it.
lesson: build ## TCP and UDP, shown rather than told: make lesson SEED=1
	@.ci/needs strace
	@$(BIN)/lesson --seed $(SEED) --output .build/lesson $(LESSON_ARGS)

# Both compilers at once would only wait for each other: the release build comes first.
build-tests: test-needs build fixtures
	@$(SWIFT) build --build-tests

fixtures: test-needs
	@$(MAKE) --no-print-directory -s -j$(shell nproc) -C examples BUILD="$(FIXTURES)/ladder" \
	  SWIFTC="$(SWIFTC)"
	@$(MAKE) --no-print-directory -s -j$(shell nproc) -C Tests/Fixtures BUILD="$(FIXTURES)" \
	  SWIFTC="$(SWIFTC)"

# The environment of every run of tests.
FIXTURES = $(CURDIR)/.build/fixtures
TESTS = PORTICO_BIN_DIR="$(CURDIR)/$(BIN)" PORTICO_FIXTURES="$(FIXTURES)" SWIFT="$(SWIFT)"

test: build-tests ## the tests, in minutes: units, and conformance against the release build
	@$(TESTS) .ci/tests --without-tag thorough $(TEST_ARGS)

test-all: build-tests test-all-needs ## those, and what takes longer or needs more, on both backends
	@$(TESTS) .ci/all $(if $(BEFORE),"$(BEFORE)") "$(MAKE) --no-print-directory test"

demo: build ## a tour of half a minute
	@.ci/needs gcc
	@examples/demo.sh $(BIN)

soak: build-tests ## the stale-reply soak: make soak SEED=1 SECONDS=60
	@$(TESTS) SEED=$(SEED) SOAK_SECONDS=$(SECONDS) .ci/tests --filter StaleReplySoakTests

check-reload: build-tests ## reloads under load: make check-reload N=100 SEED=1
	@$(TESTS) SEED=$(SEED) RELOADS=$(N) .ci/tests --filter LongReloadDrillTests

check-stampede: build-tests ## workers killed under load: make check-stampede SECONDS=10
	@$(TESTS) SEED=$(SEED) STAMPEDE_SECONDS=$(SECONDS) .ci/tests --filter LongStampedeTests

check-crash: build-tests ## workers that die in every way: blame, replay, time to replacement
	@$(TESTS) .ci/tests --filter CrashDrillTests

simulate: build ## the loop on seeded schedules of faults: make simulate SEED=1 SCHEDULES=100000
	@$(BIN)/portico-simulate --seed $(SEED) --schedules $(SCHEDULES) $(SIMULATE_ARGS)

cost: test-needs build ## CPU for each request, beside Python and plain C: a short bench
	@python3 Tests/Bench/bench.py --bin-dir $(BIN) --work close,keep-64 --figures allocations \
	  --peer portico,c-epoll,python --rounds 9 --output .build-bench/cost $(COST_ARGS)

# That it starts, measures, reports and judges; not how fast anything is.
bench-smoke: test-needs build
	@python3 Tests/Bench/bench.py --bin-dir $(BIN) --work close,keep-64 --figures allocations \
	  --peer portico,c-epoll,python --rounds 1 --output .build-bench/smoke

# With the peers that are here; make bench ROUNDS=3 BENCH_ARGS="--work keep-64 --peer portico,go".
bench: build ## CPU, memory and times beside all peers that are here: make bench ROUNDS=9
	@.ci/needs gcc g++ python3
	@python3 Tests/Bench/bench.py --bin-dir $(BIN) --rounds $(ROUNDS) $(BENCH_ARGS)

# Servers are unpacked below .build-bench and never installed, since that would start them.
bench-peers: ## get and build the peers of the bench, as many as can be had
	@.ci/needs gcc python3 make
	@python3 Tests/Bench/get.py

bench-check: ## the newest figures of make bench against the budgets
	@python3 Tests/Bench/bench.py --check-newest

instructions: test-needs build ## what the worker executes for one request, against the figures on record
	@.ci/needs valgrind
	@for backend in epoll uring; do echo "$$backend:"; python3 Tests/Instructions/instructions.py \
	  --bin-dir $(BIN) --backend $$backend --check $(INSTRUCTIONS_ARGS) || exit 1; done

lint: ## formatting and documentation rules
	@$(SWIFT) format lint --strict --recursive Package.swift Sources Plugins Tests \
	  examples/tcp-vs-udp

# Replies, pages and the like are never freed on purpose, so leaks are not looked for.
sanitize: test-needs ## the unit tests under the address sanitizer
	@ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --sanitize=address --scratch-path .build-asan --filter RuntimeTests --filter SupervisorTests

install: build install-only ## into PREFIX, /usr/local if not said; DESTDIR goes in front of it

# Takes what is built already: make install-only PREFIX=/opt/portico BIN=.build/release
install-only:
	@.ci/needs patchelf binutils python3
	@.ci/install "$(BIN)" "$(PREFIX)"

uninstall: ## remove what install put into PREFIX, and nothing else
	@.ci/uninstall "$(PREFIX)"

clean: ## forget everything that was built
	rm -rf .build .build-*
