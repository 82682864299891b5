"""A sum and its normalization are one layer; the sum is its second result where something else uses it."""

from __future__ import annotations

import json

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, STATIC_AND_DYNAMIC, TRT_OF, Net, build_engine, check, growing, sample
from tests.engine._passes import built, check_fused
from tests.engine._session import Session, on_device
from tests.util.oracle import assert_close_or_as_good

PASS = "fuse_residual_norm"
OP, UNARY = trt.ElementWiseOperation, trt.UnaryOperation
EPSILON = 1e-3
X = (3, 5, 16)


def add(n, a, b):
    return n.add_elementwise(a, b, OP.SUM).get_output(0)


def absolute(n, x):
    return n.add_unary(x, UNARY.ABS).get_output(0)


def normalized(n, x, scale, bias, axes=(2,)):
    layer = n.add_normalization(x, scale, bias, sum(1 << axis for axis in axes))
    layer.epsilon = EPSILON
    return layer.get_output(0)


def root_mean_square(n, x, weight):
    """The plain formula."""
    dtype = next(t for t in FLOATS if TRT_OF[t] == x.dtype)
    number = lambda value: n.constant(torch.full((1, 1, 1), value, dtype=dtype))  # noqa: E731
    mean = n.add_reduce(
        n.add_elementwise(x, x, OP.PROD).get_output(0), trt.ReduceOperation.AVG, 4, True
    ).get_output(0)
    root = n.add_unary(add(n, mean, number(EPSILON)), UNARY.SQRT).get_output(0)
    y = n.add_elementwise(x, root, OP.DIV).get_output(0)
    return n.add_elementwise(y, weight, OP.PROD).get_output(0)


def parameters(dtype, length=16):
    return sample((1, 1, length), dtype, 0.5, 2, seed=1), sample((1, 1, length), dtype, seed=2)


def layer_norm(dtype, keep=None, length=16):
    """x + r normalized, and by `keep`: nothing else, the sum too ("output"), or what uses it ("used")."""
    scale, bias = parameters(dtype, length)

    def build(n, x, r):
        total = add(n, x, r)
        y = normalized(n, total, n.constant(scale), n.constant(bias))
        return {None: y, "output": [y, total], "used": [y, absolute(n, total)]}[keep]

    def reference(x, r):
        total = x + r
        y = F.layer_norm(total, (length,), scale.double().flatten(), bias.double().flatten(), EPSILON)
        return {None: y, "output": [y, total], "used": [y, total.abs()]}[keep]

    return build, reference


def rms_norm(dtype, keep=None, length=16):
    scale, _ = parameters(dtype, length)

    def build(n, x, r):
        total = add(n, x, r)
        y = root_mean_square(n, total, n.constant(scale))
        return {None: y, "output": [y, total], "used": [y, absolute(n, total)]}[keep]

    def reference(x, r):
        total = x + r
        y = total / (total.square().mean(-1, keepdim=True) + EPSILON).sqrt() * scale.double()
        return {None: y, "output": [y, total], "used": [y, total.abs()]}[keep]

    return build, reference


NORMS = {"layer norm": layer_norm, "rms norm": rms_norm}


def pair(shape, dtype):
    return [sample(shape, dtype), sample(shape, dtype, seed=3)]


def told_of(build, inputs):
    """What an inspector tells of the layers, but constants."""
    session = Session()
    net = Net(session.network)
    y = build(net, *(session.input(f"x{i}", tuple(x.shape), TRT_OF[x.dtype]) for i, x in enumerate(inputs)))
    for one in y if isinstance(y, list) else [y]:
        session.network.mark_output(one)
    session.config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    inspector = session.engine().create_engine_inspector()
    told = json.loads(inspector.get_engine_information(trt.LayerInformationFormat.JSON))
    return [layer for layer in told["Layers"] if layer["LayerType"] != "Constant"]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("norm", NORMS)
