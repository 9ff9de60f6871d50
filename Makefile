# make run   sets everything up and runs the job on the sample captures
# make test  sets everything up and passes the tests
# make ui    opens Dagster on http://127.0.0.1:3000
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup run test test-long lint bench bench-dedup bench-search chaos chaos-short fuzz linear ui lock licences audit dictionary picture ui-pictures clean
.DEFAULT_GOAL := run

setup: .venv/ready

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "setting up .venv (about a minute, once)" >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/long-ready: etl_project_tests/long.txt .venv/ready
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

run: setup
	$(BIN)/papers run data_lake/samples

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# Those that need many whole runs, a browser, or other programs that read what is exported: some minutes more.
test-long: setup .venv/long-ready .venv-readers/ready
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m long

.venv-readers/ready: etl_project_tests/readers/requirements.txt
	@echo "setting up .venv-readers (750 MB, a minute, once)" >&2
	@$(PYTHON) -m venv .venv-readers
	@.venv-readers/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

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

PEERS := etl_project_tests/benchmarks/peers
PYTHON312 ?= python3.12
PEER_PYTHON = $(PYTHON)

# With other libraries beside it, each in a venv where it can be installed. Takes half an hour.
bench-dedup: setup .venv-peers/shared/ready .venv-peers/daft/ready .venv-peers/text_dedup/ready
	$(BIN)/python -m etl_project_tests.benchmarks.dedup_quality 100000
	$(BIN)/python -m etl_project_tests.benchmarks.dedup_incremental
	$(BIN)/python -m etl_project_tests.benchmarks.dedup_peers 100000 3

# Search beside FTS5 (which Python has) and tantivy: a million invented papers, half an hour; then how well it finds in CAPTURES.
SEARCHED := .venv-peers/search_lake
CAPTURES ?= ../shared/captures
bench-search: setup .venv-peers/search/ready
	.venv-peers/search/bin/python -m etl_project_tests.benchmarks.search_speed
	if [ -d $(CAPTURES) ]; then $(BIN)/papers run $(CAPTURES) --lake $(SEARCHED) && \
		.venv-peers/search/bin/python -m etl_project_tests.benchmarks.search_quality $(SEARCHED); fi

.venv-peers/text_dedup/ready: PEER_PYTHON = $(PYTHON312)

# Without that Python a peer is left out, and the table says so.
.venv-peers/%/ready: $(PEERS)/%.txt
	@if $(PEER_PYTHON) -c "" 2>/dev/null; then \
		$(PEER_PYTHON) -m venv .venv-peers/$* && \
		.venv-peers/$*/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $< && \
		touch $@; \
	else echo "$*: no $(PEER_PYTHON), left out" >&2; fi

# Faults on real runs (kills, disks, memory, readers and writers): hours, or with CHAOS=folder to go on where it stopped.
# Then damaged captures of every form, 10,000 of each: what the readers make of them, counted.
chaos: setup
	$(BIN)/python -m etl_project_tests.chaos $(if $(CHAOS),--folder $(CHAOS))
	$(BIN)/python -m etl_project_tests.benchmarks.chaos_forms
	$(BIN)/python -m etl_project_tests.benchmarks.drift_streams

# Some of each fault, in under three minutes.
chaos-short: setup
	$(BIN)/python -m etl_project_tests.chaos --short

# 30 minutes of fuzzing for each target, or MINUTES. What it finds is told, and kept in FUZZED with the grown corpus;
# `python -m etl_project_tests.fuzz.keep FUZZED` keeps of that what the suite replays. Needs: .venv/bin/pip install atheris
MINUTES ?= 30
FUZZED ?= fuzzed
fuzz: setup
	for target in readers pages json links fields rows; do \
		nice -n 19 $(BIN)/python -m etl_project_tests.fuzz.run $$target $(MINUTES) $(FUZZED) || exit 1; \
	done
	find $(FUZZED) -path "*/findings/*"

# How the time of reading grows, up to 10 MB of each kind of text: an hour for one in five hundred of them.
linear: setup
	$(BIN)/python -m etl_project_tests.benchmarks.linear_time

ui: setup
	$(BIN)/papers ui

# Pictures of every page of the UI, on a lake of invented papers, in ui_pictures/pictures: to be looked at after a change.
# Needs Chromium; names of pages after WORDS take those alone, on the lake of the last time.
CHROMIUM ?= chromium
ui-pictures: setup .venv/long-ready
	$(BIN)/python -m etl_project_tests.ui_pictures ui_pictures $(CHROMIUM) $(WORDS)

dictionary: setup
	$(BIN)/python -m etl_project.dictionary
	$(BIN)/python -m etl_project_tests.column_lineage
	$(BIN)/python -m etl_project.cli.document
	$(BIN)/python -m etl_project.picture

# The README's picture of the report, after the report has changed.
picture: setup .venv/long-ready
	$(BIN)/python -m etl_project_tests.report_picture

# After a change of requirements.lock.
licences: setup
	$(BIN)/python -m etl_project_tests.licences

# Known weaknesses of the locked versions, as an advisory service tells them: only where one can be reached.
# Strict, since without an answer it says that it found none.
audit: .venv-audit/bin/pip-audit
	.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

.venv-audit/bin/pip-audit:
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/pip install --quiet --disable-pip-version-check pip-audit

# Needs uv. Hashes only: no index address is written.
lock:
	uv pip compile pyproject.toml --extra dev --extra production --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock
	uv pip compile etl_project_tests/readers/requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --quiet -o etl_project_tests/readers/requirements.txt
	uv pip compile etl_project_tests/long.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --quiet -o etl_project_tests/long.txt
	for peer in shared:3.11 daft:3.11 search:3.11 text_dedup:3.12; do \
		uv pip compile $(PEERS)/$${peer%:*}.in --universal --python-version $${peer#*:} --generate-hashes \
			--no-emit-index-url --no-emit-find-links --no-header --quiet -o $(PEERS)/$${peer%:*}.txt || exit 1; \
	done

# Keeps the captures (samples, inbox, raw); drops what can be made again.
clean:
	rm -rf data_lake/warehouse data_lake/published data_lake/exports data_lake/reports
