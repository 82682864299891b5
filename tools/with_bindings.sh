#!/usr/bin/env bash
# Runs a command with one version of NVIDIA's bindings in the place of the installed one.
#
#   tools/with_bindings.sh 10.13.2 python -m pytest tests/engine
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
version=$1
shift
folder=$PWD/build/bindings/$version
if [ ! -f "$folder/.complete" ]; then
  rm -rf "$folder"
  "$python" -m pip install -q --disable-pip-version-check --no-deps --target "$folder" "tensorrt-cu13-bindings==$version.*"
  touch "$folder/.complete"
fi
PYTHONPATH=$folder${PYTHONPATH:+:$PYTHONPATH} exec "$@"
