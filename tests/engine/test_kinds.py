"""LRN, ParametricReLU, RaggedSoftMax, OneHot, ReverseSequence."""

import itertools

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine import _quantized as quantized
from tests.engine._case import (
    FLOATS,
    INDICES,
    STATIC_AND_DYNAMIC,
    build_engine,
    build_error,
    check,
    run_engine,
    sample,
)
from tests.engine._session import Session

MOVABLE = [torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.int32, torch.int64, torch.bool]


# ---- LRN


def lrn(window=5, alpha=1e-1, beta=0.75, k=1.0):
    return lambda n, x: n.add_lrn(x, window, alpha, beta, k)


def normalized(window, alpha, beta, k):
    def reference(x):
        channels, half = x.shape[-3], window // 2
        y = torch.empty_like(x)
        for c in range(channels):
            near = x.narrow(-3, max(0, c - half), min(channels, c + half + 1) - max(0, c - half))
            y.select(-3, c).copy_(x.select(-3, c) / (k + alpha / window * near.square().sum(-3)) ** beta)
        return y

    return reference


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("shape", "parameters"),
    [
        ((2, 7, 3, 4), (5, 0.1, 0.75, 1.0)),
        ((1, 3, 2, 2), (15, 2.0, 0.5, 2.0)),
        ((2, 4, 3, 2), (1, 0.5, 1.0, 1e-5)),
        ((6, 2, 3), (3, 1.5, 0.01, 4.0)),
        ((2, 2, 5, 2, 2), (3, 0.25, 2.0, 1.0)),
        ((0, 4, 2, 2), (3, 1.0, 1.0, 1.0)),
        ((2, 0, 2, 2), (3, 1.0, 1.0, 1.0)),
    ],
)
def test_lrn(shape, parameters, dtype, dynamic):
    check(lrn(*parameters), [sample(shape, dtype)], normalized(*parameters), dynamic=dynamic)


def test_lrn_agrees_with_torch():
    torch_lrn = torch.nn.LocalResponseNorm(5, alpha=0.3, beta=0.75, k=2.0)
    check(lrn(5, 0.3, 0.75, 2.0), [sample((2, 8, 4, 4))], torch_lrn)


# ---- ParametricReLU


def prelu(n, x, slope):
    return n.add_parametric_relu(x, slope)


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("shape", "slope"),
    [
        ((2, 3, 4), (1, 3, 1)),
        ((2, 3, 4), (2, 3, 4)),
        ((2, 3, 4), (1, 1, 1)),
        ((5,), (1,)),
        ((), ()),
        ((0, 3), (1, 3)),
        ((0, 3), (0, 1)),
    ],
)
def test_parametric_relu(shape, slope, dtype, dynamic):
    inputs = [sample(shape, dtype), sample(slope, dtype, seed=1)]
    check(prelu, inputs, lambda x, a: torch.where(x < 0, a * x, x), dynamic=dynamic)


def test_parametric_relu_of_special_numbers():
    x = torch.tensor([float("nan"), float("-inf"), float("inf"), -0.0, 0.0, -2.0])
    check(prelu, [x, torch.tensor([0.5])], lambda x, a: torch.where(x < 0, a * x, x))


# ---- RaggedSoftMax


def ragged(n, x, bounds):
    return n.add_ragged_softmax(x, bounds)


def leading_softmax(x, bounds):
    y = torch.zeros_like(x)
    for at in itertools.product(*map(range, x.shape[:-1])):
        bound = max(int(bounds[at]), 0)
        y[at][:bound] = x[at][:bound].softmax(0)
    return y


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(2, 3, 5), (4, 6), (2, 2, 3, 4), (0, 2, 3), (2, 3, 0)], ids=str)
def test_ragged_softmax(shape, dtype, dynamic):
    bounds = sample((*shape[:-1], 1), torch.int32, -1, 8)
    ranges = False
    if dynamic:
        longer = tuple(n + 1 for n in shape)
        ranges = [(shape, shape, longer), tuple((*s[:-1], 1) for s in (shape, shape, longer))]
    check(ragged, [sample(shape, dtype), bounds], leading_softmax, dynamic=ranges)


def test_ragged_softmax_of_infinities():
    x = torch.tensor([[float("-inf"), 1.0, 2.0], [float("-inf"), float("-inf"), 1.0]])
    check(ragged, [x, torch.tensor([[2], [2]], dtype=torch.int32)], leading_softmax)


