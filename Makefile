# Two commands do everything on a fresh machine: `make demo` and `make test`. A second call rebuilds only what changed.
#
#   make demo       set up, build, run the demo
#   make test       set up, build, run all tests (C++ and Python)
#   make build      set up and build only
#   make wheel      dist/*.whl
#   make fuzz       the tests with random examples that differ from run to run (those of `make test` repeat)
#   make test-bindings   the tests of the engine with every version of NVIDIA's bindings, 10 and 11
#   make sanitize   the C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer
#   make bench      benchmarks/
#   make lint       ruff, mypy
#   make clean      removes build output (not .venv)
#   make help       prints this
#
# Variables: BASE_PYTHON (makes .venv; python3), JOBS (all cores), PYTEST_ARGS, BINDINGS (versions for test-bindings).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

BASE_PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
JOBS ?= $(shell nproc)
PYTEST_ARGS ?=
HYPOTHESIS_PROFILE ?= repeatable
BINDINGS ?= 10.13.2 10.13.3 10.14 10.15.1 10.16.1 11.0 11.1 11.4

.PHONY: demo test test-cpp test-py test-bindings sanitize fuzz build wheel bench lint clean help

demo: build
	$(PY) -m torch_tensorrt.demo

test: test-cpp test-py

test-cpp: build build/.gtest
	PYTHON=$(abspath $(PY)) TORCHTRT_JOBS=$(JOBS) tools/build.sh
	ctest --test-dir build/cmake --output-on-failure --timeout 900

test-py: build
	PYTHONHASHSEED=0 $(PY) -m pytest tests -q -n $(JOBS) --dist worksteal \
	  --hypothesis-profile=$(HYPOTHESIS_PROFILE) $(PYTEST_ARGS)

test-bindings: build
	PYTHON=$(abspath $(PY)) TORCHTRT_JOBS=$(JOBS) TORCHTRT_TENSORRT_MAJORS="10;11" tools/build.sh packaged
	failed=; for version in $(BINDINGS); do echo "== bindings $$version"; \
	  PYTHON=$(PY) tools/with_bindings.sh $$version $(PY) -m pytest tests/engine -q -n $(JOBS) --dist worksteal \
	    --hypothesis-profile=$(HYPOTHESIS_PROFILE) $(PYTEST_ARGS) || failed="$$failed $$version"; done; \
	  [ -z "$$failed" ] || { echo "failed with bindings$$failed" >&2; exit 1; }

# Leaks are left out: torch and Python keep what they made until the process ends.
sanitize: $(VENV)/.requirements build/.gtest
	cmake -S . -B build/sanitize/cmake -G Ninja -DPython3_EXECUTABLE=$(abspath $(PY)) -DTORCHTRT_SANITIZE=ON
	cmake --build build/sanitize/cmake --parallel $(JOBS)
	ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
	  ctest --test-dir build/sanitize/cmake --output-on-failure --timeout 1800

fuzz:
	$(MAKE) test-py HYPOTHESIS_PROFILE=default

# The Python side: stamps are newer than what they were made from.
$(VENV)/.created:
	$(BASE_PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q --disable-pip-version-check "pip>=24" "setuptools>=77" wheel
	touch $@

$(VENV)/.requirements: $(VENV)/.created requirements.txt requirements-nodeps.txt
	$(PY) -m pip install -q --disable-pip-version-check -r requirements.txt
	$(PY) -m pip install -q --disable-pip-version-check --no-deps -r requirements-nodeps.txt
	touch $@

build/.gtest: tools/gtest.sh
	mkdir -p build
	tools/gtest.sh
	touch $@

build: $(VENV)/.requirements build/.gtest
	PYTHON=$(abspath $(PY)) TORCHTRT_JOBS=$(JOBS) tools/build.sh packaged
	@[ $(VENV)/.installed -nt pyproject.toml ] && [ $(VENV)/.installed -nt setup.py ] \
	  || { $(PY) -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e . && touch $(VENV)/.installed; }

wheel: $(VENV)/.requirements
	$(PY) -m pip wheel -q --no-build-isolation --no-deps -w dist .

bench: build
	for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(PY) $$script; done

lint: build
	$(PY) -m ruff check .
	$(PY) -m mypy py/torch_tensorrt

help:
	@awk '!/^#/ {exit} {sub(/^# ?/, ""); print}' Makefile

clean:
	rm -rf build dist py/torch_tensorrt/lib py/torch_tensorrt/_C*.so
