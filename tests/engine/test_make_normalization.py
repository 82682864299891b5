"""Normalizations written as parts become one layer; what only looks like one stays."""

from __future__ import annotations

import json
from itertools import product
from types import SimpleNamespace

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._case import FLOATS, STATIC_AND_DYNAMIC, TRT_OF, Net, check, growing, sample
from tests.engine._passes import built, check_fused
from tests.engine._session import Session, execute, on_device

PASS = "make_normalization"
OP, REDUCE, UNARY = trt.ElementWiseOperation, trt.ReduceOperation, trt.UnaryOperation
HALVES = [torch.float16, torch.bfloat16]
EPSILON = 1e-3
X = (3, 5, 16)
GAMMA, BETA = sample((1, 1, 16), low=0.5, high=2, seed=1), sample((1, 1, 16), seed=2)


class Parts:
    """The operations of a normalization over `axes`."""

    def __init__(self, n, axes=(2,)):
        self.n, self.mask = n, sum(1 << axis for axis in axes)

    def binary(self, op, a, b):
        return self.n.add_elementwise(a, b, op).get_output(0)

    def unary(self, op, x):
        return self.n.add_unary(x, op).get_output(0)

    def reduce(self, op, x, keep=True):
        return self.n.add_reduce(x, op, self.mask, keep).get_output(0)

    def number(self, value, like):
        shape = (1,) * len(like.shape)
        return self.n.constant(
            torch.full(shape, value, dtype=FLOATS[[TRT_OF[t] for t in FLOATS].index(like.dtype)])
        )

    def cast(self, x, dtype):
        return self.n.add_cast(x, TRT_OF[dtype]).get_output(0)

    def mean(self, x, how="avg"):
        if how == "avg":
            return self.reduce(REDUCE.AVG, x)
        count = (
            torch.tensor(tuple(x.shape))[[i for i in range(len(x.shape)) if self.mask >> i & 1]].prod().item()
        )
        return self.binary(OP.DIV, self.reduce(REDUCE.SUM, x), self.number(float(count), x))

    def square(self, d, how="prod"):
        return self.binary(OP.PROD, d, d) if how == "prod" else self.binary(OP.POW, d, self.number(2.0, d))

    def divided(self, d, variance, how):
        """`d` over the root of `variance` + epsilon."""
        total = self.binary(OP.SUM, variance, self.number(EPSILON, variance))
        if how == "power":
            return self.binary(OP.PROD, self.binary(OP.POW, total, self.number(-0.5, total)), d)
        root = self.unary(UNARY.SQRT, total)
        if how == "div":
            return self.binary(OP.DIV, d, root)
        if how == "quotient":
            return self.binary(OP.PROD, d, self.binary(OP.DIV, self.number(1.0, root), root))
        return self.binary(OP.PROD, d, self.unary(UNARY.RECIP, root))


WAYS = list(product(["prod", "pow"], ["div", "recip", "power", "quotient"], ["avg", "sum"]))


def layer_norm(square="prod", root="div", mean="avg", gamma=GAMMA, beta=BETA, axes=(2,), twice=False):
    def build(n, x):
        p = Parts(n, axes)
        dtype = FLOATS[[TRT_OF[t] for t in FLOATS].index(x.dtype)]
        d = p.binary(OP.SUB, x, p.reduce(REDUCE.AVG, x))
        other = p.binary(OP.SUB, x, p.reduce(REDUCE.AVG, x)) if twice else d
        y = p.divided(other, p.mean(p.square(d, square), mean), root)
        y = y if gamma is None else p.binary(OP.PROD, n.constant(gamma.to(dtype)), y)
        return y if beta is None else p.binary(OP.SUM, y, n.constant(beta.to(dtype)))

    return build


def exact(gamma=GAMMA, beta=BETA, axes=(2,), center=True, epsilon=EPSILON, dtype=torch.float32):
    def reference(x):
        d = x - x.mean(axes, keepdim=True) if center else x
        y = d / (d.square().mean(axes, keepdim=True) + epsilon).sqrt()
        y = y if gamma is None else y * gamma.to(dtype).double()
        return y if beta is None else y + beta.to(dtype).double()

    return reference


