"""The type contract's lint: values become weights in one file, constants in one, and never through numpy."""

import re
from pathlib import Path

import pytest
import torch_tensorrt.dynamo.conversion as conversion

FOLDER = Path(conversion.__file__).parent
SOURCES = sorted(FOLDER.rglob("*.py"))

RULES = {
    r"\btrt\.Weights\(|[^.\w]Weights\(": {"_weights.py", "_builder.py"},
    r"\.add_constant\(": {"_builder.py"},
    r"np\.float32|numpy\.float32": set(),
    r"\.to\(np\.dtype|\.to\(numpy\.dtype": set(),
    r"dtype in \(trt\.float16, trt\.float32\)": set(),
    r"\.numpy\(\)": {"converter_utils.py"},
    r"use_default=True": set(),
}
"""What may not be written -> the files that own it."""


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(FOLDER)))
def test_values_have_one_owner(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for rule, owners in RULES.items():
            assert not re.search(rule, line) or path.name in owners, f"{path.name}:{number}: {line.strip()}"


def test_the_lint_sees_files():
    assert {"_weights.py", "_builder.py", "converter_utils.py"} <= {p.name for p in SOURCES}


def test_only_the_weight_store_makes_weights_with_values():
    made = [
        (path.name, line.strip())
        for path in SOURCES
        for line in path.read_text().splitlines()
        if re.search(r"trt\.Weights\(", line)
    ]
    assert sorted(name for name, _ in made) == ["_builder.py", "_weights.py"]
    # The builder's one is the empty weights of a layer without a bias.
    assert dict(made)["_builder.py"] == "return trt.Weights(to_trt(self.dtype(like)))"
