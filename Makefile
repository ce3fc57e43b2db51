# Two commands: `make run` starts doorward with a demo API, `make test` proves everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test setup check format docs coverage security mutate bench clean

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
	@$(BIN)/python tools/pure.py

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/sizes.py
	$(BIN)/python tools/spec.py --check

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.test
	$(BIN)/python tools/spec.py
	$(BIN)/python -c 'import doorward.settings as s; print(s.markdown(), end="")' > docs/settings.md

coverage: $(VENV)/.test
	$(BIN)/python tools/pure.py

# The long runs. Each prints its seed; ARGS goes to the tool.
security: $(VENV)/.test
	@rm -f .security-report.txt
	TESTS_SECURITY=full $(BIN)/python -m pytest tests/security -q $(ARGS)
	@sort -V .security-report.txt

mutate: $(VENV)/.test
	$(BIN)/python tools/mutate.py $(ARGS)

bench: $(VENV)/.test
	@for b in $(filter-out bench/__init__.py,$(wildcard bench/*.py)); do echo "== $$b"; $(BIN)/python $$b || exit 1; done

clean:
	rm -rf $(VENV) .coverage* build dist
