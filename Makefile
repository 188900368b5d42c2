# The two commands: `make run` and `make test`. Everything they make lies in .venv and .local.
.DEFAULT_GOAL := help
PY ?=
PYTHON := .venv/bin/python
PORT ?= 8000
export PORT
# A leftover setting must not leak into a command that chooses its own.
unexport PYTHONPATH PYTHONHOME
# Compiled files are kept: without them every start compiles a thousand modules.
unexport PYTHONDONTWRITEBYTECODE

# Python works on one core while it tests: two workers, each with a database server of its own.
BOTH_CORES := -n 2 --dist worksteal

PACKAGES := odr_portal demo oversight api routing access complaints enterprises accounts authorities web database

.PHONY: help run dev ocr set-up set-up-tests test test-fast test-full list-slow fuzz soak soak-walk package test-install test-cluster prove-cluster prove-faults prove-walls prove-proof attack audit check bench-peers lock translations prove-hosts

help:
	@echo "make run        the portal with demo data at http://localhost:$(PORT)/ (PORT=… for another port)"
	@echo "make dev        the same, restarting what you change"
	@echo "make ocr        install what reads photographed bills (optional, 355 MB)"
	@echo "make test       all tests but the long ones"
	@echo "make test-fast  what is quick; one folder: make test-fast TESTS=tests/accounts"
	@echo "make test-full  everything"
	@echo "make list-slow  measure which tests make test-fast leaves out"
	@echo "make fuzz       50,000 calls of programs as every role (FUZZ_CASES=… FUZZ_SEED=…)"
	@echo "make soak       a million steps of the procedure, then two hours of random faults (SOAK_MINUTES=… SOAK_SEED=…)"
	@echo "make soak-walk  a million steps of the procedure at random (WALK_SEEDS=… WALK_FROM=…)"
	@echo "make prove-faults   the fault tests turn red where a defence is missing (TWIN=…)"
	@echo "make prove-walls    each wall that is taken away turns a test red (TWIN=…)"
	@echo "make prove-hosts    each safety of several hosts that is taken away turns a test red (TWIN=…)"
	@echo "make prove-proof    each check of the record that is taken away turns a test red (TWIN=…)"
	@echo "make package    a wheel with everything compiled in, and a Debian package of it, in dist/"
	@echo "make test-install   docs/install.md word by word on a fresh Debian 13, up to a complaint (root)"
	@echo "make test-cluster   several hosts in network namespaces, one after another dies (root, Debian 13; BLOW=…)"
	@echo "make prove-cluster  the same turns red where a safety is missing (TWIN=…)"
	@echo "make attack     ask a running demo for what is not one's own, as everybody (URL=… PROBES=…)"
	@echo "make audit      recount what a running portal says from its rows (AREA=… MOST=…)"
	@echo "make check      style, types, import order, settings, migrations, what we build on"
	@echo "make bench      what the portal costs, beside the least that this machine can do (15 minutes)"
	@echo "make bench-peers    the same jobs by the portal and by django-helpdesk, in one run (up to 30 minutes)"
	@echo "make lock       pin the requirements anew"

set-up:
	@tools/set-up run "$(PY)"

set-up-tests:
	@tools/set-up test "$(PY)"
	@$(PYTHON) -m odr_portal.processes.local translations

run: set-up
	@exec $(PYTHON) -m odr_portal.processes.local run

dev: set-up
	@exec $(PYTHON) -m odr_portal.processes.local run --reload

test: set-up-tests
	@tools/set-up-browser
	@$(PYTHON) -m pytest -q -m "not full" $(BOTH_CORES)

# Nobody else installs it: without it a photograph is stored, and not read.
ocr: set-up
	@tools/set-up ocr "$(PY)"

TESTS ?=
test-fast: set-up-tests
	@$(PYTHON) -m pytest -q -m "not full and not fault and not browser and not slow" $(BOTH_CORES) $(TESTS)

