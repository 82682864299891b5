"""The committed interface headers are what the generator writes, and both major versions compile."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TENSORRT = ROOT / "third_party" / "tensorrt"
ALL_HEADERS = '#include "NvInferPlugin.h"\n#include "NvOnnxParser.h"\n#include "impl/NvInferPythonPlugin.h"\n'


def generate(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TENSORRT / "generate.py"), *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("major", ["10", "11"])
def test_committed_headers_equal_a_fresh_run(major: str) -> None:
    result = generate("--major", major, "--check")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("standard", ["c++17", "c++20"])
@pytest.mark.parametrize("major", ["10", "11"])
def test_headers_compile_without_warnings(major: str, standard: str) -> None:
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("needs a C++ compiler")
    flags = [
        f"-std={standard}",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-fsyntax-only",
        f"-I{TENSORRT / 'include' / major}",
    ]
    command = [compiler, *flags, f"-I{TENSORRT / 'include' / 'cuda'}", "-x", "c++", "-"]
    result = subprocess.run(command, input=ALL_HEADERS, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