def test_one_layer(norm, dtype):
    build, reference = NORMS[norm](dtype)
    inputs = pair(X, dtype)
    check_fused(build, inputs, reference, PASS)
    assert [layer["LayerType"] for layer in told_of(build, inputs)] == ["RowNormalization"]


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("shape", [X, (0, 5, 16), (1, 1, 16)], ids=str)
@pytest.mark.parametrize("keep", ["output", "used"])
@pytest.mark.parametrize("norm", NORMS)
def test_sum_that_is_used(norm, keep, shape, dynamic):
    build, reference = NORMS[norm](torch.float32, keep)
    inputs = pair(shape, torch.float32)
    assert PASS in built(build, inputs)[1]
    spans = [growing(x, 0, 1) for x in inputs] if dynamic else False
    check(build, inputs, reference, dynamic=spans, dtypes=[torch.float32] * 2)


@pytest.mark.parametrize("dtype", FLOATS[1:])
@pytest.mark.parametrize("norm", NORMS)
def test_sum_that_is_used_in_half(norm, dtype):
    """The sum is rounded to its type; the normalized is at least as good as that of the rounded sum."""
    build, reference = NORMS[norm](dtype, "output")
    inputs = pair(X, dtype)
    check_fused(build, inputs, lambda x, r: reference(x, r)[0], PASS)
    check(lambda n, x, r: build(n, x, r)[1], inputs, lambda x, r: x + r)


@settings(max_examples=25, deadline=None)
@given(
    length=st.sampled_from([1, 2, 7, 16, 31, 64, 100, 197, 256, 384, 768, 1024, 2056, 8192, 20000]),
    rows=st.integers(1, 6),
    dtype=st.sampled_from(FLOATS),
    norm=st.sampled_from(sorted(NORMS)),
    keep=st.booleans(),
)
def test_any_length(length, rows, dtype, norm, keep):
    build, reference = NORMS[norm](dtype, "output" if keep else None, length)
    inputs = pair((1, rows, length), dtype)
    check_fused(build, inputs, lambda x, r: reference(x, r)[0] if keep else reference(x, r), PASS)


@pytest.mark.parametrize("norm", NORMS)
def test_lengths_that_differ_at_run_time(norm):
    """Two unknown lengths are not known to be equal: one may turn out to be 1."""
    build, reference = NORMS[norm](torch.float32)
    spans = [((1, 5, 16), (3, 5, 16), (4, 5, 16))] * 2
    check(build, [sample((3, 5, 16)), sample((1, 5, 16), seed=3)], reference, dynamic=spans)


@pytest.mark.parametrize("dtype", FLOATS[1:])
def test_float32_inside(dtype):
    """A model that sums in half and normalizes in float32, as LLaMA does."""
    scale, _ = parameters(dtype)

    def build(n, x, r):
        total = add(n, x, r)
        wide = n.add_cast(total, trt.float32).get_output(0)
        y = root_mean_square(n, wide, n.constant(torch.ones(1, 1, 16)))
        y = n.add_elementwise(
            n.add_cast(y, TRT_OF[dtype]).get_output(0), n.constant(scale), OP.PROD
        ).get_output(0)
        return [y, total]

    inputs = pair(X, dtype)
    check_fused(build, inputs, lambda x, r: rms_norm(dtype)[1](x, r), PASS)


def test_two_norms_of_one_sum():
    """The sum is a result of one of them."""
    scale, bias = parameters(torch.float32)
    other = sample((1, 1, 16), seed=9)

    def build(n, x, r):
        total = add(n, x, r)
        return [normalized(n, total, n.constant(s), n.constant(bias)) for s in (scale, other)]

    def reference(x, r):
        return [
            F.layer_norm(x + r, (16,), s.double().flatten(), bias.double().flatten(), EPSILON)
            for s in (scale, other)
        ]

    inputs = pair(X, torch.float32)
    assert PASS in built(build, inputs)[1]
    check(build, inputs, reference, dtypes=[torch.float32] * 2)