def kinds(build, inputs):
    """Kinds of layers that a network becomes, but constants."""
    session = Session()
    net = Net(session.network)
    y = build(net, *(session.input(f"x{i}", tuple(x.shape), TRT_OF[x.dtype]) for i, x in enumerate(inputs)))
    session.network.mark_output(y)
    session.config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    inspector = session.engine().create_engine_inspector()
    told = json.loads(inspector.get_engine_information(trt.LayerInformationFormat.JSON))
    return [layer["LayerType"] for layer in told["Layers"] if layer["LayerType"] != "Constant"]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("square", "root", "mean"), WAYS)
def test_layer_norm(square, root, mean, dtype):
    check_fused(layer_norm(square, root, mean), [sample(X, dtype)], exact(dtype=dtype), PASS)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("gamma", "beta"), [(None, None), (GAMMA, None), (None, BETA)], ids=["none", "scale", "bias"]
)
def test_absent_parameters(gamma, beta, dtype):
    check_fused(layer_norm(gamma=gamma, beta=beta), [sample(X, dtype)], exact(gamma, beta, dtype=dtype), PASS)


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [X, (0, 5, 16), (1, 1, 16)], ids=str)
def test_lengths_of_run_time(shape, dtype, dynamic):
    """The rows' number may be unknown, not their length."""
    x = sample(shape, dtype)
    spans = [growing(x, 0, 1)] if dynamic else False
    check(layer_norm(), [x], exact(dtype=dtype), dynamic=spans)


def test_rows_of_several_axes():
    gamma, beta = sample((1, 5, 16), seed=3), sample((1, 5, 16), seed=4)
    build = layer_norm(gamma=gamma, beta=beta, axes=(1, 2))
    check_fused(build, [sample(X)], exact(gamma, beta, (1, 2)), PASS)


@pytest.mark.parametrize("dtype", FLOATS)
def test_axes_in_front(dtype):
    gamma, beta = sample((1, 5, 1), low=0.5, high=2, seed=3), sample((1, 5, 1), seed=4)
    build = layer_norm(gamma=gamma, beta=beta, axes=(1,))
    check_fused(build, [sample(X, dtype)], exact(gamma, beta, (1,), dtype=dtype), PASS)


@pytest.mark.parametrize("dtype", FLOATS)
def test_instance_norm(dtype):
    gamma, beta = sample((1, 6, 1, 1), low=0.5, high=2, seed=3), sample((1, 6, 1, 1), seed=4)
    build = layer_norm(gamma=gamma, beta=beta, axes=(2, 3))
    check_fused(build, [sample((2, 6, 4, 3), dtype)], exact(gamma, beta, (2, 3), dtype=dtype), PASS)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("split", [(2, 3, 24), (2, 3, 2, 4, 3)], ids=str)
def test_group_norm(split, dtype, affine):
    gamma, beta = sample((1, 6, 1, 1), low=0.5, high=2, seed=3), sample((1, 6, 1, 1), seed=4)

    def build(n, x):
        def shaped(x, shape):
            layer = n.add_shuffle(x)
            layer.reshape_dims = shape
            return layer.get_output(0)

        rows = layer_norm(gamma=None, beta=None, axes=range(2, len(split)))(n, shaped(x, split))
        y = shaped(rows, (2, 6, 4, 3))
        p = Parts(n)
        if affine:
            y = p.binary(
                OP.SUM, p.binary(OP.PROD, y, n.constant(gamma.to(dtype))), n.constant(beta.to(dtype))
            )
        return y

    def reference(x):
        given = (gamma, beta) if affine else (None, None)
        flat = [None if g is None else g.to(dtype).double().flatten() for g in given]
        return F.group_norm(x, 3, *flat, eps=EPSILON)

    x = sample((2, 6, 4, 3), dtype)
    check_fused(build, [x], reference, PASS)
    assert kinds(build, [x]) == ["Normalization"]


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("late", [False, True], ids=["parameters in half", "parameters in float32"])
def test_float32_inside(late, dtype):
    """As models write it: cast, normalize, cast back, before or after scale and bias."""

    def build(n, x):
        p = Parts(n)
        wide = p.cast(x, torch.float32)
        if late:
            return p.cast(layer_norm()(n, wide), dtype)
        y = p.cast(layer_norm(gamma=None, beta=None)(n, wide), dtype)
        y = p.binary(OP.PROD, n.constant(GAMMA.to(dtype)), y)
        return p.binary(OP.SUM, y, n.constant(BETA.to(dtype)))

    x = sample(X, dtype, 90, 100)
    reference = exact(dtype=torch.float32 if late else dtype)
    check_fused(build, [x], reference, PASS)
    check(build, [x], reference)