# ---- OneHot


def one_hot(axis, depth=4, index_type=torch.int32):
    def build(n, indices, values):
        return n.add_one_hot(indices, values, n.constant(torch.tensor(depth, dtype=index_type)), axis)

    return build


def hot(axis, depth=4):
    def reference(indices, values):
        wrapped = torch.where(indices < 0, indices + depth, indices).unsqueeze(axis)
        sizes = [1] * wrapped.dim()
        sizes[axis] = depth
        return torch.where(
            wrapped == torch.arange(depth).view(sizes).to(indices.device), values[1], values[0]
        )

    return reference


@pytest.mark.parametrize("index_type", INDICES)
@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((3,), -1), ((3,), 0), ((2, 3), 1), ((2, 3), -3), ((2, 3), 2), ((), 0), ((0, 2), 1), ((1,) * 7, 7)],
)
def test_one_hot(shape, axis, dtype, index_type):
    values = torch.tensor([False, True]) if dtype == torch.bool else torch.tensor([3, -2]).to(dtype)
    inputs = [sample(shape, index_type, -6, 6), values]
    check(one_hot(axis, index_type=index_type), inputs, hot(axis), dtypes=[dtype])


@pytest.mark.parametrize("axis", [0, -1])
def test_one_hot_of_unknown_lengths(axis):
    inputs = [sample((2, 3), torch.int32, -6, 6), torch.tensor([0.5, 2.0])]
    check(one_hot(axis), inputs, hot(axis), dynamic=True, dtypes=[torch.float32])


@pytest.mark.parametrize("index_type", INDICES)
def test_depth_that_only_run_time_knows(index_type):
    build = lambda n, i, values, depth: n.add_one_hot(i, values, depth, -1)  # noqa: E731
    session = Session()
    i = session.input("i", (3,), trt.int32)
    values = session.input("values", (2,))
    depth = session.input("depth", (), trt.int32 if index_type == torch.int32 else trt.int64)
    assert tuple(build(session.network, i, values, depth).get_output(0).shape) == (3, -1)


def test_depth_from_a_shape():
    def build(n, x, indices, values):
        lengths = n.add_shape(x).get_output(0)
        depth = n.add_gather(lengths, n.constant(torch.tensor(1, dtype=torch.int32)), 0).get_output(0)
        return n.add_one_hot(indices, values, depth, -1)

    x, indices, values = sample((2, 3)), torch.tensor([2, -1, 0], dtype=torch.int32), torch.tensor([0, 7])
    ranges = [((2, 1), (2, 3), (2, 9)), None, None]
    plan, log = build_engine(build, [x, indices, values], ranges)
    assert plan is not None, log
    for depth in (3, 1, 9):
        (y,) = run_engine(plan, [sample((2, depth)), indices, values])
        assert torch.equal(y, hot(-1, depth)(indices, values))


# ---- ReverseSequence


def reverse(batch=1, sequence=0):
    def build(n, x, lengths):
        layer = n.add_reverse_sequence(x, lengths)
        layer.batch_axis, layer.sequence_axis = batch, sequence
        return layer

    return build


def reversed_leading(batch=1, sequence=0):
    def reference(x, lengths):
        y = x.clone()
        for i, length in enumerate(lengths.clamp(0, x.shape[sequence]).tolist()):
            part = y.select(batch, i)
            axis = sequence - (sequence > batch)
            part.narrow(axis, 0, length).copy_(part.narrow(axis, 0, length).flip(axis).clone())
        return y

    return reference


@pytest.mark.parametrize("index_type", INDICES)
@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize(
    ("shape", "batch", "sequence"),
    [
        ((5, 3), 1, 0),
        ((3, 5), 0, 1),
        ((5, 3, 2), 1, 0),
        ((2, 4, 3), 2, 1),
        ((2, 3, 4), 0, 2),
        ((2, 3, 4, 2), 3, 1),
        ((0, 3), 1, 0),
        ((4, 0), 1, 0),
    ],
)
def test_reverse_sequence(shape, batch, sequence, dtype, index_type):
    lengths = sample((shape[batch],), index_type, -2, 8)
    check(
        reverse(batch, sequence),
        [sample(shape, dtype, 1, 99), lengths],
        reversed_leading(batch, sequence),
        dtypes=[dtype],
    )


