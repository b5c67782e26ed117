# What a person types. Every target says what it does; `make help` lists them.
# Paths are relative and quoted where a shell sees them: the checkout may lie in a folder with spaces.

PYTHON ?= python3
VENV := .venv
VPYTHON := $(VENV)/bin/python
PIP := $(VPYTHON) -m pip --disable-pip-version-check --no-input --quiet
SOURCES := config sessions_app tools_app tutor tests manage.py
# More arguments for the command of a target, such as: make test ARGS="-k resume"
ARGS ?=
# What an evaluation is compared with; a part of it (ARGS="--suite lessons") can only be compared with nothing: BASELINE=
BASELINE ?= tests/evals/baseline.json

.DEFAULT_GOAL := help
.PHONY: help run test check evaluate format bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## Start the whole system on this machine (docs/running.md)
	@exec $(VPYTHON) manage.py run $(ARGS)

test: $(VENV)/test.stamp tests/peers/node_modules/.package-lock.json ## Run all tests; they start their own Postgres and Valkey
	@exec $(VPYTHON) -m pytest -n auto --dist loadfile $(ARGS)

check: $(VENV)/test.stamp ## Lint, types, import rules, missing migrations
	$(VPYTHON) -m ruff check .
	$(VPYTHON) -m ruff format --check .
	$(VPYTHON) -m mypy $(SOURCES)
	$(VENV)/bin/lint-imports
	$(VPYTHON) manage.py makemigrations --check --dry-run

evaluate: $(VENV)/run.stamp ## Evaluate what the tutor says (docs/evals.md)
	@exec $(VPYTHON) manage.py evaluate $(addprefix --baseline ,$(BASELINE)) $(ARGS)

format: $(VENV)/test.stamp ## Format the code and mend what the linter can mend
	$(VPYTHON) -m ruff check --fix .
	$(VPYTHON) -m ruff format .


include tests/bench/bench.mk
include tests/crash_points/crash_points.mk
include tests/faults/faults.mk
include tests/otp/fuzz.mk
include tests/peers/peers.mk
include tests/screenshots/screenshots.mk
include tests/simulation/simulation.mk
include tests/stored_logs/stored_logs.mk
include tests/unit/tutor/machine/machine.mk
include tests/variants/variants.mk

clean: ## Remove the virtual environment and caches; data stays where `make run` said it is
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is older than its requirements when they changed; pip then changes only what differs, and needs no network
# when nothing does.
$(VENV)/run.stamp: requirements.txt $(VENV)/made.stamp
	@echo "Installing the requirements (the first time takes about a minute)"
	@$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/test.stamp: requirements-dev.txt requirements.txt $(VENV)/made.stamp
	@echo "Installing the requirements of tests and checks"
	@$(PIP) install -r requirements-dev.txt
	@touch $@

$(VENV)/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed. Name one with: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@
