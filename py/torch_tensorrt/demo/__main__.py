"""Command line of the demo: runs its steps in order and prints a table each;
exit code 1 where a check fails."""

from __future__ import annotations

import argparse
import sys

import torch_tensorrt
from torch_tensorrt.demo import _bfloat16, _minilm, _torchscript
from torch_tensorrt.demo._report import Report

STEPS = {"minilm": _minilm.run, "bfloat16": _bfloat16.run, "torchscript": _torchscript.run}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m torch_tensorrt.demo", description=__doc__)
    parser.add_argument("steps", nargs="*", help=f"which steps to run (default: all): {', '.join(STEPS)}")
    parser.add_argument(
        "--random-weights",
        action="store_true",
        help="MiniLM's configuration with random weights and token ids: needs no model package",
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.steps) - set(STEPS):
        parser.error(f"no such step: {', '.join(sorted(unknown))}; there are {', '.join(STEPS)}")
    report = Report(str(torch_tensorrt.provider()))
    for name in arguments.steps or STEPS:
        STEPS[name](report, arguments)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
