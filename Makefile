# Two commands for everybody: `make run`, `make test`. `make check` before every hand-over.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A developer's environment holds all a server needs: do not shrink it to run the program.
READY := $(if $(wildcard $(VENV)/development),$(VENV)/development,$(VENV)/runtime)
PACKAGES = $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
COMPILE := $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test benchmark check lock upgrade format clean audit sbom browser scanner proxy

help: ## what can be asked for
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(READY) ## set up, migrate, load the demonstration world, serve
	@$(BIN)/ocop run

test: $(VENV)/development browser scanner proxy ## every test, on SQLite and PostgreSQL, in a real browser
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

benchmark: $(VENV)/development ## measure what is promised as ratios of one run, and print it
	@$(BIN)/pytest -q -s tests/benchmarks/[a-z]*.py $(ARGS)

check: $(VENV)/development ## format, lint, types, import contracts, rulebooks, states, migrations, repository
	$(BIN)/ruff format --check .
	$(BIN)/ruff check --no-cache .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/ocop check-rulebooks
	$(BIN)/ocop draw-states --check
	$(BIN)/pytest -q tests/architecture
	@echo "Mọi kiểm tra đều qua. / Every check has passed."

lock: $(VENV)/uv ## write the lock files for what pyproject.toml asks now (hashes, no address of any host)
	$(COMPILE) $(UPGRADE) pyproject.toml -o requirements.lock
	$(COMPILE) $(UPGRADE) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

upgrade: ## the same, with the newest versions that pyproject.toml allows
	@$(MAKE) lock UPGRADE=--upgrade

audit: $(VENV)/development ## ask for known vulnerabilities of the locked packages (needs the network)
	@.ci/audit $(BIN)

sbom: $(VENV)/development ## write var/sbom.json: what a server consists of (CycloneDX)
	@mkdir -p var
	@$(BIN)/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible \
		--of JSON -o $${SBOM:-var/sbom.json} requirements.lock
	@echo "$${SBOM:-var/sbom.json}"

format: $(VENV)/development ## let the formatter and the linter mend what they can
	$(BIN)/ruff check --fix-only -q . && $(BIN)/ruff format -q .

clean: ## remove the environment and the local data
	rm -rf $(VENV) var

$(VENV)/uv: requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Cần Python 3.11 trở lên. / Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/debian-package python3-venv
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -q --require-hashes -r requirements-uv.lock
	@touch $@

# No build backend on a server: a path file and a three-line command stand for the installed project.
$(VENV)/runtime: requirements.lock pyproject.toml $(VENV)/uv
	@echo "Chuẩn bị môi trường … / preparing the environment …"
	@$(BIN)/uv pip sync -q --require-hashes --compile-bytecode requirements.lock
	@echo "$(CURDIR)" > "$(PACKAGES)/ocop.pth"
	@printf '#!%s/$(BIN)/python\nfrom app.cli import main\nmain()\n' "$(CURDIR)" > $(BIN)/ocop
	@chmod +x $(BIN)/ocop
	@touch $@

$(VENV)/development: requirements-dev.lock pyproject.toml $(VENV)/uv
	@echo "Chuẩn bị môi trường phát triển … / preparing the development environment …"
	@$(BIN)/uv pip sync -q --require-hashes requirements-dev.lock
	@rm -f "$(PACKAGES)/ocop.pth"
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	@touch $@

# Playwright's driver is a Node.js that wants libatomic, which a bare Debian does not have.
browser: $(VENV)/development
	@[ -n "$$OCOP_CHROMIUM" ] || command -v chromium >/dev/null || .ci/debian-package chromium || true
	@$(BIN)/playwright --version >/dev/null 2>&1 || .ci/debian-package libatomic1 || true

# A real clamd, with a signature of the tests' own: nothing is downloaded, and no service is needed.
scanner:
	@PATH=$$PATH:/usr/sbin command -v clamd >/dev/null || .ci/debian-package clamav-daemon || true

# The proxy of an installation, with the configuration we ship.
proxy:
	@PATH=$$PATH:/usr/sbin command -v haproxy >/dev/null || .ci/debian-package haproxy || true
