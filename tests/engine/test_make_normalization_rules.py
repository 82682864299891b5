"""What only looks like a normalization stays; names, plans and refits of what becomes one."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._case import sample
from tests.engine._normalization_parts import (
    BETA,
    EPSILON,
    GAMMA,
    OP,
    PASS,
    REDUCE,
    UNARY,
    Parts,
    X,
    exact,
    kinds,
    layer_norm,
)
from tests.engine._passes import built, check_fused
from tests.engine._session import Session, execute, on_device

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
