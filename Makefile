# Tollbook: `make run` and `make test` set everything up. `make` alone lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
DEMO := data/demo
CALLS ?= 200000
ACCOUNTS ?= 200
BENCH_SIZES ?= 1M,10M
BENCH ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: help run test test-fast lint fuzz chaos bench bench-page lock sample golden-update docs clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

$(VENV)/run.stamp: requirements.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Tollbook needs Python 3.11 or newer; name it: make PYTHON=python3.12 ..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the pinned packages into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m flows.compile_ahead
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/compare.stamp: requirements-compare.txt $(VENV)/dev.stamp
	@rm -rf $(VENV)/compare
	@$(PIP) --require-hashes -r requirements-compare.txt --target $(VENV)/compare
	@touch $@

run: $(VENV)/run.stamp ## Make a demo month and bill it through the Prefect flow; a small one: CALLS=2000 ACCOUNTS=50
	@rm -rf $(DEMO)
	@$(BIN)/tollbook demo --calls $(CALLS) --accounts $(ACCOUNTS) --seed 1 -o $(DEMO)
	@$(BIN)/tollbook bill 2020-02 --cdrs $(DEMO)/inbox --contracts $(DEMO)/contracts --warehouse $(DEMO)/warehouse --prefect

test: $(VENV)/dev.stamp lint ## Lint, types and every test
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not bench"

test-fast: $(VENV)/dev.stamp ## The tests without a server or a child process
	@$(BIN)/python -m pytest -q -m "not bench and not integration"

lint: $(VENV)/dev.stamp ## Ruff and the type checker
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

fuzz: $(VENV)/dev.stamp ## Ingest 2,000 spoilt files, every row accounted for; one case again: python -m tests.fuzz --seed N
	@$(BIN)/python -m tests.fuzz --files 2000

chaos: $(VENV)/dev.stamp ## Kill a running month at 100 random moments, start it again, compare every byte; others: --seed N
	@$(BIN)/python -m tests.chaos --kills 100

bench: $(VENV)/compare.stamp ## Measure months of 1 M and 10 M calls against the floor, their stages, and other ways of rating
	@$(BIN)/python -m tests.bench --sizes $(BENCH_SIZES) $(BENCH)

bench-page: $(VENV)/compare.stamp ## The same, and write tests/bench/README.md, its plot and its figures; more: BENCH_SIZES=50M,100M
	@$(BIN)/python -m tests.bench --sizes $(BENCH_SIZES) --json tests/bench/results.json --plot tests/bench/month-end.svg --table tests/bench/README.md $(BENCH)

docs: $(VENV)/dev.stamp ## Write the data dictionary, the page of the sources, the tables of tests and of bounds again
	@$(BIN)/python -m schemas.dictionary > schemas/.DICTIONARY.md && mv schemas/.DICTIONARY.md schemas/DICTIONARY.md
	@$(BIN)/python -m schemas.source_page > schemas/.SOURCES.md && mv schemas/.SOURCES.md schemas/sources/README.md
	@$(BIN)/python -m tests.rule_table > tests/.README.md && mv tests/.README.md tests/README.md
	@$(BIN)/python -m tests.bounds > transforms/.README.md && mv transforms/.README.md transforms/README.md

lock: $(VENV)/dev.stamp ## Resolve the hashed requirements again
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --extra fast --extra install --extra pdf pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --extra fast --extra install --extra dask --extra dev --extra pdf --extra s3 pyproject.toml -o requirements-dev.txt
	@sed -n 's/^compare = \["\(.*\)"\].*/\1/p' pyproject.toml | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url - -o requirements-compare.txt

sample: $(VENV)/dev.stamp ## Write data/sample again (a small demo month to look at)
	@rm -rf data/sample && $(BIN)/tollbook demo --calls 200 --accounts 20 --seed 1 -o data/sample

golden-update: $(VENV)/dev.stamp ## Accept the golden months as they come out now; review the diff as a price change
	@$(BIN)/python -m pytest -q tests/golden --golden-update

clean: ## Remove the environment, the demo and caches; never data/warehouse, where issued months are
	@rm -rf $(VENV) $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis
