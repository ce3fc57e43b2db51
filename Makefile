# Two commands: `make run` starts doorward with a demo API, `make test` proves everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test setup check format coverage fuzz security mutate bench clean

run: setup
	@$(BIN)/doorward dev

setup: $(VENV)/.server

$(VENV)/.server: requirements/server.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "doorward needs Python 3.11 or newer; set PYTHON=python3.11")'
	@echo "setting up $(VENV) (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/server.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.server requirements/test.txt tests/e2e/node/package-lock.json
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/test.txt
	@if command -v npm >/dev/null; then cd tests/e2e/node && npm ci --silent --no-audit --no-fund; else echo "npm is missing: the walk with openid-client will be skipped (install Node.js 20)"; fi
	@touch $@

test: $(VENV)/.test
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m coverage run -m pytest $(ARGS)
	@$(BIN)/python -m coverage combine --quiet

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .coverage* build dist
