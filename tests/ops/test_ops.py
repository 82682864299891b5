"""Runs the operator table through the Dynamo front end:
static shapes in every type, and a dynamic first axis."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
import torch_tensorrt

from tests.ops import rows_math, rows_nn, rows_scatter, rows_shape  # noqa: F401  (fill the table)
from tests.ops._case import CASES, Case
from tests.util.oracle import assert_close_or_as_good

BATCHES = (1, 2, 3, 5)


class Row(torch.nn.Module):
    """A row's function with its parameters."""

    def __init__(self, row: Case, dtype: torch.dtype) -> None:
        super().__init__()
        self.function = row.function
        generator = torch.Generator().manual_seed(7)
        self.weights = torch.nn.ParameterList(
            torch.nn.Parameter(torch.randn(shape, generator=generator).to(dtype), requires_grad=False)
            for shape in row.parameters
        )

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.function(*inputs, *self.weights)


def device() -> torch.device:
    return torch.device(torch_tensorrt.provider().device)


def inputs_of(row: Case, dtype: torch.dtype, batch: int | None = None) -> list[torch.Tensor]:
    return [s.tensor(dtype, batch, seed).to(device()) for seed, s in enumerate(row.samples)]


def listed(result: Any) -> list[torch.Tensor]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def compare(compiled: Any, module: Row, inputs: list[torch.Tensor]) -> None:
    """Types, shapes and devices equal eager's; integers are exact; floats by tests/util/oracle.py."""
    with torch.no_grad():
        actual, expected = listed(compiled(*inputs)), listed(module(*inputs))
    assert len(actual) == len(expected)
    for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
        assert (a.dtype, a.shape, a.device) == (e.dtype, e.shape, e.device)
        assert_close_or_as_good(a, e, lambda i=i: exact(module, inputs)[i])


def exact(module: Row, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    """The row in float64."""
    doubled = copy.deepcopy(module).double()
    with torch.no_grad():
        return listed(doubled(*(t.double() if t.is_floating_point() else t for t in inputs)))


STATIC = [(row, dtype) for row in CASES for dtype in row.dtypes]
DYNAMIC = [row for row in CASES if row.dynamic]


def short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


@pytest.mark.parametrize(("row", "dtype"), STATIC, ids=[f"{r.name}-{short(d)}" for r, d in STATIC])
def test_static(row: Case, dtype: torch.dtype, request: pytest.FixtureRequest) -> None:
    if dtype in row.xfail:
        request.applymarker(pytest.mark.xfail(reason=row.xfail[dtype], strict=True))
    module, inputs = Row(row, dtype).eval().to(device()), inputs_of(row, dtype)
    compiled = torch_tensorrt.compile(module, inputs=inputs, min_block_size=1, require_full_compilation=True)
    compare(compiled, module, inputs)


@pytest.mark.parametrize("row", DYNAMIC, ids=[row.name for row in DYNAMIC])
def test_dynamic(row: Case) -> None:
    """One engine serves every length of the first axis in the range."""
    dtype = row.dtypes[0]
    module, examples = Row(row, dtype).eval().to(device()), inputs_of(row, dtype, batch=3)
    axes = {0: torch.export.Dim("batch", min=BATCHES[0], max=BATCHES[-1])}
    shapes = (tuple(axes if s.dynamic else {} for s in row.samples),)
    program = torch.export.export(module, tuple(examples), dynamic_shapes=shapes, strict=False)
    compiled = torch_tensorrt.dynamo.compile(
        program, inputs=examples, min_block_size=1, require_full_compilation=True
    )
    for batch in BATCHES:
        compare(compiled, module, inputs_of(row, dtype, batch))
