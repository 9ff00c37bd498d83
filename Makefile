# Everything a newcomer or a pipeline needs: `make demo`, `make test`. Needs Python >= 3.11 and make; the
# packages come from the index that pip is set up with. `make PYTHON=python3.12 test` takes another Python.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# What is large is tested where CI is set: pyspark (490 MB) if Java is there to run it, the second engine for Cypher (100 MB).
COMMA := ,
LARGE := $(if $(CI),$(COMMA)serve$(if $(shell command -v java),$(COMMA)spark))

.DEFAULT_GOAL := help
.PHONY: help demo test doctest lint types imports format docs bench clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  \1\t/' | expand -t 12

demo: $(VENV)/.installed ## load a bundled supply chain, compute its cost, write lineage-demo.html
	@$(BIN)/lineage demo

test: doctest ## everything: documentation, then unit, property, notebook and house-rule tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# In a process of their own: pytest imports modules for doctests in a way that other tests would trip over.
doctest: $(VENV)/.test ## the examples in docstrings and in README.md
	$(BIN)/python -m pytest --doctest-modules --doctest-glob=README.md lineage importers README.md

lint: $(VENV)/.lint ## ruff: rules and layout
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.lint ## mypy --strict
	$(BIN)/mypy

imports: $(VENV)/.lint ## each layer imports only the layers under it
	PYTHONPATH=.:importers $(BIN)/lint-imports

format: $(VENV)/.lint ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.test ## write the pages of docs/ that are made from the code
	$(BIN)/python tests/docs_pages.py

bench: $(VENV)/.test ## measure every target of the kernels and write docs/benchmarks.md; half an hour
	@$(BIN)/python -m pip install -qq --group bench
	$(BIN)/python -m bench --json bench.json --markdown docs/benchmarks.md

clean: ## remove the environment and every cache
	rm -rf $(VENV) build .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache lineage-demo.html

# The stamps: installed again only when pyproject.toml changes. Dependency groups need pip >= 25.1.
$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python >= 3.11 is needed; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Installing into $(VENV); a minute or two, once"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install -qq --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	@$(BIN)/python -m pip install -qq --editable '.[cypher,fast,sensitivity,track$(LARGE)]' --group test
	@touch $@

$(VENV)/.lint: $(VENV)/.test
	@$(BIN)/python -m pip install --quiet --group lint
	@touch $@
