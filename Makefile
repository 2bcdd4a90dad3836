# Thin: each line is a command that also works by hand. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUTPUT ?= data/night
ARGS ?=

# Real alerts where they are, else a simulated night.
REAL ?= $(or $(STRIX_REAL_ALERTS),../shared/data)
REAL_INPUT := $(wildcard $(REAL)/ztf_alerts $(REAL)/ztf_native_old $(REAL)/ztf_native_v4 $(REAL)/lsst_alerts/*.avro \
	$(REAL)/lsst_alerts/wire $(REAL)/forced/*.tar.gz)
SIMULATED := data/simulated
INPUT ?= $(or $(REAL_INPUT),$(SIMULATED))
SCHEMAS := $(or $(STRIX_SCHEMAS),$(wildcard $(REAL)/lsst_alerts/schemas))

.PHONY: help setup setup-test night test coverage lint soak services clean

help:
	@echo "make setup   virtual environment from requirements/runtime.lock, and .venv/bin/strix"
	@echo "make night   score a night: INPUT=files, directory, glob or .tar.gz; OUTPUT=$(OUTPUT); ARGS=more options"
	@echo "make services a real Kafka on this machine (strix services down stops it)"
	@echo "make test    lint, types, import contracts, tests"
	@echo "make coverage the same tests with the lines that they reach (slower)"
	@echo "make soak    the full matrix of kills (minutes)"

setup: $(VENV)/.runtime

# The locks are complete, so nothing is resolved: pip's resolver would refuse them on the day when an index offers
# something newer. pip says what it does, since a new machine waits for minutes.
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-deps

$(VENV)/.runtime: requirements/runtime.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes -r requirements/runtime.lock
	$(INSTALL) --no-build-isolation -e .
	@echo "once, up to a minute and a half: an archive of the classes of Spark's JVM, with which jobs start 3 s sooner"
	@$(BIN)/strix doctor --archive >/dev/null || true
	@touch $@

$(VENV)/.test: requirements/test.lock $(VENV)/.runtime
	$(INSTALL) --require-hashes -r requirements/test.lock
	@touch $@

setup-test: $(VENV)/.test

night: setup $(filter $(SIMULATED),$(INPUT))
	@$(BIN)/strix night --config conf/jobs/night.yaml --input $(INPUT) --output $(OUTPUT) \
		$(if $(SCHEMAS),--schemas $(SCHEMAS)) $(ARGS)

$(SIMULATED): | $(VENV)/.runtime
	$(BIN)/strix simulate $(SIMULATED) --n 500

services: setup
	@$(BIN)/strix services up kafka

lint: setup-test
	$(BIN)/ruff check jobs science_modules pyspark_strix pyspark_strix_hbase tests notebooks
	$(BIN)/ruff format --check jobs science_modules pyspark_strix pyspark_strix_hbase tests notebooks
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Two files at a time: most of their time tests wait for processes that they started.
test: lint
	$(BIN)/python -m pytest -m "not soak" -n 2 --dist loadfile $(ARGS)

# Tracing every line costs some minutes; nothing depends on the number.
coverage: setup-test
	$(BIN)/python -m pytest -m "not soak" --cov --cov-report=term $(ARGS)

soak: setup-test
	.ci/soak

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .coverage .import_linter_cache
