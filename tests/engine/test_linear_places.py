"""Merged and fused products beside debug tensors, in bodies, and in streamed, stripped or saved plans."""

from __future__ import annotations

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._case import Net, check, run_engine, sample
from tests.engine._control import Loop
from tests.engine._passes import built, check_fused
from tests.engine._products import add, linear
from tests.engine._session import Session, execute, on_device
from tests.util.tolerance import tolerances

RELU = trt.ActivationType.RELU
WIDTH = 64
WEIGHTS = [sample((WIDTH, WIDTH), low=-0.1, high=0.1, seed=i) for i in range(4)]
BIASES = [sample((WIDTH,), low=-1, high=1, seed=10 + i) for i in range(4)]


def relu(n, x):
    return n.add_activation(x, RELU).get_output(0)


def branch(n, x, debug=()):
    """relu(sum of three products of x), and the products by number."""
    products = [linear(n, x, WEIGHTS[i], BIASES[i]) for i in range(3)]
    for i in debug:
        assert n.mark_debug(products[i])
    y = add(n, add(n, relu(n, products[0]), products[1]), products[2])
    return relu(n, linear(n, y, WEIGHTS[3], BIASES[3]))


def expected(x):
    a, b, c = (F.linear(x, WEIGHTS[i].to(x.dtype), BIASES[i].to(x.dtype)) for i in range(3))
    return F.linear(a.relu() + b + c, WEIGHTS[3].to(x.dtype), BIASES[3].to(x.dtype)).relu()


@pytest.mark.parametrize(("debug", "merged"), [((), True), ((0,), True), ((0, 2), False)], ids=str)
def test_debug_tensors_keep_their_products(debug, merged):
    x = sample((20, WIDTH), low=-1, high=1)
    plan, changed = built(lambda n, x: branch(n, x, debug), [x])
    assert ("merge_linears" in changed) == merged
    y = run_engine(plan, [x])[0]
    torch.testing.assert_close(y, expected(x.double()).float(), **tolerances(torch.float32))


def test_an_activation_behind_a_debug_tensor_stays():
    def build(n, x):
        y = linear(n, x, WEIGHTS[0], BIASES[0])
        assert n.mark_debug(y)
        return relu(n, y)

    assert "fuse_linear" not in built(build, [sample((20, WIDTH))])[1]


@pytest.mark.parametrize("first", [False, True], ids=["product first", "bias first"])
def test_sums_either_way_round(first):
    build = lambda n, x: relu(n, linear(n, x, WEIGHTS[0], BIASES[0], bias_first=first))  # noqa: E731
    wanted = lambda x: F.linear(x, WEIGHTS[0].double(), BIASES[0].double()).relu()  # noqa: E731
    check_fused(build, [sample((20, WIDTH), low=-1, high=1)], wanted, "fuse_linear")


@pytest.mark.parametrize("trips", [0, 1, 3])
def test_in_a_loop(trips):
    """The weights stand outside; the body merges and fuses all the same."""

    def build(n, x):
        loop = Loop(n, trips)
        return loop.last(loop.carry(x, lambda y: branch(n, y)))

    def wanted(x):
        for _ in range(trips):
            x = expected(x)
        return x

    check(build, [sample((20, WIDTH), low=-1, high=1)], wanted)


def session(*flags: trt.BuilderFlag) -> Session:
    made = Session()
    for flag in flags:
        made.config.set_flag(flag)
    made.kept = Net(made.network)
    y = branch(made.kept, made.input("x", (20, WIDTH)))
    y.name = "y"
    made.network.mark_output(y)
    return made


def assert_right(context: trt.IExecutionContext) -> None:
    x = sample((20, WIDTH), low=-1, high=1)
    y = on_device(torch.full((20, WIDTH), float("nan")))
    for _ in range(3):
        assert execute(context, on_device(x), y)
        torch.testing.assert_close(y.cpu(), expected(x.double()).float(), **tolerances(torch.float32))


@pytest.mark.parametrize("budget", [0, 20_000, 1 << 20])
def test_streamed(budget):
    engine = session(trt.BuilderFlag.WEIGHT_STREAMING).engine()
    assert engine.streamable_weights_size == 4 * 4 * WIDTH * WIDTH, (
        "merged weights take the place of the others"
    )
    engine.weight_streaming_budget_v2 = budget
    assert_right(engine.create_execution_context())


def test_stripped_and_given_back():
    made = session(trt.BuilderFlag.REFIT, trt.BuilderFlag.STRIP_PLAN)
    engine = made.engine()
    refitter = trt.Refitter(engine, made.logger)
    constants = [layer for layer in made.network if layer.type == trt.LayerType.CONSTANT]
    for layer, value in zip(constants, made.kept._alive, strict=True):
        weights = trt.Weights(trt.float32, value.data_ptr(), value.numel())
        assert refitter.set_weights(layer.name, trt.WeightsRole.CONSTANT, weights), made.logger.errors()
    assert refitter.refit_cuda_engine(), made.logger.errors()
    assert_right(engine.create_execution_context())


def test_saved_again():
    engine = session().engine()
    plan = engine.serialize()
    assert_right(
        trt.Runtime(trt.Logger(trt.Logger.ERROR)).deserialize_cuda_engine(plan).create_execution_context()
    )
