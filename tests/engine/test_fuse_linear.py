"""Products with the activation behind them as one layer: what matches, what must not, and equal results."""

from __future__ import annotations

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, TRT_OF, check, run_engine, sample
from tests.engine._passes import built, check_fused
from tests.engine._products import linear

PASS = "fuse_linear"
Act = trt.ActivationType
ACTIVATIONS = {
    "relu": (Act.RELU, F.relu),
    "gelu": (Act.GELU_ERF, F.gelu),
    "gelu tanh": (Act.GELU_TANH, lambda y: F.gelu(y, approximate="tanh")),
    "sigmoid": (Act.SIGMOID, torch.sigmoid),
    "tanh": (Act.TANH, torch.tanh),
    "silu": (None, F.silu),
}
"""By name: the layer (None: y * sigmoid(y)) and the reference."""


def weights_of(dtype=torch.float32, outputs=8, features=16, with_bias=True):
    weight = sample((outputs, features), dtype, -0.5, 0.5, seed=1)
    return weight, sample((outputs,), dtype, seed=2) if with_bias else None


def activated(n, y, name, swapped=False):
    kind = ACTIVATIONS[name][0]
    if kind is not None:
        return n.add_activation(y, kind).get_output(0)
    gate = n.add_activation(y, Act.SIGMOID).get_output(0)
    a, b = (gate, y) if swapped else (y, gate)
    return n.add_elementwise(a, b, trt.ElementWiseOperation.PROD).get_output(0)


def whole(name, weight, bias, **options):
    return lambda n, x: activated(n, linear(n, x, weight, bias), name, **options)


def reference(name, weight, bias):
    return lambda x: ACTIVATIONS[name][1](
        F.linear(x, weight.double(), None if bias is None else bias.double())
    )


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("with_bias", [True, False], ids=["bias", "no_bias"])
@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_becomes_one_layer(name, with_bias, dtype):
    weight, bias = weights_of(dtype, with_bias=with_bias)
    check_fused(
        whole(name, weight, bias), [sample((3, 8, 16), dtype, -1, 1)], reference(name, weight, bias), PASS
    )


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(list(ACTIVATIONS)),
    lead=st.sampled_from([(1,), (15,), (16,), (4, 9), (0,), (2, 0), (2, 1, 8), (1030,)]),
    features=st.integers(1, 20),
    outputs=st.integers(1, 20),
    with_bias=st.booleans(),
    dynamic=st.booleans(),
)
def test_any_lengths(name, lead, features, outputs, with_bias, dynamic):
    weight, bias = weights_of(torch.float32, outputs, features, with_bias)
    x = sample((*lead, features), low=-1, high=1)
    span = [((1,) * len(lead) + (features,), tuple(x.shape), tuple(n + 3 for n in lead) + (features,))]
    dynamic = span if dynamic and 0 not in lead else False
    check(whole(name, weight, bias), [x], reference(name, weight, bias), dynamic=dynamic)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("lengths", [(1, 1, 1), (1, 3, 5), (9, 1, 16), (17, 7, 8), (33, 129, 63)], ids=str)
def test_lengths_that_devices_do_not_like(lengths, dtype):
    rows, outputs, features = lengths
    weight, bias = weights_of(dtype, outputs, features)
    for name in ("relu", "gelu tanh"):
        x = sample((rows, features), dtype, -1, 1)
        check_fused(whole(name, weight, bias), [x], reference(name, weight, bias), PASS)


