"""Mixture of experts against its formula, token by token."""

from __future__ import annotations

import math
from typing import Any

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, INDICES, Net, build_error, check, growing, run, sample
from tests.engine._members import should_have
from tests.engine._session import MAJOR, Session
from tests.util.tolerance import tolerances

if not should_have("MoEActType"):
    pytest.skip("these bindings know no mixture of experts", allow_module_level=True)

SILU = trt.MoEActType.SILU
FEATURES, INNER = 6, 8
ONES = (1,) * (2 if MAJOR == 10 else 3)
"""Lengths of a block before that of the features: batch, sequence and, since version 11, k."""


class Experts:
    """Weights of some experts, as constants of a network and as float64 tensors."""

    def __init__(self, count: int, dtype: torch.dtype, biases: bool = False, inner: int = INNER) -> None:
        shapes = [(count, FEATURES, inner), (count, FEATURES, inner), (count, inner, FEATURES)]
        self.weights = [sample(shape, dtype, -1, 1, seed=i) for i, shape in enumerate(shapes)]
        self.biases = [
            sample((count, shape[2]), dtype, -1, 1, seed=9 + i) for i, shape in enumerate(shapes) if biases
        ]

    def build(self, n: Net, *x: trt.ITensor) -> trt.IMoELayer:
        layer = n.add_moe(*x)
        layer.set_gated_weights(*(n.constant(w) for w in self.weights), SILU)
        if self.biases:
            layer.set_gated_biases(*(n.constant(b) for b in self.biases))
        return layer

    def reference(
        self,
        x: torch.Tensor,
        selected: torch.Tensor,
        scores: torch.Tensor,
        limit: float = math.inf,
        alpha: float = 1.0,
        beta: float = 0.0,
        through: Any = lambda product: product,
    ) -> torch.Tensor:
        out = torch.zeros_like(x)
        gate, up, down = (w.to(x.dtype) for w in self.weights)
        for b, s, k in (
            (b, s, k) for b in range(x.shape[0]) for s in range(x.shape[1]) for k in range(scores.shape[2])
        ):
            e = int(selected[b, s, k])
            if not 0 <= e < len(gate):
                continue
            bias = [w.to(x.dtype)[e] for w in self.biases] or [0, 0, 0]
            g = (x[b, s] @ gate[e] + bias[0]).clamp(max=limit)
            u = (x[b, s] @ up[e] + bias[1]).clamp(-limit, limit)
            product = through(g * torch.sigmoid(alpha * g) * (u + beta))
            out[b, s] += scores[b, s, k] * (product @ down[e] + bias[2])
        return out


def tokens(
    experts: int,
    batch: int = 2,
    length: int = 5,
    k: int = 2,
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
) -> list[torch.Tensor]:
    selected = (
        sample((batch, length, k), torch.int32, 0, experts, seed)
        if experts
        else torch.zeros(batch, length, k)
    )
    return [
        sample((batch, length, FEATURES), dtype, -1, 1, seed),
        selected.int(),
        sample((batch, length, k), dtype, 0, 1, seed + 1),
    ]


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("dtype", FLOATS)
def test_types(dtype: torch.dtype, biases: bool, dynamic: bool) -> None:
    experts = Experts(4, dtype, biases)
    x = tokens(4, dtype=dtype)
    check(experts.build, x, experts.reference, dynamic=[growing(t, 0, 1) for t in x] if dynamic else False)


@pytest.mark.parametrize("index_type", INDICES)
def test_experts_that_do_not_exist_select_nothing(index_type: torch.dtype) -> None:
    experts = Experts(3, torch.float32, biases=True)
    x, _, scores = tokens(3, batch=1, length=3)
    selected = torch.tensor([[[0, -1], [3, 2], [-1, 100]]], dtype=index_type)
    check(experts.build, [x, selected, scores], experts.reference)


@pytest.mark.parametrize(
    ("experts", "length", "k"), [(64, 1, 2), (1, 9, 1), (2, 40, 3), (3, 0, 2), (3, 4, 0)]
)
def test_few_and_many_tokens(experts: int, length: int, k: int) -> None:
    made = Experts(experts, torch.float32)
    check(made.build, tokens(experts, length=length, k=k), made.reference)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 6),
    st.integers(0, 3),
    st.integers(0, 6),
    st.integers(1, 3),
    st.booleans(),
    st.integers(0, 9),
)
def test_any_tokens(experts: int, batch: int, length: int, k: int, biases: bool, seed: int) -> None:
    made = Experts(experts, torch.float32, biases)
    check(made.build, tokens(experts, batch, length, k, seed=seed), made.reference)


@pytest.mark.parametrize(
    ("limit", "alpha", "beta"),
    [(0.3, 1.0, 0.0), (math.inf, 1.702, 0.0), (math.inf, 1.0, 1.0), (0.5, 1.702, 1.0)],
)
def test_gating(limit: float, alpha: float, beta: float) -> None:
    experts = Experts(3, torch.float32)

    def build(n: Net, *x: trt.ITensor) -> trt.IMoELayer:
        layer = experts.build(n, *x)
        layer.set_swiglu_params(limit, alpha, beta)
        return layer

    check(build, tokens(3), lambda *x: experts.reference(*x, limit, alpha, beta))


