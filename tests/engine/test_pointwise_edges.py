"""What fused pointwise chains compute at the edges: NaN, infinities, division by zero, overflow, casts."""

from __future__ import annotations

from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import STATIC_AND_DYNAMIC, check, run_engine, sample
from tests.engine._passes import built

OP, ACT, UNARY = trt.ElementWiseOperation, trt.ActivationType, trt.UnaryOperation
NAME = "fuse_pointwise"


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_integers_wrap_and_divide_as_alone(dtype: torch.dtype, dynamic: bool) -> None:
    x = torch.tensor([torch.iinfo(dtype).min, torch.iinfo(dtype).max, -7, 7, 0, 5, -3, 1], dtype=dtype)
    y = torch.tensor([-1, 2, 2, -2, 0, 0, -1, 3], dtype=dtype)

    def build(n: Any, x: Any, y: Any) -> list[Any]:
        binary = lambda a, b, op: n.add_elementwise(a, b, op).get_output(0)  # noqa: E731
        negative = n.add_unary(x, UNARY.NEG).get_output(0)
        double = binary(x, x, OP.SUM)
        return [
            binary(negative, y, OP.DIV),
            binary(double, y, OP.FLOOR_DIV),
            binary(binary(double, double, OP.PROD), y, OP.SUB),
            binary(n.add_unary(x, UNARY.ABS).get_output(0), y, OP.POW),
        ]

    def reference(x: torch.Tensor, y: torch.Tensor) -> list[torch.Tensor]:
        safe = y.masked_fill((y == 0) | (y == -1), 1)

        def divide(a: torch.Tensor, mode: str) -> torch.Tensor:
            return torch.where(y == -1, -a, torch.div(a, safe, rounding_mode=mode)).masked_fill(y == 0, 0)

        return [divide(-x, "trunc"), divide(2 * x, "floor"), 4 * x * x - y, torch.pow(x.abs(), y)]

    check(build, [x, y], reference, dynamic=dynamic, dtypes=[dtype] * 4)


EDGES = torch.tensor([float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1e30, -1e30, 2.5, -2.5, 1e-40])
SMOOTH = [
    UNARY.EXP,
    UNARY.SQRT,
    UNARY.RECIP,
    UNARY.ABS,
    UNARY.NEG,
    UNARY.ERF,
    UNARY.CEIL,
    UNARY.FLOOR,
    UNARY.ROUND,
]


@pytest.mark.parametrize(
    "op", [*SMOOTH, UNARY.SIGN, UNARY.ATAN, UNARY.ASINH, UNARY.LOG], ids=lambda op: op.name
)
def test_unary_edges(op: trt.UnaryOperation) -> None:
    """As the layer alone: level 0 fuses nothing."""

    def build(n: Any, x: Any, y: Any) -> Any:
        return n.add_elementwise(n.add_unary(x, op).get_output(0), y, OP.SUM).get_output(0)

    same_as_parts(build, [EDGES, torch.zeros_like(EDGES)])


@pytest.mark.parametrize("kind", list(ACT.__members__.values()), ids=lambda kind: kind.name)
def test_activation_edges(kind: trt.ActivationType) -> None:
    def build(n: Any, x: Any, y: Any) -> Any:
        layer = n.add_activation(x, kind)
        layer.alpha, layer.beta = 0.5, 1.5
        return n.add_elementwise(layer.get_output(0), y, OP.SUM).get_output(0)

    same_as_parts(build, [EDGES, torch.zeros_like(EDGES)])


@pytest.mark.parametrize("op", list(OP.__members__.values()), ids=lambda op: op.name)
def test_elementwise_edges(op: trt.ElementWiseOperation) -> None:
    if op in (OP.AND, OP.OR, OP.XOR):
        x, y = (sample((64,), torch.bool, seed=i) for i in (0, 1))
    else:
        x, y = EDGES.repeat_interleave(len(EDGES)), EDGES.repeat(len(EDGES))
    compares = x.dtype == torch.bool or op in (OP.EQUAL, OP.GREATER, OP.LESS)

    def build(n: Any, x: Any, y: Any) -> Any:
        z = n.add_elementwise(x, y, op).get_output(0)
        return n.add_unary(z, UNARY.NOT if compares else UNARY.NEG).get_output(0)

    same_as_parts(build, [x, y])


def same_as_parts(build: Any, inputs: list[torch.Tensor]) -> None:
    fused, changed = built(build, inputs)
    plain, _ = built(build, inputs, level=0)
    assert NAME in changed
    torch.testing.assert_close(run_engine(fused, inputs), run_engine(plain, inputs), equal_nan=True)


CASTS = [torch.float16, torch.bfloat16, torch.int32, torch.int64, torch.bool]


@pytest.mark.parametrize("dtype", CASTS)
def test_casts_keep_their_effect(dtype: torch.dtype) -> None:
    """x -> dtype -> float32, times one: what the narrower type does not hold is gone."""
    x = torch.cat([EDGES, sample((200,), low=-40, high=40)])
    narrow = trt.DataType.BOOL if dtype == torch.bool else getattr(trt, str(dtype).removeprefix("torch."))

    def build(n: Any, x: Any, one: Any) -> Any:
        inside = n.add_cast(n.add_cast(x, narrow).get_output(0), trt.float32).get_output(0)
        return n.add_elementwise(inside, one, OP.PROD).get_output(0)

    same_as_parts(build, [x, torch.ones_like(x)])
