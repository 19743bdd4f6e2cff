# Every target does its own set-up: it needs Python 3.11 or later and nothing else. The virtual
# environment lies in .venv and is used again the next time.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help demo test lint types check bench clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/demo.stamp ## compile, train on handwritten digits, draw, compare five architectures (into out/)
	$(BIN)/python examples/demo.py

test: $(VENV)/test.stamp ## run the tests
	$(BIN)/python -m pytest -q -n auto --dist worksteal

lint: $(VENV)/dev.stamp ## ruff: mistakes and layout
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp ## mypy --strict
	$(BIN)/mypy --strict tncompile

check: test lint types ## all of these

bench: $(VENV)/bench.stamp ## measure speed and exactness (takes minutes; see benchmarks/RESULTS.md)
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.exactness
	$(BIN)/python -m benchmarks.ranks

clean: ## remove the environment and everything that was made
	rm -rf $(VENV) out dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# One stamp for each set of extras, younger than pyproject.toml once they are installed.
$(VENV)/%.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