def test_reverse_sequence_of_unknown_lengths():
    inputs = [sample((2, 4, 3)), torch.tensor([3, 9])]
    check(reverse(0, 2), inputs, reversed_leading(0, 2), dynamic=True)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_reverse_sequence_of_any_shape(data):
    shape = data.draw(st.lists(st.integers(0, 4), min_size=2, max_size=4))
    batch, sequence = data.draw(st.permutations(range(len(shape))))[:2]
    lengths = torch.tensor(
        data.draw(st.lists(st.integers(-2, 6), min_size=shape[batch], max_size=shape[batch])),
        dtype=torch.int32,
    )
    check(reverse(batch, sequence), [sample(shape), lengths], reversed_leading(batch, sequence))


# ---- Quantized types


def one_hot_of_values(n, values):
    indices = n.constant(torch.tensor([[2, 0, -1], [1, 5, -5]], dtype=torch.int32))
    return n.add_one_hot(indices, values, n.constant(torch.tensor(3, dtype=torch.int32)), 1)


@pytest.mark.parametrize("type", quantized.TYPES)
def test_one_hot_of_quantized_types(type):
    values = quantized.codes(type, (2,))
    on = torch.tensor([[[0, 1, 0], [0, 0, 0], [1, 0, 1]], [[0, 0, 0], [1, 0, 0], [0, 0, 0]]])
    quantized.check(one_hot_of_values, [values], lambda _: values.moved(lambda v: v[on]))


@pytest.mark.parametrize("type", quantized.TYPES)
def test_reverse_sequence_of_quantized_types(type):
    x, lengths = quantized.codes(type, (5, 3)), torch.tensor([2, 5, 0], dtype=torch.int32)
    wanted = x.moved(lambda codes: reversed_leading()(codes, lengths))
    quantized.check(reverse(), [x, lengths], lambda *_: wanted)


# ---- Refusals

X, INDEX = sample((2, 3, 4)), sample((2, 3, 4), torch.int32)
BOUNDS = INDEX[..., :1]
VALUES = torch.tensor([0.0, 1.0])


def one_hot_of(axis=0):
    return lambda n, i, values, depth: n.add_one_hot(i, values, depth, axis)


