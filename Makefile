# The whole way from a fresh machine: `make run` and `make test`. Python 3.11 or newer is all they need.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
# A system uv is used where there is one; otherwise it is put beside the environment it makes.
UV := $(shell command -v uv 2>/dev/null || echo $(VENV)/bin/uv)
STAMP := $(VENV)/.synced
# Two workers, a file of tests to each at a time: every worker has a database server of its own.
PYTEST := $(VENV)/bin/python -m pytest -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help run test lint bench reader-report reader-train crash-test storm quarter browser clean

help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(STAMP) ## Start the demo: sample archive, embedded carrier, a notice ready to approve
	$(VENV)/bin/lamplighter demo

test: $(STAMP) browser lint ## Run every test, with a real PostgreSQL and a real browser
	$(PYTEST)

lint: $(STAMP) ## Check style, types and floors
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(STAMP) ## Measure the hot paths as ratios against the raw client or driver
	$(VENV)/bin/python -m bench

reader-report: $(STAMP) ## Say how well replies are read, intent by intent: first those never trained on
	$(VENV)/bin/python -m tests.understanding.report

reader-train: $(STAMP) ## Train the statistical reader anew from the labelled texts
	$(VENV)/bin/python -m tests.understanding.training

crash-test: $(STAMP) ## Kill nodes in the middle of batches, at twenty random moments
	$(VENV)/bin/python -m pytest tests/outbox -m crash --crash-seeds 20

storm: $(STAMP) ## Tell 200,000 customers on 40 feeders of a storm
	$(VENV)/bin/python -m pytest tests/walks/test_storm.py --storm 200000

quarter: $(STAMP) ## Live through a quarter: 50 VIP customers, three managers, 2,000 closed cases, to the last message
	$(VENV)/bin/python -m pytest tests/walks/test_quarter.py --quarter

browser: ## Find a Chromium for the browser tests, and install it where that is allowed
	@sh .ci/browser

clean: ## Remove the environment and the sandbox's data
	rm -rf $(VENV) var

$(STAMP): pyproject.toml uv.lock
	@test -x "$(UV)" || command -v uv >/dev/null 2>&1 || { \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed" >&2; exit 1; }; \
	  $(PYTHON) -m venv $(VENV) 2>/dev/null || { $(PYTHON) -m pip --version >/dev/null 2>&1 && $(PYTHON) -m pip install -q --user virtualenv && $(PYTHON) -m virtualenv -q $(VENV); } \
	    || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }; \
	  $(VENV)/bin/pip install -q 'uv>=0.9'; }
	UV_PYTHON_DOWNLOADS=never $(UV) sync --frozen --inexact --quiet --python $(PYTHON)
	@touch $@
