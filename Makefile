# Everything works from a clean clone: the first target that needs the environment makes it.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo demo-data demo-faults test soak test-grafana lint types check fmt bench docs pictures lock clean

$(READY): requirements.lock pyproject.toml
	@echo "Installing into $(VENV) (a minute, once) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

demo: $(READY)          ## the main job, on the embedded sandbox, or on GRAFANA_URL
	@$(BIN)/python scripts/demo.py

demo-data: $(READY)     ## the dashboards with their data: a shop, its past, a real Prometheus (ARGS=--keep: stays up)
	@$(BIN)/python -m scripts.demo_data $(ARGS)

demo-faults: $(READY)   ## what check --live finds: a metric or field renamed, a label dropped, the shop stopped (ARGS=--no-search)
	@$(BIN)/python -m scripts.demo_faults $(ARGS)

test: $(READY)          ## all tests
	@$(BIN)/python -m pytest -n 2 $(ARGS)

soak: $(READY)          ## all that can be interrupted, 200 real kills, 10,000 lives, 100 races: hours (GGREC_SEED, GGREC_EXAMPLES)
	@GGREC_SOAK=1 GGREC_EXAMPLES=$${GGREC_EXAMPLES:-2500} nice -n 10 $(BIN)/python -m pytest -n 2 -s tests/proof \
	    -o faulthandler_timeout=0 tests/engine/test_properties.py $(ARGS)

test-grafana: $(READY)  ## the scenarios on the Grafana of GGREC_TEST_GRAFANA_URL (promote: also to GGREC_TEST_GRAFANA_OTHER_URL)
	@$(BIN)/python -m pytest -m grafana $(ARGS)

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY)
	@$(BIN)/mypy

check: lint types test  ## what .ci/run does

fmt: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/ggrec fmt

bench: $(READY)         ## ratios against a bare client, side by side (ARGS="--help" tells more)
	@$(BIN)/python -m benchmarks $(ARGS)

pictures: $(READY)      ## docs/pictures/*.png from desired/ (needs Chromium)
	@$(BIN)/python scripts/pictures.py
	@$(BIN)/python -m scripts.plan_pictures

docs: $(READY)          ## docs/kinds/*.md from the kinds themselves
	@$(BIN)/python scripts/docs.py

lock: $(READY)          ## requirements.lock from pyproject.toml (needs uv)
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	    --extra dev --extra sandbox --extra shop --no-emit-package ggrec -o requirements.lock pyproject.toml

clean:
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .ggrec dist build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