def test_silu_the_other_way_round():
    weight, bias = weights_of()
    check_fused(
        whole("silu", weight, bias, swapped=True), [sample((9, 16))], reference("silu", weight, bias), PASS
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_silu_in_float32(dtype):
    weight, bias = weights_of(dtype)

    def build(n, x):
        wide = n.add_cast(linear(n, x, weight, bias), trt.float32).get_output(0)
        return n.add_cast(activated(n, wide, "silu"), TRT_OF[dtype]).get_output(0)

    check_fused(build, [sample((3, 8, 16), dtype, -1, 1)], reference("silu", weight, bias), PASS)


def reshaped(n, y, shape, transpose=()):
    layer = n.add_shuffle(y)
    layer.reshape_dims = shape
    if transpose:
        layer.second_transpose = transpose
    return layer.get_output(0)


@pytest.mark.parametrize("name", list(ACTIVATIONS))
@pytest.mark.parametrize("transpose", [(), (0, 2, 1)], ids=["reshape", "transpose"])
def test_shuffle_between_goes_behind(transpose, name):
    weight, bias = weights_of()
    build = lambda n, x: activated(  # noqa: E731
        n, reshaped(n, linear(n, x, weight, bias), (3, 7, 8), transpose), name
    )
    wanted = lambda x: reference(name, weight, bias)(x).view(3, 7, 8)  # noqa: E731
    turned = (lambda x: wanted(x).permute(transpose)) if transpose else wanted
    check_fused(build, [sample((21, 16), low=-1, high=1)], turned, PASS)


def test_shuffle_to_lengths_of_run_time():
    weight, bias = weights_of()

    def build(n, x):
        lengths = n.add_slice(n.add_shape(x).get_output(0), (0,), (1,), (1,)).get_output(0)
        shape = n.add_concatenation([lengths, n.constant(torch.tensor([2, 4]))]).get_output(0)
        layer = n.add_shuffle(linear(n, x, weight, bias))
        layer.set_input(1, shape)
        return activated(n, layer.get_output(0), "gelu tanh")

    x = sample((5, 16), low=-1, high=1)
    check(build, [x], lambda x: reference("gelu tanh", weight, bias)(x).view(-1, 2, 4),
          dynamic=[((1, 16), (5, 16), (40, 16))])  # fmt: skip


@pytest.mark.parametrize("which", ["product", "shuffle"])
def test_shuffle_between_outputs_stays(which):
    weight, bias = weights_of()

    def build(n, x):
        y = linear(n, x, weight, bias)
        z = reshaped(n, y, (3, 7, 8))
        return [activated(n, z, "relu"), y if which == "product" else z]

    x = sample((21, 16), low=-1, high=1)
    assert PASS not in built(build, [x])[1]
    product = lambda x: F.linear(x, weight.double(), bias.double())  # noqa: E731
    shape = (21, 8) if which == "product" else (3, 7, 8)
    check(
        build,
        [x],
        lambda x: [F.relu(product(x)).view(3, 7, 8), product(x).view(shape)],
        dtypes=[torch.float32] * 2,
    )


@pytest.mark.parametrize("name", ["relu", "gelu", "silu"])
def test_product_that_is_an_output_stays(name):
    weight, bias = weights_of()

    def build(n, x):
        y = linear(n, x, weight, bias)
        return [activated(n, y, name), y]

    x = sample((20, 16), low=-1, high=1)
    assert PASS not in built(build, [x])[1]
    product = lambda x: F.linear(x, weight.double(), bias.double())  # noqa: E731
    check(build, [x], lambda x: [ACTIVATIONS[name][1](product(x)), product(x)], dtypes=[torch.float32] * 2)


def test_result_that_more_than_one_use_stays_whole():
    """A product with two readers is computed once."""
    weight, bias = weights_of()

    def build(n, x):
        y = linear(n, x, weight, bias)
        return [activated(n, y, "relu"), n.add_unary(y, trt.UnaryOperation.NEG).get_output(0)]

    x = sample((20, 16), low=-1, high=1)
    assert PASS not in built(build, [x])[1]
    product = lambda x: F.linear(x, weight.double(), bias.double())  # noqa: E731
    check(build, [x], lambda x: [F.relu(product(x)), -product(x)], dtypes=[torch.float32] * 2)


@pytest.mark.parametrize("kind", [Act.ELU, Act.SOFTSIGN, Act.CLIP], ids=["elu", "softsign", "clip"])
def test_other_activations_stay(kind):
    weight, bias = weights_of()
    build = lambda n, x: n.add_activation(linear(n, x, weight, bias), kind).get_output(0)  # noqa: E731
    assert PASS not in built(build, [sample((9, 16))])[1]


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_gates(name):
    """f(x W) * g: the activation goes with the elementwise layers that follow."""
    weight, bias = weights_of()
    other = sample((3, 8), seed=5)

    def build(n, x, g):
        y = activated(n, linear(n, x, weight, bias), name)
        y = n.add_elementwise(y, g, trt.ElementWiseOperation.PROD).get_output(0)
        return linear(n, y, other, None)

    inputs = [sample((20, 16), low=-1, high=1), sample((20, 8), seed=6)]
    assert PASS not in built(build, inputs)[1]
    check(build, inputs, lambda x, g: F.linear(reference(name, weight, bias)(x) * g, other.double()))


def test_not_a_silu():
    """y * sigmoid(z), and sigmoid(y) used twice."""
    weight, bias = weights_of()

    def build(n, x):
        y, z = linear(n, x, weight, bias), linear(n, x, -weight, bias)
        gate = n.add_activation(z, Act.SIGMOID).get_output(0)
        a = n.add_elementwise(y, gate, trt.ElementWiseOperation.PROD).get_output(0)
        twice = n.add_activation(a, Act.SIGMOID).get_output(0)
        return [n.add_elementwise(a, twice, trt.ElementWiseOperation.PROD).get_output(0),
                n.add_unary(twice, trt.UnaryOperation.NEG).get_output(0)]  # fmt: skip

    def wanted(x):
        a = (
            F.linear(x, weight.double(), bias.double())
            * F.linear(x, -weight.double(), bias.double()).sigmoid()
        )
        return [F.silu(a), -a.sigmoid()]

    x = sample((9, 16), low=-1, high=1)
    assert PASS not in built(build, [x])[1]
    check(build, [x], wanted, dtypes=[torch.float32] * 2)


@pytest.mark.parametrize("dtype", FLOATS)
def test_not_a_number_stays_one(dtype):
    weight, bias = weights_of(dtype)
    x = sample((20, 16), dtype, -1, 1)
    x[3, 2] = float("nan")
    for name in ACTIVATIONS:
        y = run_engine(built(whole(name, weight, bias), [x])[0], [x])[0]
        assert y[3].isnan().all() and not y[:3].isnan().any(), name


def test_level_0_leaves_it():
    weight, bias = weights_of()
    assert PASS not in built(whole("relu", weight, bias), [sample((9, 16))], level=0)[1]