def test_chain_of_residuals():
    """Each sum is the next one's summand, as in a transformer."""
    scale, bias = parameters(torch.float32)

    def build(n, x, r):
        for _ in range(4):
            x = add(n, x, r)
            r = absolute(n, normalized(n, x, n.constant(scale), n.constant(bias)))
        return add(n, x, r)

    def reference(x, r):
        for _ in range(4):
            x = x + r
            r = F.layer_norm(x, (16,), scale.double().flatten(), bias.double().flatten(), EPSILON).abs()
        return x + r

    inputs = pair(X, torch.float32)
    check_fused(build, inputs, reference, PASS)
    kinds = [layer["LayerType"] for layer in told_of(build, inputs)]
    assert kinds.count("RowNormalization") == 4


# ---- what stays


def test_axes_in_front_stay():
    scale, bias = sample((1, 5, 1), seed=1), sample((1, 5, 1), seed=2)

    def build(n, x, r):
        return normalized(n, add(n, x, r), n.constant(scale), n.constant(bias), axes=(1,))

    assert PASS not in built(build, pair(X, torch.float32))[1]


def test_scale_of_other_axes_stays():
    scale, bias = sample((1, 5, 16), seed=1), sample((1, 5, 16), seed=2)

    def build(n, x, r):
        return normalized(n, add(n, x, r), n.constant(scale), n.constant(bias))

    assert PASS not in built(build, pair(X, torch.float32))[1]


def test_residual_that_broadcasts_stays():
    build, reference = layer_norm(torch.float32)
    inputs = [sample(X), sample((1, 1, 16), seed=3)]
    assert PASS not in built(build, inputs)[1]
    check(build, inputs, reference)


def test_another_operation_stays():
    scale, bias = parameters(torch.float32)

    def build(n, x, r):
        return normalized(
            n, n.add_elementwise(x, r, OP.PROD).get_output(0), n.constant(scale), n.constant(bias)
        )

    assert PASS not in built(build, pair(X, torch.float32))[1]


def test_scale_made_of_the_sum_stays():
    """One layer cannot take what it gives."""

    def build(n, x, r):
        total = add(n, x, r)
        scale = n.add_reduce(total, trt.ReduceOperation.MAX, 0b011, True).get_output(0)
        return normalized(n, total, scale, n.constant(torch.zeros(1, 1, 16)))

    def reference(x, r):
        return F.layer_norm(x + r, (16,), None, None, EPSILON) * (x + r).amax((0, 1), keepdim=True)

    inputs = pair(X, torch.float32)
    assert PASS not in built(build, inputs)[1]
    check(build, inputs, reference)


def test_debug_tensor_stays():
    session = Session()
    net = Net(session.network)
    x, r = session.input("x", X), session.input("r", X)
    total = add(net, x, r)
    total.name = "total"
    session.network.mark_debug(total)
    scale, bias = parameters(torch.float32)
    session.network.mark_output(normalized(net, total, net.constant(scale), net.constant(bias)))
    session.logger.min_severity = trt.ILogger.VERBOSE
    assert session.engine() is not None
    assert not [line for _, line in session.logger.lines if PASS in line]


def test_level_0_leaves_it():
    assert PASS not in built(layer_norm(torch.float32)[0], pair(X, torch.float32), level=0)[1]


# ---- plans


def residual_network(session):
    """x + r ("total", an output) -> layer norm "norm" -> y; gamma and beta by name."""
    network = session.network
    x, r = session.input("x", (4, 16)), session.input("r", (4, 16))
    session.kept = [p.flatten().clone() for p in parameters(torch.float32)]
    constants = []
    for name, value in zip(("gamma", "beta"), session.kept, strict=True):
        layer = network.add_constant((1, 16), trt.Weights(trt.float32, value.data_ptr(), 16))
        layer.name = name
        constants.append(layer.get_output(0))
    total = network.add_elementwise(x, r, OP.SUM)
    norm = network.add_normalization(total.get_output(0), *constants, 2)
    norm.epsilon, norm.name, total.name = EPSILON, "norm", "sum"
    norm.get_output(0).name, total.get_output(0).name = "y", "total"
    network.mark_output(norm.get_output(0))
    network.mark_output(total.get_output(0))
    session.config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED


def results(engine):
    x, r = (on_device(sample((4, 16), seed=seed)) for seed in (5, 6))
    y, total = on_device(torch.zeros(4, 16)), on_device(torch.zeros(4, 16))
    context = engine.create_execution_context()
    for name, tensor in (("x", x), ("r", r), ("y", y), ("total", total)):
        assert context.set_tensor_address(name, tensor.data_ptr())
    assert context.execute_async_v3(torch.cuda.current_stream().cuda_stream if x.is_cuda else 0)
    return y.cpu(), total.cpu()


def wanted(gamma, beta):
    total = sample((4, 16), seed=5).double() + sample((4, 16), seed=6).double()
    return F.layer_norm(total, (16,), gamma.double(), beta.double(), EPSILON).float(), total.float()


@pytest.mark.parametrize("offset", [0, 1, 4])
@pytest.mark.parametrize("dtype", FLOATS)
def test_runs_at_any_address(dtype, offset):
    """Addresses that wide loads cannot use, and many runs in a row, which become a CUDA graph."""
    build, reference = layer_norm(dtype, "output", 64)
    plan, log = build_engine(build, pair((6, 5, 64), dtype))
    assert plan is not None, log
    context = (
        trt.Runtime(trt.Logger(trt.Logger.ERROR)).deserialize_cuda_engine(plan).create_execution_context()
    )
    x, r, y, total = (
        on_device(torch.zeros(6 * 5 * 64 + offset, dtype=dtype))[offset:].view(6, 5, 64) for _ in range(4)
    )
    for name, tensor in (("x0", x), ("x1", r), ("y0", y), ("y1", total)):
        assert context.set_tensor_address(name, tensor.data_ptr())
    for seed in range(5):
        inputs = [sample((6, 5, 64), dtype, seed=seed), sample((6, 5, 64), dtype, seed=seed + 10)]
        x.copy_(inputs[0]), r.copy_(inputs[1])
        assert context.execute_async_v3(torch.cuda.current_stream().cuda_stream if x.is_cuda else 0)
        exact = reference(*(t.double() for t in inputs))
        rounded = (inputs[0] + inputs[1]).double()
        eager = F.layer_norm(
            rounded, (64,), *(p.double().flatten() for p in parameters(dtype, 64)), EPSILON
        ).to(dtype)
        assert_close_or_as_good(y.cpu(), eager, lambda e=exact: e[0], exact[0].to(dtype))
        torch.testing.assert_close(total.cpu(), inputs[0] + inputs[1])


def test_inspector_names_layer_and_results():
    session = Session()
    residual_network(session)
    engine = session.engine()
    told = json.loads(
        engine.create_engine_inspector().get_engine_information(trt.LayerInformationFormat.JSON)
    )
    layer = next(layer for layer in told["Layers"] if layer["Name"] == "norm")
    assert layer["LayerType"] == "RowNormalization"
    assert [output["Name"] for output in layer["Outputs"]] == ["y", "total"]
    assert layer["KeepSum"] is True and layer["Center"] is True and layer["ToType"] == "Float"
    for actual, expected in zip(results(engine), wanted(*session.kept), strict=True):
        torch.testing.assert_close(actual, expected)


def test_refit_of_scale_and_bias():
    session = Session()
    residual_network(session)
    session.config.set_flag(trt.BuilderFlag.REFIT)
    engine = session.engine()
    refitter = trt.Refitter(engine, session.logger)
    gamma, beta = sample((16,), seed=7), sample((16,), seed=8)
    for name, value in (("gamma", gamma), ("beta", beta)):
        assert refitter.set_weights(
            name, trt.WeightsRole.CONSTANT, trt.Weights(trt.float32, value.data_ptr(), 16)
        )
    assert refitter.refit_cuda_engine()
    for actual, expected in zip(results(engine), wanted(gamma, beta), strict=True):
        torch.testing.assert_close(actual, expected)
