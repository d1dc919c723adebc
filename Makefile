# Two commands do all the set-up: `make demo` and `make test`. Both make a virtual environment in .venv first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint unit dev truth peers docs clean

# The stamp is newer than what it depends on, so that a changed dependency list installs again and nothing else does.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(STAMP)

demo: $(STAMP)  ## audit the built-in cases, offline, and show their verdicts
	$(BIN)/audit-pipeline demo --out audits/demo

test: lint unit  ## everything that must hold before a change lands

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(STAMP)
	$(BIN)/pytest -n auto --dist worksteal

dev: $(STAMP)  ## the Dagster UI with the embedded audits, at http://localhost:3000
	mkdir -p .dagster && cp dagster.yaml .dagster/dagster.yaml
	DAGSTER_HOME=$(CURDIR)/.dagster $(BIN)/dagster dev -w workspace.yaml

truth: $(STAMP)  ## hold the verdict to account: audit datasets with known answers, and write docs/truth.md
	$(BIN)/python -m benchmarks.truth run
	$(BIN)/python -m benchmarks.truth page

PEERS := benchmarks/truth/.peers
peers: $(STAMP)  ## ask other tools about the same datasets; installs each into an environment of its own
	$(BIN)/python -m benchmarks.truth.peers build
	$(BIN)/python -m benchmarks.truth cases $(PEERS)/cases
	$(BIN)/python -m benchmarks.truth.peers run $(PEERS)/cases $(PEERS)/answers
	$(BIN)/python -m benchmarks.truth page --peers $(PEERS)/answers

docs: $(STAMP)  ## write what the code knows better: the pages of the probes, the panel in README.md, what commands print
	$(BIN)/python docs/build.py
	$(BIN)/python -m tests.docs.play

clean:
	rm -rf $(VENV) .dagster audits dist build .mypy_cache .ruff_cache .pytest_cache
