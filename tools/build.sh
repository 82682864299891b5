#!/usr/bin/env bash
# Configures and builds the C++ parts and copies the finished libraries into the source package (editable installs).
#
#   tools/build.sh [target...]     default: everything; one build at a time in a tree
#   TORCHTRT_TENSORRT_MAJORS="10;11" tools/build.sh     for both versions of the interface, here and from now on
#
# PYTHON: whose torch to build for (.venv/bin/python, else python3). TORCHTRT_JOBS: parallel compilers (all cores).
# TORCHTRT_CMAKE_ARGS: further arguments when build/cmake is made, such as -DTORCHTRT_BUILD_TESTS=OFF.
set -euo pipefail
case ${1:-} in -h | --help) awk 'NR > 1 && !/^#/ {exit} NR > 1 {sub(/^# ?/, ""); print}' "$0" && exit ;; esac
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || python=python3
mkdir -p build
exec 9>build/.lock
flock 9
if [ ! -f build/cmake/build.ninja ]; then
  cmake -S . -B build/cmake -G Ninja -DPython3_EXECUTABLE="$(command -v "$python")" ${TORCHTRT_CMAKE_ARGS:-}
fi
if [ -n "${TORCHTRT_TENSORRT_MAJORS:-}" ]; then
  cmake -S . -B build/cmake "-DTORCHTRT_TENSORRT_MAJORS=$TORCHTRT_TENSORRT_MAJORS" >/dev/null
fi
cmake --build build/cmake --parallel "${TORCHTRT_JOBS:-$(nproc)}" ${@:+--target "$@"}
mkdir -p py/torch_tensorrt/lib
rm -f build/cmake/stage/lib/*.tmp
[ ! -d build/cmake/stage ] || cp -ru --remove-destination build/cmake/stage/. py/torch_tensorrt/
