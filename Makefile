# 聚通 Jutong. `make` lists the targets; each is the same for a developer and for CI.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
LONG := e2e or fault or fuzz
LONG_IN := tests/e2e tests/fault tests/fuzz
PART := --cov --cov-report= --cov-fail-under=0 --durations=20
BENCHES := $(patsubst bench/%.py,%,$(filter-out bench/_%,$(wildcard bench/*.py)))
CODE := src tests bench
SUITABLE := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --progress-bar off --quiet --quiet

.PHONY: help run install test fault check fix docs messages bench bench-library clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install ## start the platform with the demo city; Ctrl-C stops it, the data stays
	@exec $(BIN)/jutong up --demo

install: $(VENV)/installed ## build the virtual environment with locked dependencies

$(VENV)/bin/python:
	@found=; for name in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if command -v "$$name" >/dev/null && "$$name" -c '$(SUITABLE)' 2>/dev/null; then found=$$name; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Jutong needs Python 3.11, 3.12 or 3.13 with venv; found: $$(python3 -V 2>&1 || true)" >&2; \
	  echo "Install it, for example: sudo apt-get install python3 python3-venv" >&2; \
	  echo "or name one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; \
	fi; \
	"$$found" -m venv --clear $(VENV)

$(VENV)/installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing locked dependencies into $(VENV) (once; about 1 GB on disk) ..."
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock $(VENV)/installed
	@echo "Installing the tools for tests and checks ..."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

test: $(VENV)/installed-dev ## run the tests with the coverage gate (ARGS='-k name' narrows them, without the gate)
ifneq ($(ARGS),)
	@$(BIN)/pytest $(ARGS)
else
	@# Side by side: what runs platforms, kills them or fuzzes the API; the center's parts; everything else.
	@rm -f .coverage .coverage.*; mkdir -p bench/out; failed=0; \
	$(BIN)/pytest $(LONG_IN) tests/integration/test_test_plugins.py -m '$(LONG)' --no-cov --durations=40 \
	  > bench/out/long-tests.log 2>&1 & long=$$!; \
	COVERAGE_FILE=.coverage.center $(BIN)/pytest tests/unit/center -m 'not ($(LONG))' $(PART) \
	  > bench/out/center-tests.log 2>&1 & center=$$!; \
	COVERAGE_FILE=.coverage.rest $(BIN)/pytest --ignore=tests/unit/center $(LONG_IN:%=--ignore=%) -m 'not ($(LONG))' $(PART) \
	  || failed=1; \
	wait $$center || failed=1; wait $$long || failed=1; cat bench/out/center-tests.log bench/out/long-tests.log; \
	$(BIN)/coverage combine -q && $(BIN)/coverage report || failed=1; exit $$failed
endif

fault: $(VENV)/installed-dev ## kill, cut and starve the exchange at length (FAULT_KILLS=500 FAULT_CUTS=100 FAULT_SEED=number)
	@FAULT_KILLS=$${FAULT_KILLS:-500} FAULT_CUTS=$${FAULT_CUTS:-100} FAULT_LIMITS=$${FAULT_LIMITS:-40} \
	  $(BIN)/pytest tests/fault/exchange --no-cov -q -s $(ARGS)

check: $(VENV)/installed-dev ## format, lint, types and import contracts; changes nothing
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: $(VENV)/installed-dev ## format and correct what can be corrected by itself
	@$(BIN)/ruff check --fix $(CODE)
	@$(BIN)/ruff format $(CODE)

docs: $(VENV)/installed-dev ## check that the documents agree with the code
	@$(BIN)/pytest tests/architecture -q

messages: $(VENV)/installed-dev ## collect the sentences to translate, and compile the translated ones (needs gettext)
	@command -v msgfmt >/dev/null || { echo "gettext is missing: sudo apt-get install gettext" >&2; exit 1; }
	@cd src/jutong && mkdir -p locale/en/LC_MESSAGES && $(abspath $(BIN))/django-admin makemessages --locale en --no-wrap --no-obsolete --add-location file
	@cd src/jutong && $(abspath $(BIN))/django-admin compilemessages --locale en

bench: $(addprefix bench-,$(BENCHES)) ## run every benchmark; bench-NAME runs one; results in bench/out

PEERS := $(patsubst bench/_peers/%.txt,bench/out/peers/%/installed,$(wildcard bench/_peers/*.txt))

bench-peers: $(PEERS)

bench-exchange: bench-peers ## our lanes, and beside them what other tools take for the same rows

bench/out/peers/%/installed: bench/_peers/%.txt | $(VENV)/bin/python
	@echo "Installing $* into an environment of its own ..."
	@rm -rf $(@D); $(VENV)/bin/python -m venv $(@D); $(@D)/bin/python -m pip install -q --disable-pip-version-check -r $<
	@touch $@

QUALITY := $(patsubst bench/_peers_quality/%.txt,bench/out/quality/%/installed,$(wildcard bench/_peers_quality/*.txt))

bench-quality: $(QUALITY) ## rules asked of a table, beside pointblank, pandera and Great Expectations on the same rows

bench/out/quality/%/installed: bench/_peers_quality/%.txt | $(VENV)/bin/python
	@echo "Installing $* into an environment of its own ..."
	@rm -rf $(@D); $(VENV)/bin/python -m venv $(@D); $(@D)/bin/python -m pip install -q --disable-pip-version-check -r $<
	@touch $@

bench-library: bench-standardising bench-linkage bench-fusion bench-quality ## the unified library: standardising, linkage, fusion, quality

bench-%: $(VENV)/installed
	@$(BIN)/python bench/$*.py $(ARGS)

clean: ## remove what the tools made; the environment and the data stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov bench/out build dist
	@find src tests bench -type d -name __pycache__ -prune -exec rm -rf {} +
