#!/usr/bin/env bash
# Builds, tests and times on a machine with an NVIDIA GPU, with the Python that is active there (torch already installed).
#
#   tools/gpu.sh [build|test|demo|bench]...     default: all four
#
# PYTHON: that Python, if it is not the python3 of the path. TORCHTRT_JOBS: parallel compilers (all cores).
set -uo pipefail
case ${1:-} in -h | --help) awk 'NR > 1 && !/^#/ {exit} NR > 1 {sub(/^# ?/, ""); print}' "$0" && exit ;; esac
cd "$(dirname "$0")/.."
export PYTHON=${PYTHON:-$(command -v python3)} PYTHONPATH="$PWD/py${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1 PYTHONHASHSEED=0
export TORCHTRT_EMBEDDED_DEVICE=${TORCHTRT_EMBEDDED_DEVICE:-cuda}
jobs=${TORCHTRT_JOBS:-$(nproc)}
steps=${*:-build test demo bench}
failed=0

step() {
  local name=$1 begun=$SECONDS
  shift
  echo "== $name"
  "$@" || { echo "== $name FAILED ($?)"; failed=1; }
  echo "== $name took $((SECONDS - begun)) s"
}

build() { TORCHTRT_JOBS=$jobs TORCHTRT_CMAKE_ARGS="-DTORCHTRT_BUILD_TESTS=OFF -DTORCHTRT_WERROR=OFF" tools/build.sh; }

# The layer and operator tables run on the GPU; the other tests hold CPU tensors and run beside it.
tests() {
  local pytest=("$PYTHON" -m pytest -q -n 12 --dist worksteal -p no:cacheprovider --timeout 300)
  "${pytest[@]}" tests/engine tests/ops && TORCHTRT_EMBEDDED_DEVICE=cpu "${pytest[@]}" tests/py tests/e2e
}

demo() { "$PYTHON" -m torch_tensorrt.demo --random-weights; }

bench() {
  local script
  for script in benchmarks/[a-z]*.py; do
    echo "-- $script"
    "$PYTHON" "$script" || return 1
  done
}

for name in $steps; do
  case $name in
    build) step build build ;;
    test) step test tests ;;
    demo) step demo demo ;;
    bench) step bench bench ;;
    *) echo "unknown step: $name" >&2; exit 2 ;;
  esac
done
exit $failed
