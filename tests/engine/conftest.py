"""Engine tests speak to the embedded engine through NVIDIA's bindings, whatever the machine has installed."""

import os
from collections.abc import Generator

import pytest

os.environ.setdefault("TORCHTRT_PROVIDER", "embedded")

import torch_tensorrt  # noqa: E402, F401  (loads the engine's libraries, then `tensorrt` works)

# isort: split
import tensorrt as trt  # noqa: E402

VERSION = tuple(int(part) for part in trt.__version__.split(".")[:2])


def is_older(version: tuple[int, ...]) -> bool:
    """Than what the tests are written for: older bindings of either major lack members and arguments of some."""
    return version < (10, 16) or (11, 0) <= version < (11, 4)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Generator[None, object, object]:
    """A test that asks older bindings for what they do not have is skipped, with what they lack as the reason."""
    try:
        return (yield)
    except (AttributeError, TypeError) as error:
        lacks = "tensorrt_bindings" in str(error) and (
            "has no attribute" in str(error) or "incompatible function arguments" in str(error)
        )
        if not is_older(VERSION) or not lacks:
            raise
        pytest.skip(f"not in these bindings: {str(error).splitlines()[0]}")