@pytest.mark.parametrize("dtype", HALVES)
def test_result_in_float32(dtype):
    """Without a cast back the result stays wide."""

    def build(n, x):
        return layer_norm(gamma=None, beta=None)(n, Parts(n).cast(x, torch.float32))

    check_fused(build, [sample(X, dtype)], exact(None, None), PASS)
    check(build, [sample(X, dtype)], exact(None, None), dtypes=[torch.float32])


def test_one_difference_or_two():
    check_fused(layer_norm(twice=True), [sample(X)], exact(), PASS)


def test_scale_before_the_quotient():
    def build(n, x):
        p = Parts(n)
        d = p.binary(OP.SUB, x, p.mean(x))
        y = p.divided(p.binary(OP.PROD, n.constant(GAMMA), d), p.mean(p.square(d)), "div")
        return p.binary(OP.SUM, y, n.constant(BETA))

    check_fused(build, [sample(X)], exact(), PASS)


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("back", [False, True], ids=["result in float32", "cast back"])
def test_casts_around_the_layer(back, dtype):
    """The layer itself in float32, with parameters in float32."""

    def build(n, x):
        p = Parts(n)
        layer = n.add_normalization(p.cast(x, torch.float32), n.constant(GAMMA), n.constant(BETA), 4)
        layer.epsilon = EPSILON
        return p.cast(layer.get_output(0), dtype) if back else layer.get_output(0)

    x = sample(X, dtype)
    check_fused(build, [x], exact(), PASS)
    check(build, [x], exact(), dtypes=[dtype if back else torch.float32])
    assert kinds(build, [x]) == ["RowNormalization"]


def test_narrowing_in_front_stays():
    """What is rounded before it is normalized stays rounded."""

    def build(n, x):
        p = Parts(n)
        return p.cast(n.add_normalization(p.cast(x, torch.float16), n.constant(GAMMA.half()),
                                          n.constant(BETA.half()), 4).get_output(0), torch.float32)

    assert PASS not in built(build, [sample(X)])[1]


# ---- root mean square


def rms_norm(form, dtype, gamma=GAMMA):
    """`form`: how models order casts and weight."""

    def build(n, x):
        p = Parts(n)
        wide = x if form == "plain" else p.cast(x, torch.float32)
        weight = (
            None
            if gamma is None
            else n.constant(gamma.to(torch.float32 if form == "float32 weight" else dtype))
        )
        squares = p.square(wide, "pow")
        if form == "t5":  # the half value is widened again
            y = p.divided(p.cast(x, torch.float32), p.mean(squares), "recip")
        else:
            y = p.divided(wide, p.mean(squares), "recip")
        if form == "float32 weight":
            return p.cast(p.binary(OP.PROD, weight, y), dtype)
        y = y if form == "plain" else p.cast(y, dtype)
        return y if weight is None else p.binary(OP.PROD, weight, y)

    return build


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("form", ["plain", "llama", "t5", "float32 weight"])
def test_rms_norm(form, dtype):
    if dtype == torch.float32 and form != "plain":
        pytest.skip("no casts to place")
    x = sample(X, dtype)
    weight = torch.float32 if form == "float32 weight" else dtype
    check_fused(rms_norm(form, dtype), [x], exact(beta=None, center=False, dtype=weight), PASS)
    check(
        rms_norm(form, dtype), [x], exact(beta=None, center=False, dtype=weight), dynamic=[growing(x, 0, 1)]
    )
    assert kinds(rms_norm(form, dtype), [x]) == ["RowNormalization"]


@pytest.mark.parametrize("dtype", FLOATS)
def test_rms_norm_without_weight(dtype):
    form = "plain" if dtype == torch.float32 else "llama"
    for shape in (X, (0, 5, 16)):
        check_fused(
            rms_norm(form, dtype, None), [sample(shape, dtype)], exact(None, None, center=False), PASS
        )


def test_large_squares_of_halves():
    """Squares that float16 cannot hold."""
    x = sample(X, torch.float16, 300, 3000)
    check(rms_norm("plain", torch.float16), [x], exact(beta=None, center=False, dtype=torch.float16))


# ---- what stays


