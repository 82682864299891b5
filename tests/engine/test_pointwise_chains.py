"""Random expressions of layers that work element by element, fused, against float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, run_engine, sample
from tests.engine._passes import built
from tests.util.oracle import assert_close_or_as_good

OP, ACT, UNARY = trt.ElementWiseOperation, trt.ActivationType, trt.UnaryOperation
Apply = tuple[Callable[..., Any], Callable[..., torch.Tensor]]


def unary(op: trt.UnaryOperation, function: Callable[..., torch.Tensor]) -> Apply:
    return lambda n, x: n.add_unary(x, op).get_output(0), function


def activation(
    kind: trt.ActivationType, function: Callable[..., torch.Tensor], alpha: float = 0, beta: float = 0
) -> Apply:
    def add(n: Any, x: Any) -> Any:
        layer = n.add_activation(x, kind)
        layer.alpha, layer.beta = alpha, beta
        return layer.get_output(0)

    return add, function


def binary(op: trt.ElementWiseOperation, function: Callable[..., torch.Tensor]) -> Apply:
    return lambda n, x, y: n.add_elementwise(x, y, op).get_output(0), function


F = torch.nn.functional
ONE: list[Apply] = [
    unary(UNARY.NEG, torch.neg),
    unary(UNARY.ABS, torch.abs),
    unary(UNARY.SIN, torch.sin),
    unary(UNARY.ERF, torch.erf),
    unary(UNARY.ATAN, torch.atan),
    activation(ACT.RELU, torch.relu),
    activation(ACT.SIGMOID, torch.sigmoid),
    activation(ACT.TANH, torch.tanh),
    activation(ACT.GELU_ERF, F.gelu),
    activation(ACT.GELU_TANH, lambda x: F.gelu(x, approximate="tanh")),
    activation(ACT.SOFTSIGN, F.softsign),
    activation(ACT.SOFTPLUS, lambda x: 0.5 * F.softplus(2 * x), 0.5, 2.0),
    activation(ACT.ELU, lambda x: F.elu(x, 0.75), 0.75),
    activation(ACT.LEAKY_RELU, lambda x: F.leaky_relu(x, 0.25), 0.25),
    activation(ACT.CLIP, lambda x: x.clamp(-1, 2), -1.0, 2.0),
    activation(ACT.HARD_SIGMOID, lambda x: (0.25 * x + 0.5).clamp(0, 1), 0.25, 0.5),
]
TWO: list[Apply] = [
    binary(OP.SUM, torch.add),
    binary(OP.SUB, torch.sub),
    binary(OP.MAX, torch.maximum),
    binary(OP.MIN, torch.minimum),
    binary(OP.PROD, torch.mul),
]
SELECT = len(ONE) + len(TWO)
"""One operand where an input is positive, another elsewhere: inputs are exact, so both sides choose alike."""


class Expression:
    """Step by step: an operation on values so far; values 0 to 2 are inputs, 3 a constant."""

    def __init__(self, steps: list[tuple[int, int, int, int]], outputs: int) -> None:
        self.steps, self.outputs = steps, outputs

    def values(self, given: list[Any], apply: Callable[[int, list[Any]], Any]) -> list[Any]:
        """The outputs: the last value, and others that are not inputs."""
        values = list(given)
        for kind, *operands in self.steps:
            values.append(apply(kind, [values[max(0, len(values) - 1 - o)] for o in operands] + [given[0]]))
        made = values[len(given) :]
        return list(dict.fromkeys(made[-1 - 2 * i] for i in range(min(self.outputs, (len(made) + 1) // 2))))

    def build(self, dtype: torch.dtype, rank: int) -> Callable[..., list[Any]]:
        def add(n: Any, *inputs: Any) -> list[Any]:
            half = n.constant(torch.full((1,) * rank, 0.5, dtype=dtype))
            zero = n.constant(torch.zeros((1,) * rank, dtype=dtype))

            def apply(kind: int, x: list[Any]) -> Any:
                if kind < len(ONE):
                    return ONE[kind][0](n, x[0])
                if kind < SELECT:
                    return TWO[kind - len(ONE)][0](n, x[0], x[1])
                positive = n.add_elementwise(x[-1], zero, OP.GREATER).get_output(0)
                return n.add_select(positive, x[0], x[1]).get_output(0)

            return self.values([*inputs, half], apply)

        return add

    def __call__(self, *inputs: torch.Tensor) -> list[torch.Tensor]:
        def apply(kind: int, x: list[torch.Tensor]) -> torch.Tensor:
            if kind < len(ONE):
                return ONE[kind][1](x[0])
            if kind < SELECT:
                return TWO[kind - len(ONE)][1](x[0], x[1])
            return torch.where(x[-1] > 0, x[0], x[1])

        half = inputs[0].new_full((1,) * inputs[0].dim(), 0.5)
        return self.values([*inputs, half], apply)


STEPS = st.lists(
    st.tuples(st.integers(0, SELECT), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)),
    min_size=2,
    max_size=12,
)
AXES = st.lists(st.integers(1, 5), min_size=0, max_size=4)


@st.composite
def shapes(draw: Any) -> list[tuple[int, ...]]:
    """Three that broadcast, the first whole."""
    whole = tuple(draw(AXES))
    if draw(st.integers(0, 9)) == 0 and whole:
        whole = (0, *whole[1:])
    if draw(st.integers(0, 4)) == 0:
        whole = (*whole, 8, 64, 512)[-4:]
    others = [tuple(n if draw(st.booleans()) else 1 for n in whole) for _ in range(2)]
    return [whole, *others]


def compare(expression: Expression, inputs: list[torch.Tensor]) -> None:
    build = expression.build(inputs[0].dtype, inputs[0].dim())
    fused, parts = (run_engine(built(build, inputs, level)[0], inputs) for level in (3, 0))
    wanted = expression(*(x.double() for x in inputs))
    assert len(fused) == len(parts) == len(wanted)
    for y, plain, exact in zip(fused, parts, wanted, strict=True):
        assert y.shape == exact.shape
        assert_close_or_as_good(y, plain, lambda exact=exact: exact, exact.to(y.dtype))


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, shapes=shapes(), dtype=st.sampled_from(FLOATS), outputs=st.integers(1, 3))
def test_random_expressions(
    steps: list[tuple[int, int, int, int]],
    shapes: list[tuple[int, ...]],
    dtype: torch.dtype,
    outputs: int,
) -> None:
    compare(Expression(steps, outputs), [sample(shape, dtype, seed=i) for i, shape in enumerate(shapes)])


@pytest.mark.parametrize("dtype", FLOATS)
def test_every_operation_in_one_chain(dtype: torch.dtype) -> None:
    steps = [(kind, 0, 4, 0) for kind in range(SELECT + 1)]
    inputs = [sample(shape, dtype, seed=i) for i, shape in enumerate([(3, 40), (3, 1), (1, 40)])]
    compare(Expression(steps, 2), inputs)


def layer_count(build: Any, inputs: list[torch.Tensor]) -> int:
    logger = trt.Logger(trt.Logger.ERROR)
    plan, changed = built(build, inputs)
    assert "fuse_pointwise" in changed
    return trt.Runtime(logger).deserialize_cuda_engine(plan).num_layers


def test_a_value_that_others_use_becomes_a_result() -> None:
    """y = relu(x) goes on in the chain and into a product of matrices: one layer computes both."""
    x = sample((4, 4))

    def build(n: Any, x: Any) -> list[Any]:
        y = n.add_activation(x, ACT.RELU).get_output(0)
        none = trt.MatrixOperation.NONE
        product = n.add_matrix_multiply(y, none, x, none).get_output(0)
        return [n.add_unary(y, UNARY.EXP).get_output(0), product]

    assert layer_count(build, [x]) == 2
    exp, product = run_engine(built(build, [x])[0], [x])
    torch.testing.assert_close(exp, torch.relu(x).exp())
    torch.testing.assert_close(product, torch.relu(x) @ x)


def test_a_detour_through_another_layer_breaks_the_chain() -> None:
    """y = relu(x), z = y + softmax(y): the sum cannot be computed in one layer with y."""
    x = sample((4, 6))

    def build(n: Any, x: Any) -> Any:
        y = n.add_unary(n.add_activation(x, ACT.RELU).get_output(0), UNARY.NEG).get_output(0)
        softmax = n.add_softmax(y)
        softmax.axes = 1 << 1
        return n.add_unary(
            n.add_elementwise(y, softmax.get_output(0), OP.SUM).get_output(0), UNARY.NEG
        ).get_output(0)

    assert layer_count(build, [x]) == 3
    y = -torch.relu(x)
    torch.testing.assert_close(run_engine(built(build, [x])[0], [x])[0], -(y + y.softmax(-1)))
