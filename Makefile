# Needs python3 (3.11 or newer) and make; everything else goes into .venv.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
BENCH  := .venv-bench

.DEFAULT_GOAL := help
.PHONY: help demo test lint types unit test-slow systems bench-engine bench-boxes docs clean install

help:            ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## *' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Plaudit needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) --version`. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

install: $(VENV)/.installed   ## make .venv and install Plaudit with what its tests need

demo: install    ## make a small world, score responses to it, write a report
	$(BIN)/plaudit demo --out runs/demo

test: lint types unit   ## lint, types and tests: what CI runs

lint: install    ## ruff, check and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install   ## mypy --strict on source and tests
	$(BIN)/mypy

unit: install    ## the tests without those marked slow
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

test-slow: install   ## the tests marked slow
	$(BIN)/python -m pytest -m slow

# TRL's rewards are compared with; what TRL needs for training (torch, transformers) is not.
$(BENCH)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	  math-verify antlr4-python3-runtime==4.13.2 packaging --editable .
	$(BENCH)/bin/pip install --quiet --disable-pip-version-check --no-deps trl==1.16.0
	@touch $@

bench-engine: $(BENCH)/.installed   ## measure the engine; ratios in one run
	$(BENCH)/bin/python -m bench.engine --json runs/bench-engine.json $(ARGS)

bench-boxes: install   ## measure overlap and matching of boxes against pycocotools, in one run
	$(BIN)/python bench/boxes.py

systems: install   ## which systems of the literature have a test, and which not yet
	$(BIN)/python scripts/systems.py

docs: install    ## build the documentation into site/
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[docs]'
	$(BIN)/mkdocs build --strict

clean:           ## remove .venv, caches and generated files
	rm -rf $(VENV) $(BENCH) runs site .mypy_cache .pytest_cache .ruff_cache