# ---- quantization of the product


FP4 = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6])


def to_fp4(x: torch.Tensor) -> torch.Tensor:
    """The nearest value, ties to that with the even code."""
    distance = (x.abs().clamp(max=6)[..., None] - FP4.double()).abs()
    even = torch.tensor([0, 1, 0, 1, 0, 1, 0, 1]) * 1e-12
    return FP4.double()[(distance + even).argmin(-1)] * x.sign()


def to_fp8(x: torch.Tensor) -> torch.Tensor:
    return x.float().clamp(-448, 448).to(torch.float8_e4m3fn).double()


ROUND = {trt.fp8: to_fp8, trt.fp4: to_fp4}


def assert_quantized_close(engine: torch.Tensor, exact: torch.Tensor) -> None:
    """As close as float32 is: products whose last bits decide between two steps of the grid are one in 10^5,
    and none of them is here."""
    torch.testing.assert_close(engine, exact.float(), **tolerances(torch.float32))


@pytest.mark.parametrize("to", [trt.fp8, trt.fp4], ids=str)
def test_static_quantization(to: trt.DataType) -> None:
    experts, scale = Experts(3, torch.float32), 0.05

    def build(n: Net, *x: trt.ITensor) -> trt.IMoELayer:
        layer = experts.build(n, *x)
        layer.set_quantization_static(n.constant(torch.tensor(scale)), to)
        return layer

    x = tokens(3)
    (y,) = run(build, x)
    double = [t.double() if t.is_floating_point() else t for t in x]
    exact = experts.reference(*double, through=lambda p: ROUND[to](p / scale) * scale)
    assert_quantized_close(y, exact)
    assert not torch.allclose(y.double(), experts.reference(*double))


@pytest.mark.parametrize("block", [4, 8, -1])
def test_dynamic_quantization(block: int) -> None:
    experts, scale = Experts(3, torch.float32, inner=16), 0.01

    def build(n: Net, *x: trt.ITensor) -> trt.IMoELayer:
        layer = experts.build(n, *x)
        layer.set_quantization_dynamic_dbl_q(
            n.constant(torch.tensor(scale)), trt.fp4, (*ONES, block), trt.fp8
        )
        return layer

    def through(product: torch.Tensor) -> torch.Tensor:
        blocks = product.unflatten(-1, (-1, 16 if block == -1 else block))
        own = to_fp8((blocks.abs().amax(-1, keepdim=True) / 6 / scale).clamp(min=1 / 512)) * scale
        return (to_fp4(blocks / own) * own).flatten(-2)

    x = tokens(3)
    (y,) = run(build, x)
    assert_quantized_close(
        y, experts.reference(*[t.double() if t.is_floating_point() else t for t in x], through=through)
    )


def test_fields() -> None:
    session = Session()
    net = Net(session.network)
    x = [
        session.input("x", (1, 2, FEATURES)),
        session.input("e", (1, 2, 2), trt.int32),
        session.input("s", (1, 2, 2)),
    ]
    layer = net.add_moe(*x)
    assert int(layer.type) == 55 and layer.num_inputs == 3
    assert layer.activation_type == trt.MoEActType.NONE and layer.quantization_to_type == trt.float32
    assert layer.swiglu_param_limit == math.inf
    assert (layer.swiglu_param_alpha, layer.swiglu_param_beta) == (1, 0)
    experts = Experts(2, torch.float32)
    layer.set_gated_weights(*(net.constant(w) for w in experts.weights), SILU)
    assert layer.activation_type == SILU and layer.num_inputs == 6
    layer.swiglu_param_limit, layer.swiglu_param_alpha, layer.swiglu_param_beta = 7, 2, 3
    assert (layer.swiglu_param_limit, layer.swiglu_param_alpha, layer.swiglu_param_beta) == (7, 2, 3)
    scale = net.constant(torch.tensor(0.5))
    layer.set_quantization_dynamic_dbl_q(scale, trt.fp4, (*ONES, 4), trt.fp8)
    assert layer.quantization_to_type == trt.fp4 and tuple(layer.quantization_block_shape) == (*ONES, 4)
    assert layer.dyn_q_output_scale_type == trt.fp8
    layer.set_quantization_static(scale, trt.fp8)  # the last call wins
    assert layer.quantization_to_type == trt.fp8
    layer.quantization_to_type = trt.float32
    assert layer.quantization_to_type == trt.float32
    layer.set_input(1, session.input("e64", (1, 2, 2), trt.int64))
    assert session.logger.errors() == []
    layer.set_input(3, x[0])
    assert "not 3" in session.logger.last_error()
    layer.quantization_block_shape = (1, 4)
    assert f"has {len(ONES) + 1} lengths" in session.logger.last_error()
    assert tuple(layer.get_output(0).shape) == (1, 2, FEATURES)