# Which tests make test-fast leaves out: measured anew, with an hour of patience and nothing else running.
list-slow: set-up-tests
	@$(PYTHON) -m pytest -q -p tests.slow -m "not full and not fault and not browser" $(BOTH_CORES) $(TESTS)

test-full: set-up-tests
	@tools/set-up-browser
	@WALK_SEEDS=20 $(PYTHON) -m pytest -q $(BOTH_CORES)

FUZZ_CASES ?= 50000
FUZZ_SEED ?= 3
fuzz: set-up-tests
	@FUZZ_CASES=$(FUZZ_CASES) FUZZ_SEED=$(FUZZ_SEED) $(PYTHON) -m pytest -q -s tests/api/test_fuzz.py -k make_fuzz

# The walk of the procedure alone goes on from any seed: make soak-walk WALK_FROM=800
WALK_SEEDS ?= 2000
WALK_FROM ?= 0
soak-walk: set-up-tests
	@WALK_SEEDS=$(WALK_SEEDS) WALK_FROM=$(WALK_FROM) $(PYTHON) -m pytest -v $(BOTH_CORES) tests/stateful/test_machine.py -k test_walk

soak: soak-walk
	@$(PYTHON) -m tests.faults.soak

prove-faults: set-up-tests
	@$(PYTHON) -m tests.faults.twins $(TWIN)

prove-walls: set-up-tests
	@$(PYTHON) -m tests.walls.twins $(TWIN)

prove-hosts: set-up-tests
	@$(PYTHON) -m tests.odr_portal.twins $(TWIN)

prove-proof: set-up-tests
	@$(PYTHON) -m tests.proof.twins $(TWIN)

package: set-up-tests
	@tools/package

# Ends with 77 where it cannot be tried: no root, no namespaces.
test-install: set-up-tests
	@$(PYTHON) -m tests.install

# Ends with 77 where it cannot be tried: not Debian 13, no root, no namespaces.
BLOW ?=
test-cluster: set-up-tests
	@$(PYTHON) -m tests.cluster $(BLOW)

prove-cluster: set-up-tests
	@$(PYTHON) -m tests.cluster --prove $(TWIN)

# Of a demo that runs on this machine; docs/how-to/attack.md.
URL ?= http://localhost:$(PORT)
PROBES ?= 6000
attack: set-up-tests
	@$(PYTHON) -m tests.walls.attack --url $(URL) --probes $(PROBES)

# Of the database of DATABASE_URL, else of the portal that `make run` serves from this folder.
AREA ?=
MOST ?=
audit: set-up-tests
	@$(PYTHON) -m tests.audit $(AREA) $(if $(MOST),--most $(MOST))

# ADVISORIES=all.zip: known vulnerabilities of PyPI as a file, where no service is reached.
ADVISORIES ?=
check: set-up-tests
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@.venv/bin/djangofmt --check templates
	@$(PYTHON) -m mypy $(PACKAGES)
	@.venv/bin/lint-imports
	@$(PYTHON) manage.py check
	@$(PYTHON) -W ignore manage.py makemigrations --check --dry-run
	@$(PYTHON) -m pytest -q tests/database/test_rollover.py
	@ADVISORIES="$(ADVISORIES)" tools/check-supply-chain

# BENCH="--quick" or names: make bench BENCH="filing lists"
BENCH ?=
bench: set-up
	@$(PYTHON) -m benchmarks $(BENCH)

# Installs django-helpdesk into .peers the first time. PEERS="--quick" or "--cases 10000 100000"
PEERS ?=
bench-peers: set-up
	@$(PYTHON) -m benchmarks.peers $(PEERS)

translations: set-up
	@$(PYTHON) -m odr_portal.processes.local translations

# The lock names no index, so that it works with whichever one a machine is set to.
lock: set-up-tests
	@for name in requirements requirements-dev requirements-ocr; do \
		.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--no-emit-find-links --no-header $$name.in -o $$name.txt || exit 1; \
	done
