# `make report` and `make test` do everything on a machine with Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := UV_PYTHON_DOWNLOADS=never $(BIN)/uv
LOCKS := requirements
STUDY ?= data/example
PYTEST_OPTIONS ?=
CASES ?= 100000
READERS ?=
FUZZ_OPTIONS ?=
# Made-up studies and tables, as many times as in the tests.
EXAMPLES ?= 50
SBOM := dist/mot_research.cdx.json
OSV_URL ?=
# A process for each core; a file's tests stay together, for what they prepare is made once.
WORKERS ?= --numprocesses auto --dist loadfile

# An installation is redone when what it was made from, or where it stands, has changed.
KEY := $(shell { cat pyproject.toml $(LOCKS)/*.txt; pwd; } | cksum | cut -d ' ' -f 1)
INSTALLER := $(VENV)/.installer-$(KEY)
RUNTIME := $(VENV)/.runtime-$(KEY)
DEVELOPMENT := $(VENV)/.development-$(KEY)
LAB := $(VENV)/.lab-$(KEY)

# Bytecode is compiled here, once: without it every start of the workbook takes seconds longer.
INSTALL = $(UV) pip install --quiet --python $(BIN)/python --compile-bytecode
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-header $(UPGRADE)

.PHONY: help report test fuzz check lab docs bench sbom audit system lock clean
.DELETE_ON_ERROR:

help:
	@echo "make report   render the report of $(STUDY) (another study: make report STUDY=folder)"
	@echo "make lab      open JupyterLab on the notebooks"
	@echo "make test     run the tests"
	@echo "make fuzz     spoilt files against every reader (fewer: make fuzz CASES=1000 READERS=votes)"
	@echo "make check    lint, formatting, types, imports between the rooms"
	@echo "make docs     render the documentation as a website (needs Quarto)"
	@echo "make bench    run the benchmarks"
	@echo "make sbom     write the bill of materials of the runtime to $(SBOM)"
	@echo "make audit    ask for known vulnerabilities of every pin (another service: OSV_URL=…)"
	@echo "make system   install Chromium and Java for the tests that need them (root on Debian)"
	@echo "make lock     remake the lock files (newer releases: make lock UPGRADE=--upgrade)"
	@echo "make clean    remove the virtual environment and every cache"
	@echo "Another interpreter: make report PYTHON=python3.13"

report: $(RUNTIME)
	$(BIN)/mot report $(STUDY)

lab: $(LAB)
	$(BIN)/jupyter lab notebooks

test: $(DEVELOPMENT) $(LAB)
	@$(MAKE) --no-print-directory system || echo "Going on: the tests that need them skip."
	$(BIN)/python -m pytest $(WORKERS) $(PYTEST_OPTIONS)

# What it finds is stored in tests/trust/corpus with FUZZ_OPTIONS=--keep.
fuzz: $(DEVELOPMENT)
	$(BIN)/python -m tests.trust.fuzz --cases $(CASES) $(if $(READERS),--readers $(READERS)) \
		$(FUZZ_OPTIONS)
	MOT_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest --hypothesis-profile=default \
		tests/trust/test_generated.py

check: $(DEVELOPMENT)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs:
	@command -v quarto >/dev/null || { \
		echo "make docs needs Quarto: quarto.org, or the conda environment of environment.yml."; \
		echo "Without it the pages read as they are, from docs/index.md on."; exit 1; } >&2
	quarto render docs
	@echo "docs/_site/index.html"

bench: $(DEVELOPMENT)
	@for script in $(wildcard benchmarks/*.py); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

sbom: $(DEVELOPMENT)
	$(BIN)/python -m supply.bill $(SBOM)

# `Error 1`: something is known. `Error 3`: not every pin could be looked up.
audit: $(DEVELOPMENT)
	@$(BIN)/python -m supply.audit $(if $(OSV_URL),--osv-url $(OSV_URL))

# What the tests need from outside Python. Where it can't be installed, those tests skip.
system:
	@if command -v chromium >/dev/null && command -v java >/dev/null; then exit 0; fi; \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -qq -y --no-install-recommends chromium openjdk-17-jre-headless >/dev/null; \
	else \
		echo "Chromium and Java are installed by 'make system' as root on Debian or Ubuntu;"; \
		echo "elsewhere install them by hand, as the commands chromium and java."; exit 1; \
	fi

lock: $(INSTALLER)
	$(COMPILE) pyproject.toml --extra fast -o $(LOCKS)/runtime.txt
	$(COMPILE) pyproject.toml --extra fast --extra spark --group development -c $(LOCKS)/runtime.txt \
		-o $(LOCKS)/development.txt
	$(COMPILE) pyproject.toml --extra fast --extra lab -c $(LOCKS)/development.txt \
		-o $(LOCKS)/lab.txt
	$(COMPILE) --group installer -c $(LOCKS)/development.txt -o $(LOCKS)/installer.txt

clean:
	rm -rf $(VENV) build dist _output docs/_site docs/.quarto .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "mot_research needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; \
		echo "Name another one: make PYTHON=python3.13"; exit 1; } >&2
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(INSTALLER): | $(BIN)/python
	@echo "Installing into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r $(LOCKS)/installer.txt
	@rm -f $(VENV)/.installer-* && touch $@

$(RUNTIME): $(INSTALLER)
	@$(INSTALL) --require-hashes -r $(LOCKS)/runtime.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.runtime-* && touch $@

$(DEVELOPMENT): $(RUNTIME)
	@$(INSTALL) --require-hashes -r $(LOCKS)/development.txt
	@rm -f $(VENV)/.development-* && touch $@

$(LAB): $(RUNTIME)
	@$(INSTALL) --require-hashes -r $(LOCKS)/lab.txt
	@rm -f $(VENV)/.lab-* && touch $@
