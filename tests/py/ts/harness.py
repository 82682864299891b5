"""Runs engines and compiled modules beside eager PyTorch."""

from collections.abc import Sequence
from typing import Any

import torch
import torch_tensorrt
from torch_tensorrt import ts

from tests.util.tolerance import tolerances


def inputs_of(*tensors: torch.Tensor) -> list[torch_tensorrt.Input]:
    return [torch_tensorrt.Input(tuple(t.shape), dtype=t.dtype) for t in tensors]


def run_engine(engine: bytes, *inputs: torch.Tensor) -> Any:
    """Through a module around the bytes, as a user would."""
    return ts.embed_engine_in_new_module(engine)(*inputs)


def engines_of(module: torch.jit.ScriptModule) -> int:
    """How many engines a compiled module runs."""
    return sum(node.kind() == "tensorrt::execute_engine" for node in module.graph.nodes())


def compiled(model: torch.jit.ScriptModule, inputs: Sequence[Any], **settings: Any) -> torch.jit.ScriptModule:
    return ts.compile(model, inputs=list(inputs), **settings)


def assert_same(actual: Any, expected: Any) -> None:
    """Types exactly, values within the dtype's tolerance, integers exactly; containers element by element."""
    if isinstance(expected, torch.Tensor):
        assert actual.dtype == expected.dtype, f"{actual.dtype}, eager gives {expected.dtype}"
        torch.testing.assert_close(actual, expected, **tolerances(expected.dtype), equal_nan=True)
    elif isinstance(expected, dict):
        assert list(actual) == list(expected)
        for key in expected:
            assert_same(actual[key], expected[key])
    elif isinstance(expected, (tuple, list)):
        assert len(actual) == len(expected)
        for ours, theirs in zip(actual, expected, strict=True):
            assert_same(ours, theirs)
    else:
        assert actual == expected
