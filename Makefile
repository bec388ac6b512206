# What people type. Each target prints the command it stands for; README.md and CONTRIBUTING.md explain the most used.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV := $(VENV)/.ready-dev

.PHONY: help setup setup-dev demo demo-ui papers ui test test-slow test-all check lint format bench faults \
	kill kill-ui gate \
	production hosts concurrency replay search fuzz lucene index-lag coverage mutation screenshots \
	lock platforms clean

help:                ## this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

setup: $(READY)      ## make .venv with what running needs (requirements.lock, by hash)

setup-dev: $(DEV)    ## the same, and what tests and tools need (requirements-dev.lock)

# Made again when the lock or the project's metadata changes, and from scratch if it is cut short. A
# package without a wheel for this platform is built from its source, which is locked by hash, too.
# Python compiles what is imported when it is: the most of the packages never is.
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"papers-assets needs Python 3.11 or newer; $(PYTHON) is {v.major}.{v.minor}. Try: make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP_INSTALL) --require-hashes -r requirements.lock
	$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): $(READY) requirements-dev.lock
	$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(READY)       ## the whole graph, offline, over invented papers, into demo/
	$(BIN)/papers demo

demo-ui: $(READY)    ## the Dagster UI over the demo's data
	$(BIN)/papers ui --demo

papers: $(READY)     ## fetch from arXiv and write output/README.md
	$(BIN)/papers run

ui: $(READY)         ## the Dagster UI on 127.0.0.1:3000, with schedule and automation running
	$(BIN)/papers ui

# The tests start hundreds of processes, and each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

# SQLite waits for the disk at every event of a run. Where there is a file system in memory with room,
# the tests write there.
IN_MEMORY = $(shell [ "$$(df -Pm /dev/shm 2>/dev/null | awk 'END { print $$4 }')" -ge 4000 ] 2>/dev/null \
	&& echo TMPDIR=/dev/shm)

PYTEST := $(BIN)/pytest -n auto --dist worksteal
# The slow tests wait for other processes most of the time.
ONE_MORE := -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

test: $(DEV)         ## the fast tests, on all cores; a few minutes
	$(IN_MEMORY) $(PYTEST) -m "not slow"

test-slow: $(DEV)    ## the slow ones: browsers, servers; properties and real papers in full
	$(IN_MEMORY) $(PYTEST) $(ONE_MORE) -m "slow or hypothesis or corpus" --hypothesis-profile=thorough

test-all: test test-slow    ## all tests

check: lint test-all    ## lint and all tests

lint: $(DEV)         ## lint, format and type checks; Dagster loads the definitions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	DAGSTER_HOME=$(CURDIR) $(BIN)/dg check defs

format: $(DEV)       ## put the code in its usual form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV)        ## measure; prints tables. BENCH="rows harvest --write" for parts, into docs/
	$(BIN)/python -m bench $(BENCH)

# The reliability programs print a table each and fail if anything was lost or untrue.
RELIABILITY := $(BIN)/python -m papers_assets_tests.reliability

faults: $(DEV)       ## every fault at every keyword, once and for ever; FAULTS=--quick for fewer
	$(IN_MEMORY) $(RELIABILITY).faults $(FAULTS)

kill: $(DEV)         ## kill -9 at random moments; POINTS=300
	$(RELIABILITY).kill --points $(or $(POINTS),300)

kill-ui: $(DEV)      ## kill -9 of daemon, run worker, code server, web server; POINTS=50
	$(RELIABILITY).processes --points $(or $(POINTS),50)

gate: $(DEV)         ## two hosts share the rate limiter, and one is cut off (root; network namespaces)
	$(RELIABILITY).gate --cut

production: $(DEV)    ## kill -9 of each process of deploy/ on PostgreSQL; prints a table
	$(RELIABILITY).production

hosts: $(DEV)        ## runs on two hosts by Celery, and one is killed (root; network namespaces, redis-server)
	$(RELIABILITY).hosts

concurrency: $(DEV)    ## ten command lines at once
	$(RELIABILITY).concurrency

replay: $(DEV)       ## 60 days of real papers, with faults (needs the reference data)
	$(RELIABILITY).replay --days $(or $(DAYS),60)

search: $(DEV)       ## keywords of every kind, searched as arXiv does, on a good and a bad day (needs the reference data)
	$(RELIABILITY).search

fuzz: $(DEV)         ## broken feeds, at random; SECONDS_LONG=60
	$(RELIABILITY).fuzz --seconds $(or $(SECONDS_LONG),60)

index-lag: $(DEV)    ## how soon an index that stands still is noticed (needs the reference data)
	$(RELIABILITY).index_lag

# Debian: apt install liblucene8-java default-jre-headless
lucene: $(DEV)       ## words, stems and keywords against a real Lucene (needs it, java and the reference data)
	$(BIN)/python -m papers_assets_tests.lucene.truth
	$(BIN)/python -m papers_assets_tests.lucene.tokens
	$(BIN)/python -m papers_assets_tests.lucene.keywords

coverage: $(DEV)     ## the tests, with the coverage of lines and branches
	$(BIN)/coverage run -m pytest
	-$(BIN)/coverage combine --quiet  # what a killed process left cannot be read
	$(BIN)/coverage report --skip-covered --fail-under=95

mutation: $(DEV)     ## mutate the pure core and see what the tests notice (needs mutmut in .venv)
	$(BIN)/mutmut run

screenshots: $(DEV)    ## make the pictures in docs/ anew, from the real UI (needs Chromium)
	$(BIN)/python -m papers_assets_tests.screenshots

# One set of versions: what runs and the images (deploy/) have those that are tested.
LOCKED := uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-emit-index-url --no-annotate --no-header
TESTED := --constraint requirements-dev.lock
IMAGE := $(TESTED) --extra postgres --extra s3 --extra metrics --extra json-logs

lock:                ## resolve the locks anew, also those of deploy/ (needs uv)
	$(LOCKED) --upgrade --group dev --all-extras -o requirements-dev.lock
	$(LOCKED) --upgrade $(TESTED) --group build -o requirements.lock
	$(LOCKED) --upgrade $(IMAGE) -o deploy/requirements.lock
	$(LOCKED) --upgrade $(IMAGE) --extra celery -o deploy/requirements-celery.lock
	$(LOCKED) --upgrade $(IMAGE) --extra kubernetes -o deploy/requirements-kubernetes.lock

platforms: $(DEV)    ## where requirements.lock can be installed; installs nothing (needs uv)
	$(BIN)/python -m papers_assets_tests.platforms

clean:               ## remove .venv and the demo; stored papers and run history stay
	rm -rf $(VENV) demo