def with_change(change):
    """Layer norm without parameters, one thing of which `change` sees or makes otherwise."""

    def build(n, x):
        p = Parts(n)
        at = SimpleNamespace(n=n, p=p, x=x, mean=p.mean(x))
        at.d = p.binary(OP.SUB, x, at.mean)
        at.variance = p.mean(p.square(at.d))
        at.total = p.binary(OP.SUM, at.variance, p.number(EPSILON, x))
        at.y = p.binary(OP.DIV, at.d, p.unary(UNARY.SQRT, at.total))
        return change(at)

    return build


def other_axis(at):
    return at.p.binary(
        OP.DIV, at.p.binary(OP.SUB, at.x, Parts(at.n, (1,)).mean(at.x)), at.p.unary(UNARY.SQRT, at.total)
    )


def epsilon_outside(at):
    root = at.p.binary(OP.SUM, at.p.unary(UNARY.SQRT, at.variance), at.p.number(EPSILON, at.x))
    return at.p.binary(OP.DIV, at.d, root)


def epsilon_inside(at):
    d = at.p.binary(OP.SUM, at.d, at.p.number(EPSILON, at.x))
    return at.p.binary(OP.DIV, at.d, at.p.unary(UNARY.SQRT, at.p.mean(at.p.square(d))))


def another_numerator(at):
    return at.p.binary(OP.DIV, at.p.unary(UNARY.ABS, at.x), at.p.unary(UNARY.SQRT, at.total))


def numerator_not_centered(at):
    return at.p.binary(OP.DIV, at.x, at.p.unary(UNARY.SQRT, at.total))


def root_over_difference(at):
    return at.p.binary(OP.DIV, at.p.unary(UNARY.SQRT, at.total), at.d)


def cube(at):
    power = at.p.binary(OP.POW, at.p.unary(UNARY.ABS, at.d), at.p.number(3.0, at.x))
    return at.p.divided(at.d, at.p.mean(power), "div")


def sum_of_squares(at):
    return at.p.divided(at.d, at.p.reduce(REDUCE.SUM, at.p.square(at.d)), "div")


def one_degree_less(at):
    total = at.p.reduce(REDUCE.SUM, at.p.square(at.d))
    return at.p.divided(at.d, at.p.binary(OP.DIV, total, at.p.number(15.0, at.x)), "div")


def negative_epsilon(at):
    total = at.p.binary(OP.SUM, at.variance, at.p.number(-EPSILON, at.x))
    return at.p.binary(OP.DIV, at.d, at.p.unary(UNARY.SQRT, at.p.unary(UNARY.ABS, total)))


