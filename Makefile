# What a person does with Hotline, one target each. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run test lint format bench

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

.venv/ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch .venv/ready

run: .venv/ready ## set up, build what is missing, serve site and API
	$(BIN)/hotline kb build --if-missing
	$(BIN)/hotline index build --if-missing
	exec $(BIN)/hotline serve

test: .venv/ready lint ## set up, lint, run every test
	$(BIN)/python -m pytest

lint: .venv/ready ## ruff and the order of the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: .venv/ready ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/ready ## measure lexical engines and the answering of questions
	$(BIN)/python -m bench
