"""Products of one tensor with several weights become one product; which do, and that results stay right."""

from __future__ import annotations

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, build_engine, check, run_engine, sample
from tests.engine._passes import built, check_fused
from tests.engine._products import add, linear
from tests.util.oracle import assert_close_or_as_good

PASS = "merge_linears"
ACT = trt.ActivationType


def three(weights, biases, after=None):
    """x -> -(x W^T + b) for each, or what `after` makes of them: none is an output itself."""

    def build(n, x):
        parts = [linear(n, x, w, b) for w, b in zip(weights, biases, strict=True)]
        outputs = [n.add_unary(y, trt.UnaryOperation.NEG).get_output(0) for y in parts]
        return outputs if after is None else after(n, *parts)

    return build


def made(lengths, features, dtype=torch.float32, with_bias=None):
    with_bias = with_bias or [True] * len(lengths)
    weights = [sample((length, features), dtype, -1, 1, seed=i) for i, length in enumerate(lengths)]
    biases = [
        sample((length,), dtype, seed=10 + i) if has else None
        for i, (length, has) in enumerate(zip(lengths, with_bias, strict=True))
    ]
    return weights, biases


def expected(weights, biases):
    return lambda x: [
        -F.linear(x, w.double(), None if b is None else b.double())
        for w, b in zip(weights, biases, strict=True)
    ]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "with_bias", [(True, True, True), (False, False, False), (True, False, True)], ids=str
)
def test_three_become_one(with_bias, dtype):
    weights, biases = made((6, 3, 5), 4, dtype, with_bias)
    x = sample((2, 7, 4), dtype)
    check_fused(three(weights, biases), [x], lambda x: expected(weights, biases)(x)[0], PASS)
    check(three(weights, biases), [x], expected(weights, biases), dtypes=[dtype] * 3)


@settings(max_examples=15, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 9), min_size=2, max_size=5),
    lead=st.sampled_from([(1,), (17,), (4, 9), (0,), (2, 0), (2, 1, 8)]),
    biases=st.lists(st.booleans(), min_size=5, max_size=5),
    dynamic=st.booleans(),
)
def test_any_lengths(lengths, lead, biases, dynamic):
    weights, biases = made(lengths, 4, with_bias=biases[: len(lengths)])
    x = sample((*lead, 4))
    span = [((1,) * len(lead) + (4,), tuple(x.shape), tuple(n + 3 for n in lead) + (4,))]
    dynamic = span if dynamic and 0 not in lead else False
    check(
        three(weights, biases),
        [x],
        expected(weights, biases),
        dynamic=dynamic,
        dtypes=[torch.float32] * len(lengths),
    )


def test_attention_over_the_slices():
    """Slices, reshapes, transposes and attention are all views up to the last."""
    weights, biases = made((8, 8, 8), 8)

    def attention(n, q, k, v):
        def heads(y):
            layer = n.add_shuffle(y)
            layer.reshape_dims, layer.second_transpose = (2, 20, 2, 4), (0, 2, 1, 3)
            return layer.get_output(0)

        scores = n.add_matrix_multiply(
            heads(q), trt.MatrixOperation.NONE, heads(k), trt.MatrixOperation.TRANSPOSE
        )
        soft = n.add_softmax(scores.get_output(0))
        soft.axes = 1 << 3
        y = n.add_matrix_multiply(
            soft.get_output(0), trt.MatrixOperation.NONE, heads(v), trt.MatrixOperation.NONE
        )
        return y.get_output(0)

    def reference(x):
        q, k, v = (
            F.linear(x, w.double(), b.double()).view(2, 20, 2, 4).transpose(1, 2)
            for w, b in zip(weights, biases, strict=True)
        )
        return F.scaled_dot_product_attention(q, k, v, scale=1.0)

    check_fused(three(weights, biases, attention), [sample((2, 20, 8), low=-1, high=1)], reference, PASS)


def test_products_and_reductions_over_the_slices():
    weights, biases = made((4, 4), 4)
    further = sample((3, 4), seed=30)

    def build(n, x):
        a, b = (linear(n, x, w, c) for w, c in zip(weights, biases, strict=True))
        soft = n.add_softmax(b)
        soft.axes = 1 << 2
        return [
            linear(n, a, further, None),
            soft.get_output(0),
            n.add_matrix_multiply(a, trt.MatrixOperation.NONE, b, trt.MatrixOperation.TRANSPOSE).get_output(
                0
            ),
        ]

    def reference(x):
        a, b = (F.linear(x, w.double(), c.double()) for w, c in zip(weights, biases, strict=True))
        return [F.linear(a, further.double()), b.softmax(-1), a @ b.transpose(-1, -2)]

    x = sample((2, 9, 4), low=-1, high=1)
    assert PASS in built(build, [x])[1]
    check(build, [x], reference, dtypes=[torch.float32] * 3)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("other", ["RELU", "SIGMOID"])
