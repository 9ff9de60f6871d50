# make run   sets everything up and runs the job on the sample captures
# make test  sets everything up and passes the tests
# make ui    opens Dagster on http://127.0.0.1:3000
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup run test lint bench bench-dedup chaos ui lock dictionary clean
.DEFAULT_GOAL := run

setup: .venv/ready

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "setting up .venv (about a minute, once)" >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup
	$(BIN)/papers run data_lake/samples

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m etl_project_tests.benchmarks.parse_speed
	$(BIN)/python -m etl_project_tests.benchmarks.forms_speed
	$(BIN)/python -m etl_project_tests.benchmarks.html_speed
	$(BIN)/python -m etl_project_tests.benchmarks.job_speed

bench-dedup: setup
	$(BIN)/python -m etl_project_tests.benchmarks.dedup_quality 100000

# Damaged captures of every form, 10,000 of each: what the readers make of them, counted.
chaos: setup
	$(BIN)/python -m etl_project_tests.benchmarks.chaos_forms

ui: setup
	$(BIN)/papers ui

dictionary: setup
	$(BIN)/python -m etl_project.dictionary

# Needs uv. Hashes only: no index address is written.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock

# Keeps the captures (samples, inbox, raw); drops what can be made again.
clean:
	rm -rf data_lake/warehouse data_lake/published data_lake/exports
