# The commands of this project. Each makes what it needs: only Python 3.11+ with pip must be there.
#
#   PYTHON=python3.12 make demo      choose the Python that .venv is made from
#   make demo ARGS="--epochs 3"      hand arguments on to the program that is run

PYTHON ?= python3
ARGS ?=
QUICK ?= --quick

VENV := .venv
PY := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo test lint examples bench clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.has-demo ## train a convolutional network on real digits; pictures go to out/demo
	$(PY) examples/demo.py --out out/demo $(ARGS)

# Two workers with a BLAS of two threads each would fight over the cores.
test: $(VENV)/.has-test ## run all tests, and the examples in docstrings
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m pytest -q -n auto --dist loadgroup $(ARGS)

lint: $(VENV)/.has-dev ## check style, formatting and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy --strict

examples: $(VENV)/.has-demo ## run every example, quickly, into out/examples (QUICK= runs them in full)
	@set -e; for script in examples/ch*.py examples/alexnet.py; do \
		echo; echo "== $$script"; $(PY) $$script $(QUICK) --out out/examples $(ARGS); \
	done

bench: $(VENV)/.has-dev ## measure time and memory, beside PyTorch where it is installed (ARGS="growth" draws how they grow)
	$(PY) -m benchmarks $(ARGS)

clean: ## remove everything that these commands made
	rm -rf $(VENV) out build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# -- Set-up -----------------------------------------------------------------------------------------------------------

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# One stamp for each extra: set-up is done once, and again when pyproject.toml changes.
$(VENV)/.has-%: pyproject.toml | $(PY)
	$(PY) -m pip install --quiet --editable '.[$*]'
	@touch $@
