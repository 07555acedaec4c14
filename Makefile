# Conveniences around plain `pulumi`; each target prints the commands that it runs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
STACK ?= dev
PYTHON ?= python3
ARGS ?=
FORMAT ?= json

HOME_DIR := .flowground
PY := .venv/bin/python
LOCALCLOUD_PY := .venv-localcloud/bin/python
UV := $(HOME_DIR)/uv/bin/uv
STACK_CMD = $(PY) -m tools.stack

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

# ── environments and engine ─────────────────────────────────────────────────────────

$(UV):
	@echo "── uv, which makes the environments" >&2
	$(PYTHON) -m venv $(HOME_DIR)/uv
	$(HOME_DIR)/uv/bin/python -m pip install --quiet --require-hashes -r requirements/uv.txt

.venv/made: requirements.txt | $(UV)
	@echo "── .venv: the program's environment" >&2
	$(UV) venv --quiet --seed --allow-existing --python $(PYTHON) .venv
	$(UV) pip install --quiet --compile-bytecode --python $(PY) --require-hashes -r requirements.txt
	@touch $@

.venv/made-dev: requirements-dev.txt .venv/made
	@echo "── .venv: tests and tools" >&2
	$(UV) pip install --quiet --compile-bytecode --python $(PY) --require-hashes -r requirements-dev.txt
	@touch $@

.venv-localcloud/made: requirements/localcloud.txt | $(UV)
	@echo "── .venv-localcloud: the local cloud's environment" >&2
	$(UV) venv --quiet --seed --allow-existing --python $(PYTHON) .venv-localcloud
	$(UV) pip install --quiet --compile-bytecode --python $(LOCALCLOUD_PY) --require-hashes -r requirements/localcloud.txt
	@touch $@

$(HOME_DIR)/modalflow/made: requirements/modalflow.txt | $(UV)
	@echo "── .flowground/modalflow: modalflow without Airflow, for tests"
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(HOME_DIR)/modalflow
	$(UV) pip install --quiet --no-deps --python $(HOME_DIR)/modalflow/bin/python --require-hashes -r requirements/modalflow.txt
	@touch $@

$(HOME_DIR)/ministack/made: requirements/ministack.txt | $(UV)
	@echo "── .flowground/ministack: a second emulator of AWS, for tests"
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(HOME_DIR)/ministack
	$(UV) pip install --quiet --python $(HOME_DIR)/ministack/bin/python --require-hashes -r requirements/ministack.txt
	@touch $@

$(HOME_DIR)/docs/made: requirements/docs.txt | $(UV)
	@echo "── .flowground/docs: what builds the documentation's site" >&2
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(HOME_DIR)/docs
	$(UV) pip install --quiet --python $(HOME_DIR)/docs/bin/python --require-hashes -r requirements/docs.txt
	@touch $@

.PHONY: environments engine
environments: .venv/made .venv-localcloud/made ## Make both Python environments
engine: .venv/made ## Find, fetch or build the Pulumi engine
	@$(PY) tools/engine/install.py

# ── a stack: STACK=dev|staging|prod, ARGS=pulumi's own options ──────────────────────

.PHONY: up preview refresh destroy outputs catalogue drift backend recover discover
up: environments ## Make the stack what its config says
	@$(STACK_CMD) up $(STACK) $(ARGS)
preview: environments ## Show what `up` would change, property by property
	@$(STACK_CMD) preview $(STACK) $(ARGS)
refresh: environments ## Take what changed outside into the state
	@$(STACK_CMD) refresh $(STACK) $(ARGS)
drift: environments ## Show what changed outside; fails if anything did
	@$(STACK_CMD) drift $(STACK) $(ARGS)
destroy: environments ## Delete all that the stack made
	@$(STACK_CMD) destroy $(STACK) $(ARGS)
outputs: environments ## Print the stack's outputs: FORMAT=json|env|table
	@$(PY) -m tools.outputs $(STACK) --format $(FORMAT) $(ARGS)
catalogue: environments .venv/made-dev ## Write a page of what all stacks have: ARGS='--output FILE'
	@$(PY) -m tools.catalogue $(ARGS)
backend: environments ## Keep state on S3 from now on: ARGS='--bucket NAME [--kms-key alias/NAME]'
	@$(PY) -m tools.backend $(ARGS)
recover: environments ## After a killed `up`: drop its lock and what it had begun
	@$(STACK_CMD) recover $(STACK) $(ARGS)

discover: environments ## Describe a live workspace as the stack's config: ARGS=--workspace=HANDLE
	@$(PY) -m tools.run $(PY) -m components.discover --stack $(STACK) $(ARGS)

# ── operations: STACK=prod ──────────────────────────────────────────────────────────

.PHONY: doctor rotate promote
doctor: environments ## Say what would stop an `up`, and how to mend it
	@$(PY) -m tools.doctor $(STACK) $(ARGS)
rotate: environments ## Make a new key: WHAT=modal-token|prefect-key|aws-key [NAME=…]
	@$(PY) -m tools.rotate $(STACK) $(WHAT) $(if $(NAME),--name $(NAME)) $(ARGS)
promote: environments ## Show what FROM's config has that TO's has not; ARGS=--write, KEEP='PATH…'
	@$(PY) -m tools.promote $(FROM) $(TO) $(foreach path,$(KEEP),--keep '$(path)') $(ARGS)

# ── review: what .github/workflows run, step by step ────────────────────────────────

BASE ?= origin/main
PR ?=

.PHONY: plan apply plan-comment comment drift-issue rehearse
plan: environments ## Preview the stack and keep the plan, to review and to apply
	@$(PY) -m tools.plan $(STACK) $(ARGS)
