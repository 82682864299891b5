#!/usr/bin/env bash
# Runs a command with one version of NVIDIA's bindings in the place of the installed one.
#
#   tools/with_bindings.sh 10.13.2 python -m pytest tests/engine
#
# They are fetched once, into build/bindings. PYTHON: whose pip fetches them (.venv/bin/python).
set -euo pipefail
case ${1:-} in -h | --help) awk 'NR > 1 && !/^#/ {exit} NR > 1 {sub(/^# ?/, ""); print}' "$0" && exit ;; esac
[ $# -ge 2 ] || { echo "usage: $0 VERSION COMMAND..." >&2; exit 2; }
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
