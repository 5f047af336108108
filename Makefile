# The front door: `make demo` shows DULS, `make test` proves it. Everything is installed into .venv.

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# most tests wait for services, so there are more processes than a small machine has cores
TEST_PROCESSES ?= 3
UNCOMPILED_TESTS := tests/processors tests/streams/decode $(addprefix tests/streams/test_,$(addsuffix .py,admission encode narrow_rows raw_batch)) \
	--ignore tests/processors/simulation --ignore tests/processors/publication
# uv takes seconds where pip takes a minute; a package index that only pip knows of is left to pip
install = $(BIN)/uv pip install -q --python $(BIN)/python $(1) || $(BIN)/pip install -q $(1)
CACHE_DIRS := .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist duls.egg-info .coverage
CODE := duls streams processors sinks grafana
ALL_CODE := $(CODE) tests benchmarks docs

.PHONY: demo test check bench bench-latency soak guards boards lock clean help
.DEFAULT_GOAL := help

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: .venv/.demo  ## a simulated city, live in a browser and in this terminal; Ctrl-C ends it
	$(BIN)/duls demo

test: .venv/.dev  ## all tests, on real Apache Kafka and TimescaleDB
	@# where they cannot be had, their tests are left out and the last line says so; in CI that is a failure
	$(BIN)/python -m tests.services fetch || test "$$CI" != true
	$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder
	@# kernels once more as plain Python, where every index is checked
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --quiet $(UNCOMPILED_TESTS)

check: .venv/.dev  ## formatter, linter, types, floors, docstrings, spelling, documents, wheel
	$(BIN)/ruff format --check $(ALL_CODE)
	$(BIN)/ruff check $(ALL_CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/interrogate -q $(ALL_CODE)
	$(BIN)/codespell $(ALL_CODE) *.md docs deploy
	$(BIN)/python tests/wheel_check.py

bench: .venv/.dev  ## every measurement beside its peers, below 30 minutes; tables, JSON and docs/benchmarks.md
	$(BIN)/python -m tests.services fetch
	$(BIN)/python -m benchmarks.zone_join
	$(BIN)/python -m benchmarks.decode
	$(BIN)/python -m benchmarks.aggregate
	$(BIN)/python -m benchmarks.read
	$(BIN)/python -m benchmarks.sink
	$(BIN)/python -m benchmarks.idle
	$(BIN)/python -m benchmarks.pipeline
	$(BIN)/python -m benchmarks.stages
	$(BIN)/python -m benchmarks.write_up

bench-latency: .venv/.dev  ## five minutes at 20,000 positions a second, a fleet of 1.2 million, the largest rate, and shares of it beside peers at theirs: delay, lag and memory
	$(BIN)/python -m tests.services fetch
	$(BIN)/python -m benchmarks.latency
	$(BIN)/python -m benchmarks.latency --flush-ms 100 --duration 60
	$(BIN)/python -m benchmarks.alert_latency
	$(BIN)/python -m benchmarks.latency --rate 40000 --fleet 1200000 --duration 600
	$(BIN)/python -m benchmarks.sustained
	$(BIN)/python -m benchmarks.loads

soak: .venv/.dev  ## fault tests, fuzzing, the API and the boards at full counts, and the image step by step; takes hours
	$(BIN)/python -m tests.services fetch
	DULS_TEST_SOAK=1 $(BIN)/python -m pytest tests/faults tests/streams/decode tests/processors/overload tests/duls/api \
		tests/grafana/test_queries.py tests/deploy/test_image.py

guards: .venv/.dev  ## break each guard of reliability in a copy, and see its tests fail
	$(BIN)/python -m tests.services fetch
	$(BIN)/python -m tests.guards

boards: .venv/.dev  ## make the committed files of the Grafana boards again
	$(BIN)/python -m grafana.build

lock: .venv/.dev  ## pin the newest versions that pyproject.toml allows
	echo uv | $(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate \
		--generate-hashes --upgrade - -o requirements-install.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate \
		--generate-hashes --upgrade --extra demo pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate \
		--generate-hashes --all-extras -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:  ## what was installed, built and cached
	rm -rf .venv .venv-peers $(CACHE_DIRS)
	find $(ALL_CODE) -name __pycache__ -prune -exec rm -rf {} +

.venv/.base: requirements-install.lock
	@test -n "$(PYTHON)" || { echo "DULS needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --require-hashes -r requirements-install.lock
	@touch $@

.venv/.demo: .venv/.base requirements.lock pyproject.toml
	$(call install,--require-hashes -r requirements.lock)
	$(call install,--no-deps -e .)
	$(BIN)/python -m duls.app.warm_up
	@touch $@

.venv/.dev: .venv/.demo requirements-dev.lock
	$(call install,--require-hashes -r requirements-dev.lock)
	@touch $@