DEPTH = torch.tensor(3, dtype=torch.int32)
REFUSED = {
    "LRN c1: integers": (lrn(), [INDEX], "int32"),
    "LRN c2: rank": (lrn(), [X[0]], "at least three axes"),
    "LRN c3: even window": (lrn(window=4), [X], "odd number"),
    "LRN c3: large window": (lrn(window=17), [X], "from 1 to 15"),
    "LRN c3: window of none": (lrn(window=-1), [X], "odd number"),
    "LRN c4: alpha": (lrn(alpha=2e20), [X], "alpha"),
    "LRN c4: alpha not a number": (lrn(alpha=float("nan")), [X], "alpha"),
    "LRN c5: beta": (lrn(beta=0.0), [X], "beta"),
    "LRN c6: k": (lrn(k=0.0), [X], "k 0 lies outside"),
    "ParametricReLU c1: integers": (prelu, [INDEX, INDEX], "int32"),
    "ParametricReLU c1: two types": (prelu, [X, X.half()], "float32 and float16"),
    "ParametricReLU c2: ranks": (prelu, [X, X[0]], "equal ranks"),
    "ParametricReLU c3: lengths": (prelu, [X, X[:, :2]], "does not broadcast"),
    "ParametricReLU c3: x does not broadcast to the slope": (prelu, [X[:1], X], "does not broadcast"),
    "RaggedSoftMax c1: integers": (ragged, [INDEX, BOUNDS], "the data has to be"),
    "RaggedSoftMax c1: bounds": (ragged, [X, BOUNDS.long()], "bounds (input 1) has to be int32"),
    "RaggedSoftMax c2: rank": (ragged, [X[0, 0], BOUNDS[0, 0]], "at least two axes"),
    "RaggedSoftMax c3: ranks": (ragged, [X, BOUNDS[0]], "equal ranks"),
    "RaggedSoftMax c4: last length": (ragged, [X, INDEX], "must be 1"),
    "RaggedSoftMax c5: lengths": (ragged, [X, BOUNDS[:, :2]], "do not go with data"),
    "OneHot c1: indices": (one_hot_of(), [X, VALUES, DEPTH], "indices"),
    "OneHot c1: depth": (one_hot_of(), [INDEX, VALUES, VALUES[0]], "depth"),
    "OneHot c1: values": (one_hot_of(), [INDEX, VALUES.to(torch.uint8), DEPTH], "uint8"),
    "OneHot c2: three values": (one_hot_of(), [INDEX, X[0, :, 0], DEPTH], "shape [2]"),
    "OneHot c2: rank of the values": (one_hot_of(), [INDEX, X[:, :1, 0], DEPTH], "shape [2]"),
    "OneHot c3: depth as a list": (one_hot_of(), [INDEX, VALUES, DEPTH.view(1)], "must be a scalar"),
    "OneHot c4: depth": (one_hot(0, depth=0), [INDEX, VALUES], "not positive"),
    "OneHot c5: axis": (one_hot_of(4), [INDEX, VALUES, DEPTH], "axis 4 lies outside"),
    "OneHot c5: negative axis": (one_hot_of(-5), [INDEX, VALUES, DEPTH], "axis -5 lies outside"),
    "OneHot c6: rank": (one_hot_of(), [INDEX.view(2, 3, 4, 1, 1, 1, 1, 1), VALUES, DEPTH], "more than 8"),
    "ReverseSequence c1: data": (reverse(), [X.to(torch.uint8), INDEX[0, :, 0]], "uint8"),
    "ReverseSequence c1: lengths": (reverse(), [X, X[0, :, 0]], "lengths"),
    "ReverseSequence c2: rank": (
        lambda n, *x: n.add_reverse_sequence(*x),
        [X[0, 0], INDEX[0, 0]],
        "two axes",
    ),
    "ReverseSequence c3: one axis": (reverse(1, 1), [X, INDEX[0, :, 0]], "must differ"),
    "ReverseSequence c4: lengths": (reverse(), [X, INDEX[0, :2, 0]], "must have shape [3]"),
    "ReverseSequence c4: rank": (reverse(), [X, INDEX[0]], "must have shape [3]"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    build, inputs, message = REFUSED[name]
    assert message in build_error(build, inputs)


def test_bounds_have_a_last_length_that_is_known():
    """RaggedSoftMax c4"""
    ranges = [None, ((2, 3, 1), (2, 3, 1), (2, 3, 2))]
    assert "known at build time" in build_error(ragged, [X, BOUNDS], dynamic=ranges)


def test_depth_of_a_run_is_checked():
    """OneHot c4"""

    def build(n, x, indices, values):
        lengths = n.add_shape(x).get_output(0)
        depth = n.add_gather(lengths, n.constant(torch.tensor(0, dtype=torch.int32)), 0).get_output(0)
        return n.add_one_hot(indices, values, depth, -1)

    inputs = [sample((2,)), torch.tensor([1], dtype=torch.int32), VALUES]
    plan, log = build_engine(build, inputs, [((0,), (2,), (4,)), None, None])
    assert plan is not None, log
    session = Session()
    context = trt.Runtime(session.logger).deserialize_cuda_engine(plan).create_execution_context()
    context.set_input_shape("x0", (0,))
    with pytest.raises(RuntimeError):
        context.infer_shapes()
    assert "depth 0 is not positive" in session.logger.last_error()


def test_setters_refuse_what_the_rules_refuse():
    """LRN c3, LRN c4, LRN c5, LRN c6, ReverseSequence c3, OneHot c5"""
    session = Session()
    n, x, i = session.network, session.input("x", (2, 3, 4)), session.input("i", (3,), trt.int32)
    layers = {
        n.add_lrn(x, 5, 1.0, 1.0, 1.0): {"window_size": 2, "alpha": 1e21, "beta": -1.0, "k": 1e11},
        n.add_reverse_sequence(x, i): {"batch_axis": 3, "sequence_axis": -1},
        n.add_one_hot(i, session.input("v", (2,)), session.input("d", (), trt.int32), 0): {"axis": 2},
    }
    for layer, wrong in layers.items():
        for name, value in wrong.items():
            before = getattr(layer, name)
            setattr(layer, name, value)
            assert layer.name in session.logger.last_error()
            assert getattr(layer, name) == before