def test_refused_setters_change_nothing() -> None:
    session = Session()
    net, experts = Net(session.network), Experts(2, torch.float32)
    x = [
        session.input("x", (1, 2, FEATURES)),
        session.input("e", (1, 2, 2), trt.int32),
        session.input("s", (1, 2, 2)),
    ]
    layer = experts.build(net, *x)
    before = [layer.get_input(i) for i in range(layer.num_inputs)]
    gate, up, down = (net.constant(w) for w in Experts(2, torch.float16).weights)
    layer.set_gated_weights(before[3], up, down, SILU)  # c2
    assert "like the hidden states" in session.logger.last_error()
    layer.set_gated_weights(gate, up, down, trt.MoEActType.NONE)  # c8
    assert "has to be SiLU" in session.logger.last_error()
    layer.activation_type = trt.MoEActType.NONE  # c8
    assert "has to be SiLU" in session.logger.last_error()
    scale = net.constant(torch.tensor(0.5))
    layer.set_quantization_static(scale, trt.int8)  # c9
    assert "float8 or float4" in session.logger.last_error()
    layer.set_quantization_static(net.constant(torch.tensor(1)), trt.fp8)  # c9
    assert "of a floating type" in session.logger.last_error()
    layer.dyn_q_output_scale_type = trt.float32  # c10
    assert "float8, not float32" in session.logger.last_error()
    layer.swiglu_param_limit = -1  # c11
    assert "must not be negative" in session.logger.last_error()
    assert [layer.get_input(i).name for i in range(6)] == [t.name for t in before]
    assert layer.activation_type == SILU and layer.quantization_to_type == trt.float32
    assert layer.swiglu_param_limit == math.inf


def test_refusals() -> None:
    experts = Experts(2, torch.float32)
    x, selected, scores = tokens(2)

    def quantized(scale: torch.Tensor, block: tuple[int, ...] | None = None) -> Any:
        def build(n: Net, *x: trt.ITensor) -> trt.IMoELayer:
            layer = experts.build(n, *x)
            if block is None:
                layer.set_quantization_static(n.constant(scale), trt.fp8)
            else:
                layer.set_quantization_dynamic_dbl_q(n.constant(scale), trt.fp4, block, trt.fp8)
            return layer

        return build

    def with_weights(index: int, weights: torch.Tensor) -> Any:
        def build(n: Net, *x: trt.ITensor) -> trt.IMoELayer:
            layer = n.add_moe(*x)
            given = list(experts.weights)
            given[index] = weights
            layer.set_gated_weights(*(n.constant(w) for w in given), SILU)
            return layer

        return build

    def with_biases(*biases: torch.Tensor) -> Any:
        def build(n: Net, *x: trt.ITensor) -> trt.IMoELayer:
            layer = experts.build(n, *x)
            layer.set_gated_biases(*(n.constant(b) for b in biases))
            return layer

        return build

    def bare(n: Net, *x: trt.ITensor) -> trt.IMoELayer:
        return n.add_moe(*x)

    every = [x, selected, scores]
    assert "float32, float16 or bfloat16" in build_error(bare, [x.int(), selected, scores.int()])  # c2
    assert "like the hidden states" in build_error(bare, [x, selected, scores.half()])  # c2
    assert "must be int32 or int64" in build_error(bare, [x, scores, scores])  # c3
    assert "[batch, sequence, hidden]" in build_error(experts.build, [x[0], selected, scores])  # c4
    assert "selected experts" in build_error(experts.build, [x, selected[:1], scores[:1]])  # c4
    assert "the scores" in build_error(experts.build, [x, selected, scores[..., :1]])  # c4
    assert "are missing" in build_error(bare, every)  # c5
    for index, role in enumerate(("gate", "up", "down")):
        wrong = experts.weights[index][:, :, :2].contiguous()
        assert "weights of an MoE layer must be" in build_error(with_weights(index, wrong), every), role  # c6
    b = [torch.zeros(2, INNER), torch.zeros(2, INNER), torch.zeros(2, FEATURES)]
    assert "down biases" in build_error(with_biases(b[0], b[1], b[0]), every)  # c7
    assert "a scale of one element" in build_error(quantized(torch.ones(2)), every)  # c9
    assert "[1, 1, n]" in build_error(quantized(torch.tensor(1.0), (*ONES[1:], 2, 4)), every)  # c10
    assert "do not divide" in build_error(quantized(torch.tensor(1.0), (*ONES, 3)), every)  # c10


def test_partial_biases_in_a_plan_cannot_be() -> None:
    """The interface sets all three biases or none (c7); hidden states, experts and scores together (c1)."""
    session = Session()
    with pytest.raises(TypeError):
        session.network.add_moe(session.input("x", (*ONES[1:], 2, 4)))  # c1
