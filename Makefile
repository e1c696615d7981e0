# What one types. Everything runs in .venv, which the first command makes (tools/bootstrap.py);
# only python3 (3.11 to 3.14), make and git are needed beforehand. For another Python: make lab PYTHON=python3.12

PYTHON ?= python3
NB ?=
ARGS ?=

RUN := $(PYTHON) tools/bootstrap.py
DEV := $(PYTHON) tools/bootstrap.py --dev
SOURCES := nbcore tools tests benchmarks notebooks/src

# The lessons' guesses are kept beside the learner's copies; a test run must neither see nor change them.
FRESH = NBCORE_ANSWERS="$$(mktemp -d)/answers.json"

.DEFAULT_GOAL := help
.PHONY: help lab reset test shake test-browser notebooks check lint format bench bench-browser bench-growth lock clean clean-all

help:  ## this list
	@echo "make lab opens the lessons; make test checks everything. All there is:"
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
	    printf '  make %-14s %s\n' "$$name" "$$text"; done

lab:  ## open lesson 01 in JupyterLab, in your own copy (NB=02: another lesson)
	@$(RUN) tools/lab.py $(NB) $(ARGS)

reset:  ## NB=01: a fresh copy of lesson 01; your old one is kept as a backup
	@$(RUN) tools/learner.py reset $(NB)

EVERYTHING := -m pytest -n auto --dist loadfile --nbval --nbval-current-env --ignore=tests/browser tests notebooks
test:  ## unit tests, and every lesson and solution run and compared with its stored outputs (NB=01: what is about it)
	@$(FRESH) $(RUN) $(if $(NB),tools/one_lesson.py $(NB),$(EVERYTHING)) $(ARGS)

shake:  ## the same as other processors would run it, ten times; every drawn start moved in its last place
	@$(FRESH) $(RUN) tools/shake.py $(ARGS)

test-browser:  ## the lessons in a real browser (needs Chromium)
	@$(FRESH) $(DEV) -m pytest -n auto --dist loadscope --no-loadscope-reorder tests/browser $(ARGS)

notebooks:  ## rebuild the lessons from notebooks/src (NB=01: only one)
	@$(FRESH) $(RUN) tools/build_notebooks.py $(NB) $(ARGS)

check: lint  ## lessons match their sources; lint
	@$(FRESH) $(RUN) tools/build_notebooks.py --check

lint:  ## lint, format, types, workflow
	@$(DEV) -m ruff check $(SOURCES)
	@$(DEV) -m ruff format --check $(SOURCES)
	@$(DEV) -m mypy
	@$(DEV) -m check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml
	@$(DEV) -m pip check

format:  ## put the code into its standard form
	@$(DEV) -m ruff check --fix $(SOURCES)
	@$(DEV) -m ruff format $(SOURCES)

bench:  ## speed of training, ours beside PyTorch, scikit-learn, JAX and C, in one table
	@$(RUN) benchmarks/bench.py $(ARGS)

bench-growth:  ## how the cost of an update grows with width, depth, samples and members
	@$(RUN) benchmarks/growth.py $(ARGS)

bench-browser:  ## NB=01: from the slider's move to new pixels, in a real browser
	@$(FRESH) $(DEV) benchmarks/bench_browser.py $(or $(NB),01) $(ARGS)

# Pins stay as they are unless they must move; to renew them all: make lock ARGS=--upgrade
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest --quiet \
        --custom-compile-command "make lock"
lock:  ## write the locks anew from pyproject.toml (needs uv)
	@$(LOCK) $(ARGS) --extra test --extra build --annotation-style line -o requirements.lock
	@$(LOCK) $(ARGS) --extra lint --extra browser --no-annotate -c requirements.lock -o requirements-dev.lock

clean:  ## remove caches and build products
	@rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .browser-artifacts
	@find nbcore tools tests benchmarks notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

clean-all: clean  ## the same, and .venv; my/ is never touched
	@rm -rf .venv