def test_activations_behind_the_products(other, dtype):
    """Equal ones go along; of different ones each keeps its product."""
    weights, biases = made((6, 3), 4, dtype)
    further = [sample((5, length), dtype, -1, 1, seed=20 + length) for length in (6, 3)]
    parts = list(zip(weights, biases, [ACT.RELU, getattr(ACT, other)], further, strict=True))

    def build(n, x):
        first = [n.add_activation(linear(n, x, w, b), kind).get_output(0) for w, b, kind, _ in parts]
        return [linear(n, y, last, None) for y, (*_, last) in zip(first, parts, strict=True)]

    x = sample((2, 7, 4), dtype, -1, 1)
    plan, changed = built(build, [x])
    assert "fuse_linear" in changed and (PASS in changed) == (other == "RELU")
    fused, plain = run_engine(plan, [x]), run_engine(built(build, [x], level=0)[0], [x])
    for y, part, (w, b, kind, last) in zip(fused, plain, parts, strict=True):
        function = F.relu if kind == ACT.RELU else torch.sigmoid
        wanted = F.linear(function(F.linear(x.double(), w.double(), b.double())), last.double())
        assert_close_or_as_good(y, part, lambda wanted=wanted: wanted, wanted.to(dtype))


def unmatched(name):
    weights, biases = made((5, 5), 4)

    def outputs(n, x):
        return [linear(n, x, w, b) for w, b in zip(weights, biases, strict=True)]

    def two_inputs(n, x):
        other = n.add_activation(x, trt.ActivationType.RELU).get_output(0)
        return [add(n, linear(n, x, weights[0], biases[0]), linear(n, other, weights[1], biases[1]))]

    def shared_weights(n, x):
        constant = n.constant(weights[0].reshape(1, 5, 4))
        times = lambda y: n.add_matrix_multiply(  # noqa: E731
            y, trt.MatrixOperation.NONE, constant, trt.MatrixOperation.TRANSPOSE
        ).get_output(0)
        relu = n.add_activation(x, trt.ActivationType.RELU).get_output(0)
        return [add(n, times(x), times(relu))]

    def far(n, x):
        y = z = linear(n, x, weights[0], biases[0])
        for _ in range(40):
            z = n.add_activation(z, trt.ActivationType.SOFTSIGN).get_output(0)
        return [add(n, z, add(n, y, linear(n, x, weights[1], biases[1])))]

    return {"outputs": outputs, "two inputs": two_inputs, "shared weights": shared_weights, "far apart": far}[
        name
    ]


@pytest.mark.parametrize("name", ["outputs", "two inputs", "shared weights", "far apart"])
def test_stays(name):
    x = sample((2, 6, 4), low=-1, high=1)
    plan, changed = built(unmatched(name), [x])
    assert PASS not in changed
    plain, _ = built(unmatched(name), [x], level=0)
    for a, b in zip(run_engine(plan, [x]), run_engine(plain, [x]), strict=True):
        torch.testing.assert_close(a, b)


def test_quantized_weights_stay():
    quantized = [sample((5, 4), torch.int32, -100, 100, seed=i).to(torch.int8) for i in range(2)]

    def build(n, x):
        results = []
        for i, weight in enumerate(quantized):
            scale = n.constant(sample((5,), low=0.01, high=0.1, seed=20 + i))
            layer = n.add_dequantize(n.constant(weight), scale, trt.float32)
            layer.axis = 0
            y = n.add_matrix_multiply(
                x, trt.MatrixOperation.NONE, layer.get_output(0), trt.MatrixOperation.TRANSPOSE
            ).get_output(0)
            results.append(n.add_unary(y, trt.UnaryOperation.NEG).get_output(0))
        return results

    def reference(x):
        scales = [sample((5,), low=0.01, high=0.1, seed=20 + i).double()[:, None] for i in range(2)]
        return [-F.linear(x, w.double() * s) for w, s in zip(quantized, scales, strict=True)]

    x = sample((6, 4))
    assert PASS not in built(build, [x])[1]
    check(build, [x], reference, dtypes=[torch.float32] * 2)


def test_plans_do_not_grow():
    weights, biases = made((256, 256, 256), 128)
    x = [sample((16, 128))]
    merged, plain = built(three(weights, biases), x)[0], built(three(weights, biases), x, level=0)[0]
    assert len(merged) < len(plain) + 10_000


def test_long_names():
    weights, biases = made((5, 5), 4)

    def build(n, x):
        results = []
        for i, (w, b) in enumerate(zip(weights, biases, strict=True)):
            y = linear(n, x, w, b, name=f"{i}" * 900)
            results.append(n.add_unary(y, trt.UnaryOperation.NEG).get_output(0))
        return results

    assert PASS in built(build, [sample((3, 4))])[1]
    plan, log = build_engine(build, [sample((3, 4))])
    assert plan is not None, log


def test_level_0_leaves_it():
    weights, biases = made((5, 5), 4)
    assert PASS not in built(three(weights, biases), [sample((3, 4))], level=0)[1]
