# Zamu. `make` alone lists what there is.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/run.stamp
DEV    := $(VENV)/dev.stamp

.DEFAULT_GOAL := help
.PHONY: help run test check bench bench-sms bench-confirmations bench-intake bench-search bench-2g kill lock wording flow pictures clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'

run: $(STAMP) ## start everything, with demo data and a phone to dial with
	@exec $(BIN)/zamu run

test: $(DEV) ## all tests, on servers of their own
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: $(DEV) ## what CI checks beside the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zamu verify-menus --flow docs/flow.md --check

bench: $(DEV) ## what a hop costs, beside its floor
	@$(BIN)/python -m bench.hops

bench-sms: $(DEV) ## messages handed over a second, beside a loop over the SDK (3 minutes)
	@$(BIN)/python -m bench.sms

bench-confirmations: $(DEV) ## how soon confirmations leave during a campaign (3 minutes)
	@$(BIN)/python -m bench.confirmations

bench-intake: $(DEV) ## 100,000 rows taken in: how fast, in how much memory
	@$(BIN)/python -m bench.intake

bench-search: $(DEV) ## a citizen looked up among a million bookings, the figures of a month, long lists (5 minutes)
	@$(BIN)/python -m bench.search

bench-2g: $(DEV) ## what a citizen waits for on an old Android over 2G, page by page (3 minutes)
	@$(BIN)/python -m bench.slow_line

kill: $(DEV) ## 20,000 messages while workers are killed again and again (1 minute)
	@$(BIN)/python -m bench.kill

wording: $(DEV) ## collect new wording into the translators' files
	$(BIN)/pybabel -q extract -F core/wording/babel.cfg -k _ -k N_ --no-location --omit-header --sort-output -w 120 -o core/wording/zamu.pot .
	@for language in $(notdir $(wildcard core/wording/locale/*)); do $(BIN)/pybabel -q update -l $$language -i core/wording/zamu.pot -o core/wording/locale/$$language/zamu.po --no-fuzzy-matching --omit-header --ignore-obsolete -w 120 || exit; done
	@rm core/wording/zamu.pot

flow: $(DEV) ## prove the menus and draw them into docs/flow.md
	$(BIN)/zamu verify-menus --flow docs/flow.md

pictures: $(DEV) ## take the pictures of the README and the guides anew
	$(BIN)/python -m tests.browser.pictures

lock: $(DEV) ## renew the lock files from setup.cfg
	$(BIN)/uv pip compile setup.cfg --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements.txt
	$(BIN)/uv pip compile setup.cfg --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -c requirements.txt -o requirements-dev.txt

clean: ## remove the environment; the data in .zamu stays
	rm -rf $(VENV) build *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Zamu needs Python 3.11 or newer; this is $$($(PYTHON) --version). Name another: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The environment could not be made. On Debian: apt install python3-venv"; exit 1; }

$(STAMP): requirements.txt setup.cfg | $(BIN)/python
	@echo "Installing what Zamu needs (once, about half a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.txt setup.cfg | $(BIN)/python
	@echo "Installing what Zamu and its tests need (once, about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(STAMP)