apply: environments ## Apply the plan that was kept, if the state has not moved since
	@$(PY) -m tools.apply $(STACK) $(ARGS)
rehearse: environments ## Try the change since BASE on a local cloud, without credentials
	@$(PY) -m tools.rehearse $(STACK) --base $(BASE)
plan-comment: .venv/made ## Write all kept plans and rehearsals as one Markdown comment
	@$(PY) -m tools.plan_comment
comment: .venv/made ## Keep that comment on pull request PR of GITHUB_REPOSITORY
	@$(PY) -m tools.comment $(PR)
drift-issue: environments ## Keep an issue of GITHUB_REPOSITORY open while the stack drifts
	@$(PY) -m tools.drift_issue $(STACK)

# ── all of it ───────────────────────────────────────────────────────────────────────

.PHONY: demo down localcloud status
demo: environments ## Provision stack dev on the local cloud, run its flow, look around
	@$(PY) -m tools.demo
localcloud: environments ## Run the local cloud in the foreground
	@$(LOCALCLOUD_PY) -m localcloud up
status: environments ## Show the local cloud's services and addresses
	@$(LOCALCLOUD_PY) -m localcloud status
down: environments ## Destroy the stacks that protect nothing, stop the local cloud
	@$(PY) -m tools.down

# ── measurements: docs/benchmarks.md ────────────────────────────────────────────────

.PHONY: bench
bench: environments .venv/made-dev engine ## Measure all, on an idle machine: ARGS='--deployments 10 100'
	@missed=0; \
	$(PY) -m bench.startup || missed=1; \
	$(PY) -m bench.modal_secrets || missed=1; \
	$(PY) -m bench.volume_files --version 1 || missed=1; \
	$(PY) -m bench.volume_files --version 2 || missed=1; \
	$(PY) -m bench.bucket_files || missed=1; \
	$(PY) -m bench.prefect_scale $(ARGS) || missed=1; \
	exit $$missed

# ── checks ──────────────────────────────────────────────────────────────────────────

CHECKED := backend bench components examples flows localcloud policy tests tools __main__.py

.PHONY: test lint types unit reference
test: lint types docs tests ## Run all tests, lint and types: what CI runs
lint: .venv/made-dev ## Check style, and who imports whom
	.venv/bin/ruff check $(CHECKED)
	.venv/bin/ruff format --check $(CHECKED)
	.venv/bin/lint-imports
types: .venv/made-dev .venv-localcloud/made ## Check types
	.venv/bin/mypy components policy tools __main__.py
	.venv/bin/mypy --python-executable $(LOCALCLOUD_PY) localcloud
unit: .venv/made-dev ## Run the fast, hermetic tests alone
	$(PY) -m pytest tests/unit -q
reference: .venv/made ## Write docs/reference and the outputs' schema anew from the models
	$(PY) -m tools.reference
	$(PY) -m tools.outputs_schema
.PHONY: docs
docs: $(HOME_DIR)/docs/made ## Build the documentation's site into site/
	@NO_MKDOCS_2_WARNING=1 $(HOME_DIR)/docs/bin/mkdocs build --quiet
.PHONY: tests
tests: .venv/made-dev .venv-localcloud/made $(HOME_DIR)/modalflow/made $(HOME_DIR)/ministack/made engine
	@# A file to a worker: pytest 9.2 keeps xdist 3.8 from seeing groups of its own.
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q

# ── what is shipped ─────────────────────────────────────────────────────────────────

$(HOME_DIR)/audit/made: requirements/audit.txt | $(UV)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(HOME_DIR)/audit/venv
	$(UV) pip install --quiet --python $(HOME_DIR)/audit/venv/bin/python --require-hashes -r requirements/audit.txt
	@touch $@
.PHONY: audit
audit: environments $(HOME_DIR)/audit/made ## Known vulnerabilities, parts (SBOM) and licences of what is shipped
	@$(PY) -m tools.audit $(ARGS)

# ── proof ───────────────────────────────────────────────────────────────────────────

SEEDS ?= 500
.PHONY: torture
torture: environments .venv/made-dev ## Faults and kills, seeded, and whether one `up` mends them: SEEDS=500
	$(PY) -m tests.torture --seeds $(SEEDS) $(ARGS)

$(HOME_DIR)/mutants/made: requirements/mutants.txt | $(UV)
	@echo "── .flowground/mutants: what mutates the kernel"
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(HOME_DIR)/mutants/venv
	$(UV) pip install --quiet --compile-bytecode --python $(HOME_DIR)/mutants/venv/bin/python --require-hashes -r requirements/mutants.txt
	@touch $@
.PHONY: mutants
mutants: $(HOME_DIR)/mutants/made ## Change the kernel in 2,000 ways, and see its tests notice: ARGS='*.journal.*'
	$(HOME_DIR)/mutants/venv/bin/python -m tests.mutants $(ARGS)

$(HOME_DIR)/fuzz/made: requirements/fuzz.txt requirements-dev.txt | $(UV)
	@echo "── .flowground/fuzz: the tests' environment, and what drives fuzzing" >&2
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(HOME_DIR)/fuzz/venv
	$(UV) pip install --quiet --python $(HOME_DIR)/fuzz/venv/bin/python --require-hashes -r requirements-dev.txt -r requirements/fuzz.txt
	@touch $@
SECONDS ?= 60
.PHONY: fuzz
fuzz: $(HOME_DIR)/fuzz/made ## Bad input for all that reads any, by coverage: SECONDS=60 each, ARGS='kinds config'
	@$(HOME_DIR)/fuzz/venv/bin/python -m tests.fuzz --seconds $(SECONDS) $(ARGS)
