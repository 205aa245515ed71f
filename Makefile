# Snowtape. `make help` lists what you can do; `make demo` and `make test` need nothing but Python and this folder.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
export UV_PYTHON_DOWNLOADS := never
# Airflow, dbt and every server start in a fraction of the time when their modules are compiled once.
unexport PYTHONDONTWRITEBYTECODE

ARGS ?=
SCHEDULES ?= 20
SEED ?= 1
STEPS ?= 4
POINTS ?= 1
PYTHON ?= $(shell scripts/find-python)
VENV := .venv
MIGRATE := .venv-migrate
PEERS := .venv-peers
RUN := $(VENV)/bin/python

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-15s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: environments ## Run the whole chain on this machine and open the dashboard (ARGS="--once", "--synthetic-tickers 1000")
	@exec $(RUN) -m local.demo $(ARGS)

.PHONY: test
test: environments ## Everything: lint, types, SQL gate, unit, warehouse, end-to-end and browser tests
	@$(MAKE) -j 3 browser lint types
	$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: check
check: environments ## While you work: format, lint, types and the quick tests that start no server, on all cores
	@$(RUN) -m scripts.check $(ARGS)

.PHONY: faults
faults: environments ## Kill everything at every point, then SCHEDULES=20 random schedules (SEED=1 STEPS=4 POINTS=1)
	$(RUN) -m tests.faults --schedules $(SCHEDULES) --seed $(SEED) --steps $(STEPS) --points $(POINTS) $(ARGS)

.PHONY: bench
bench: environments $(PEERS)/.complete ## The benchmarks, with dlt in its own environment; writes bench/RESULTS.md (an hour)
	$(RUN) -m bench.ingest
	$(RUN) -m bench.options
	$(RUN) -m bench.recovery
	$(RUN) -m bench.sweep
	$(RUN) -m bench.backtest
	$(RUN) -m bench.american
	$(RUN) -m bench.surface
	$(RUN) -m bench.end_to_end
	$(RUN) -m bench.marts
	$(RUN) -m bench.identity
	$(RUN) -m bench.history_slope
	$(RUN) -m bench.report

.PHONY: test-live
test-live: environments ## What only a Snowflake account can show, on the one that SNOWTAPE_LIVE_* names; without one it says so
	SNOWTAPE_LIVE_REHEARSAL=0 $(RUN) -m pytest tests/live $(ARGS)

.PHONY: test-live-api
test-live-api: environments ## One request an endpoint with each API key that SNOWTAPE_LIVE_API_KEY_* hold; without one it says so
	SNOWTAPE_LIVE_REHEARSAL=0 $(RUN) -m pytest tests/live_api $(ARGS)

.PHONY: lint
lint: environments ## ruff, with its rules for Airflow
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

.PHONY: types
types: environments ## mypy
	$(VENV)/bin/mypy

.PHONY: format
format: environments ## Put imports and layout in order
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

.PHONY: deploy
deploy: environments ## Deploy the schema to the Snowflake account that the SNOWFLAKE_* variables name
	scripts/deploy $(ARGS)

.PHONY: deploy-dry-run
deploy-dry-run: environments ## What `make deploy` would do; needs the account, changes nothing
	scripts/deploy --schemachange-dry-run $(ARGS)

.PHONY: judge
judge: environments ## Have the account judge every statement in its scratch database (docs/deployment.md)
	$(RUN) -m scripts.judge $(ARGS)

.PHONY: render
render: environments ## Every schemachange script as it would be sent, into .local/rendered; needs no account
	@scripts/render .local/rendered

.PHONY: image-check
image-check: environments ## The install steps of the Airflow image, in clean environments and without Docker (a minute)
	SNOWTAPE_IMAGE_CHECK=1 $(RUN) -m pytest tests/image $(ARGS)

.PHONY: airflow
airflow: environments ## Airflow with the real services that the environment variables name (see README)
	scripts/airflow

.PHONY: dashboard
dashboard: environments ## The dashboard on the running demo, or on the warehouse in SNOWFLAKE_*
	@exec scripts/with-warehouse $(RUN) -m dashboard $(ARGS)

.PHONY: status
status: environments ## Sessions, ledger, newest build and health of the running demo, or of the warehouse in SNOWFLAKE_*
	@exec scripts/with-warehouse $(RUN) -m dashboard.status $(ARGS)

.PHONY: streamlit
streamlit: environments ## The operator's Streamlit app on the running demo, or on the warehouse in SNOWFLAKE_*
	@exec scripts/with-warehouse $(VENV)/bin/streamlit run snowflake/streamlit/operator_app.py --server.address 127.0.0.1 --server.headless true \
	  --browser.gatherUsageStats false $(ARGS)

.PHONY: streamlit-deploy
streamlit-deploy: .venv-snow/.complete ## Deploy it into the account, as the role operator
	scripts/deploy-streamlit $(ARGS)

.PHONY: environments
environments: $(VENV)/.complete $(MIGRATE)/.complete

$(VENV)/.complete: requirements/local.txt scripts/environment
	@scripts/environment $(VENV) requirements/local.txt "$(PYTHON)"

$(PEERS)/.complete: bench/peers/requirements.txt scripts/environment
	@scripts/environment $(PEERS) bench/peers/requirements.txt "$(PYTHON)"

$(MIGRATE)/.complete: requirements/migrate.txt scripts/environment
	@scripts/environment $(MIGRATE) requirements/migrate.txt "$(PYTHON)"

.venv-snow/.complete: requirements/snow.txt scripts/environment
	@scripts/environment .venv-snow requirements/snow.txt "$(PYTHON)"

.PHONY: browser
browser: environments
	@scripts/find-browser >/dev/null

.PHONY: lock
lock: environments ## Resolve requirements/*.in to their newest versions again
	scripts/lock

.PHONY: clean
clean: ## Remove the environments and everything that the demo stored
	rm -rf $(VENV) $(MIGRATE) .venv-snow .local .mypy_cache .ruff_cache .pytest_cache