CHANGES = {
    "mean is an output": (lambda at: [at.y, at.mean]),
    "variance is an output": (lambda at: [at.y, at.variance]),
    "mean is used elsewhere": lambda at: [at.y, at.p.unary(UNARY.ABS, at.mean)],
    "difference is used elsewhere": lambda at: [at.y, at.p.unary(UNARY.ABS, at.d)],
    "another axis": other_axis,
    "epsilon beside the root": epsilon_outside,
    "epsilon beside the difference": epsilon_inside,
    "another numerator": another_numerator,
    "a numerator that is not centered": numerator_not_centered,
    "the root over the difference": root_over_difference,
    "cube": cube,
    "sum of squares": sum_of_squares,
    "one degree of freedom less": one_degree_less,
    "negative epsilon": negative_epsilon,
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_stays(change):
    plan, passes = built(with_change(CHANGES[change]), [sample(X)])
    assert PASS not in passes
    assert plan


def test_difference_from_another_mean_has_a_root_mean_square():
    def build(n, x):
        d = Parts(n, (1,)).binary(OP.SUB, x, Parts(n, (1,)).mean(x))
        return Parts(n).divided(d, Parts(n).mean(Parts(n).square(d)), "div")

    inner = exact(None, None, center=False)
    check_fused(build, [sample(X)], lambda x: inner(x - x.mean(1, keepdim=True)), PASS)
    assert kinds(build, [sample(X)]) == ["Reduce", "ElementWise", "RowNormalization"]


def test_the_unchanged_is_found():
    check_fused(with_change(lambda at: at.y), [sample(X)], exact(None, None), PASS)


def test_debug_tensor_stays():
    session = Session()
    x = session.input("x", X)
    network = session.network
    mean = network.add_reduce(x, REDUCE.AVG, 4, True).get_output(0)
    mean.name = "mean"
    network.mark_debug(mean)
    d = network.add_elementwise(x, mean, OP.SUB).get_output(0)
    squares = network.add_elementwise(d, d, OP.PROD).get_output(0)
    variance = network.add_reduce(squares, REDUCE.AVG, 4, True).get_output(0)
    epsilon = torch.full((1, 1, 1), EPSILON)
    weights = trt.Weights(trt.float32, epsilon.data_ptr(), 1)
    total = network.add_elementwise(variance, network.add_constant((1, 1, 1), weights).get_output(0), OP.SUM)
    root = network.add_unary(total.get_output(0), UNARY.SQRT).get_output(0)
    y = network.add_elementwise(d, root, OP.DIV).get_output(0)
    y.name = "y"
    network.mark_output(y)
    session.logger.min_severity = trt.ILogger.VERBOSE
    assert session.engine() is not None
    assert not [line for _, line in session.logger.lines if PASS in line]


def test_scale_that_adds_lengths_stays_outside():
    gamma = sample((2, 1, 16), seed=3)

    def build(n, x):
        return Parts(n).binary(OP.PROD, layer_norm(beta=None, gamma=None)(n, x), n.constant(gamma))

    x = sample((1, 5, 16))
    check_fused(build, [x], exact(gamma, None), PASS)


def test_level_0_leaves_it():
    assert PASS not in built(layer_norm(), [sample(X)], level=0)[1]


# ---- plans


def named(session, beta=True):
    """x -> layer norm by parts, whose last layer is "norm" -> y; gamma and beta by name."""
    network = session.network
    x = session.input("x", (4, 16))
    kept = [GAMMA.flatten().clone(), BETA.flatten().clone(), torch.full((1,), EPSILON)]

    def constant(i, shape, name):
        layer = network.add_constant(shape, trt.Weights(trt.float32, kept[i].data_ptr(), kept[i].numel()))
        layer.name = name
        return layer.get_output(0)

    mean = network.add_reduce(x, REDUCE.AVG, 2, True).get_output(0)
    d = network.add_elementwise(x, mean, OP.SUB).get_output(0)
    squares = network.add_elementwise(d, d, OP.PROD).get_output(0)
    variance = network.add_reduce(squares, REDUCE.AVG, 2, True).get_output(0)
    total = network.add_elementwise(variance, constant(2, (1, 1), "epsilon"), OP.SUM).get_output(0)
    y = network.add_elementwise(d, network.add_unary(total, UNARY.SQRT).get_output(0), OP.DIV).get_output(0)
    y = network.add_elementwise(y, constant(0, (1, 16), "gamma"), OP.PROD).get_output(0)
    layer = network.add_elementwise(y, constant(1, (1, 16), "beta"), OP.SUM)
    layer.name, layer.get_output(0).name = "norm", "y"
    network.mark_output(layer.get_output(0))
    session.config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    session.kept = kept


def result(engine):
    x, y = on_device(sample((4, 16), seed=5)), on_device(torch.zeros(4, 16))
    assert execute(engine.create_execution_context(), x, y)
    return y.cpu()


def wanted(gamma, beta):
    x = sample((4, 16), seed=5).double()
    return F.layer_norm(x, (16,), gamma.double(), beta.double(), EPSILON).float()


def test_inspector_names_the_layer():
    session = Session()
    named(session)
    engine = session.engine()
    told = json.loads(
        engine.create_engine_inspector().get_engine_information(trt.LayerInformationFormat.JSON)
    )
    layer = next(layer for layer in told["Layers"] if layer["Name"] == "norm")
    assert layer["LayerType"] == "Normalization"
    assert layer["Epsilon"] == pytest.approx(EPSILON)
    assert [name.split("_")[0] for name in layer["Constants"]] == ["gamma", "beta"]
    torch.testing.assert_close(result(engine), wanted(*session.kept[:2]))


def test_refit_of_scale_and_bias():
    session = Session()
    named(session)
    session.config.set_flag(trt.BuilderFlag.REFIT)
    engine = session.engine()
    refitter = trt.Refitter(engine, session.logger)
    gamma, beta = sample((16,), seed=7), sample((16,), seed=8)
    for name, value in (("gamma", gamma), ("beta", beta)):
        assert refitter.set_weights(
            name, trt.WeightsRole.CONSTANT, trt.Weights(trt.float32, value.data_ptr(), 16)
        )
    assert refitter.refit_cuda_engine()
    torch.testing.assert_close(result(engine), wanted(gamma, beta))
