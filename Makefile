# Meterwatch. `make` alone builds .venv, with the `meterwatch` command in it, and lists the targets.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# With lists of packages of its own, so that it can be brought up to date without root.
APT = mkdir -p lists/partial && apt-get --quiet -o Dir::State::Lists=$$PWD/lists
LOCK = $(BIN)/uv pip compile --universal --generate-hashes --no-annotate --no-header --quiet

.DEFAULT_GOAL := all
.PHONY: all help venv demo test monitoring-test prometheus check asyncapi-check bench kafka lock clean

all: venv help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

venv: $(STAMP) ## build .venv from the lock files, with the meterwatch command in it

$(STAMP): requirements.lock requirements-data.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Meterwatch needs Python 3.11 to 3.13. Name one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "This Python cannot make virtual environments. On Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements-data.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: venv ## a town through a real Kafka, faults injected, found and acted on; REAL=1: real series
	$(BIN)/meterwatch demo $(if $(REAL),--real)

test: venv ## every test: the offline part on all cores, as plain `pytest` does, then those on a real Kafka
	-@$(MAKE) --no-print-directory prometheus
	$(BIN)/python -m pytest
	$(BIN)/python -m pytest -n 0 -m 'kafka or kill or demo or monitoring'

monitoring-test: venv prometheus ## a Prometheus looks at a running demo; pictures of what dashboards show, in docs/images
	MONITORING_PICTURES=docs/images $(BIN)/python -m pytest -n 0 -m '' --durations=3 \
		tests/contract/test_dashboards.py tests/integration/test_monitoring.py

# The one in PROMETHEUS, or on the PATH, or Debian's, unpacked into build/ with nothing installed.
prometheus: $(if $(or $(PROMETHEUS),$(shell command -v prometheus)),,build/prometheus/usr/bin/prometheus)

build/prometheus/usr/bin/prometheus:
	@command -v apt-get >/dev/null && command -v dpkg >/dev/null || \
		{ echo "There is no Prometheus on the PATH, and no apt-get to get Debian's. Name one with: make PROMETHEUS=path"; exit 1; }
	@mkdir -p build/prometheus
	cd build/prometheus && { apt-get download --quiet prometheus || { $(APT) update; $(APT) download prometheus; }; }
	cd build/prometheus && dpkg -x prometheus_*.deb .

check: venv ## lint, format, types, layers, documents
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/python -m pytest -n 0 -q tests/docs

asyncapi-check: ## docs/contracts/asyncapi.json, read by AsyncAPI's own parser; needs Node.js 20 and npm
	@command -v npm >/dev/null || { echo "The check needs Node.js 20 or newer, and npm, on the PATH."; exit 1; }
	cd tests/asyncapi && npm ci --silent --ignore-scripts --no-audit --no-fund && npm run --silent check

bench: venv ## measure speed, results in benchmarks/results/latest.json
	$(BIN)/meterwatch bench

kafka: venv ## a local Kafka in the foreground, until Ctrl-C
	$(BIN)/python -m cli.kafka

lock: venv ## write the lock files anew from pyproject.toml
	$(LOCK) pyproject.toml --group dev --output-file requirements.lock
	$(LOCK) pyproject.toml --group image --constraint requirements.lock --output-file requirements-image.lock
	$(LOCK) --group data --no-deps --output-file requirements-data.lock

clean: ## remove what was built
	rm -rf .venv build dist tests/asyncapi/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
