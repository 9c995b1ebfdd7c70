# Two commands for everybody: `make run`, `make test`. `make check` before every hand-over.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test check lock format clean browser

help: ## what can be asked for
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/runtime ## set up, migrate, load the demonstration world, serve
	@$(BIN)/ocop run

test: $(VENV)/development browser ## every test, on SQLite and PostgreSQL, in a real browser
	@$(BIN)/pytest $(ARGS)

check: $(VENV)/development ## format, lint, types, import contracts, rulebooks, states, migrations, repository
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/ocop check-rulebooks
	$(BIN)/ocop draw-states --check
	$(BIN)/pytest -q tests/architecture

lock: $(VENV)/uv ## resolve again and write both lock files (hashes, no address of any host)
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 \
		pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 \
		pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

format: $(VENV)/development ## let the formatter and the linter mend what they can
	$(BIN)/ruff check --fix-only -q . && $(BIN)/ruff format -q .

clean: ## remove the environment and the local data
	rm -rf $(VENV) var

$(VENV)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Cần Python 3.11 trở lên. / Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/debian-package python3-venv
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -q uv==$(UV_VERSION)
	@touch $@

$(VENV)/runtime: requirements.lock pyproject.toml | $(VENV)/uv
	@if [ ! -e $(VENV)/development ]; then \
		$(BIN)/uv pip sync -q --require-hashes --compile-bytecode requirements.lock; \
		echo "$(CURDIR)" > $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ocop.pth; \
		printf '#!%s/$(BIN)/python\nfrom app.cli import main\nmain()\n' "$(CURDIR)" > $(BIN)/ocop; \
		chmod +x $(BIN)/ocop; fi
	@touch $@

$(VENV)/development: requirements-dev.lock pyproject.toml | $(VENV)/uv
	@$(BIN)/uv pip sync -q --require-hashes requirements-dev.lock
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	@rm -f $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ocop.pth
	@touch $@ $(VENV)/runtime

browser:
	@[ -n "$$OCOP_CHROMIUM" ] || command -v chromium >/dev/null || .ci/debian-package chromium || true
