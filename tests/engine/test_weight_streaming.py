"""Weight streaming: budgets, the rules about them, and results that do not depend on them."""

from __future__ import annotations

import pytest
import tensorrt as trt
import torch

from tests.engine._case import device, sample
from tests.engine._session import Session, execute, needs_version_10, on_device
from tests.engine.test_refit import Flag, weights_of

LAYERS, WIDTH = 8, 64
BYTES = LAYERS * WIDTH * WIDTH * 4


class Net(Session):
    """x [4, 64] times eight matrices -> y"""

    def __init__(self, *flags: trt.BuilderFlag) -> None:
        super().__init__()
        for flag in flags:
            self.config.set_flag(flag)
        self.matrices = [sample((WIDTH, WIDTH), torch.int32, -1, 2, i).float() for i in range(LAYERS)]
        y = self.input("x", (4, WIDTH))
        constants = [self.network.add_constant(tuple(m.shape), weights_of(m)) for m in self.matrices]
        for i, constant in enumerate(constants):
            constant.name = f"m{i}"
            none = trt.MatrixOperation.NONE
            y = self.network.add_matrix_multiply(y, none, constant.get_output(0), none).get_output(0)
            y = self.network.add_activation(y, trt.ActivationType.RELU).get_output(0)
            y = self.network.add_activation(y, trt.ActivationType.CLIP)
            y.alpha, y.beta = 0, 3
            y = y.get_output(0)
        y.name = "y"
        self.network.mark_output(y)

    def expected(self, x: torch.Tensor) -> torch.Tensor:
        for m in self.matrices:
            x = (x @ m).clamp(0, 3)
        return x


def check(net: Net, context: trt.IExecutionContext) -> None:
    x = sample((4, WIDTH), torch.int32, -1, 2).float()
    y = on_device(torch.full((4, WIDTH), -1.0))
    for _ in range(3):
        assert execute(context, on_device(x), y), net.logger.errors()
        assert torch.equal(y.cpu(), net.expected(x))


@pytest.mark.parametrize("budget", [0, BYTES // 3, BYTES, 10 * BYTES], ids=str)
@pytest.mark.parametrize("saved", [False, True], ids=["built", "read"])
def test_results_do_not_depend_on_the_budget(budget: int, saved: bool) -> None:
    net = Net(Flag.WEIGHT_STREAMING)
    engine = net.engine() if saved else net.builder.build_engine_with_config(net.network, net.config)
    assert engine.streamable_weights_size == BYTES
    assert engine.weight_streaming_budget_v2 == BYTES and engine.weight_streaming_scratch_memory_size == 0
    engine.weight_streaming_budget_v2 = budget
    assert engine.weight_streaming_budget_v2 == min(budget, BYTES)
    scratch = engine.weight_streaming_scratch_memory_size
    assert scratch == 0 if budget >= BYTES else 0 < scratch < BYTES
    assert 0 <= engine.get_weight_streaming_automatic_budget() <= BYTES
    check(net, engine.create_execution_context())


def test_a_budget_cannot_change_while_contexts_exist() -> None:
    net = Net(Flag.WEIGHT_STREAMING)
    engine = net.engine()
    context = engine.create_execution_context()
    engine.weight_streaming_budget_v2 = 0  # c2 of engine_streaming.cpp
    assert "contexts" in net.logger.last_error() and engine.weight_streaming_budget_v2 == BYTES
    check(net, context)
    del context
    engine.weight_streaming_budget_v2 = 0
    check(net, engine.create_execution_context())


@needs_version_10
def test_budgets_of_version_1() -> None:
    net = Net(Flag.WEIGHT_STREAMING)
    engine = net.engine()
    assert engine.weight_streaming_budget == 0 and engine.minimum_weight_streaming_budget == 0
    for budget in (-1, 0, BYTES // 2):
        engine.weight_streaming_budget = budget
        assert engine.weight_streaming_budget == budget
        check(net, engine.create_execution_context())
    engine.weight_streaming_budget = -2
    assert "-2 bytes" in net.logger.last_error() and engine.weight_streaming_budget == BYTES // 2


def test_wrong_budgets() -> None:
    net = Net(Flag.WEIGHT_STREAMING)
    engine = net.engine()
    engine.weight_streaming_budget_v2 = -1  # c3 of engine_streaming.cpp
    assert "-1 bytes" in net.logger.last_error() and engine.weight_streaming_budget_v2 == BYTES
    net = Net()
    plain = net.engine()
    assert plain.streamable_weights_size == 0 and plain.weight_streaming_budget_v2 == 0
    plain.weight_streaming_budget_v2 = 1  # c1
    assert "kWEIGHT_STREAMING" in net.logger.last_error()


def test_refitted_weights_are_streamed_too() -> None:
    net = Net(Flag.WEIGHT_STREAMING, Flag.REFIT)
    engine = net.engine()
    engine.weight_streaming_budget_v2 = 0
    context = engine.create_execution_context()
    check(net, context)
    net.matrices[3] = net.matrices[3].flip(0).contiguous()
    refitter = trt.Refitter(engine, net.logger)
    assert refitter.set_weights("m3", trt.WeightsRole.CONSTANT, weights_of(net.matrices[3]))
    assert refitter.refit_cuda_engine()
    check(net, context)


@pytest.mark.skipif(device().type != "cuda", reason="weights are in host memory anyway")
def test_streamed_weights_leave_device_memory() -> None:
    def streamed() -> tuple[Net, trt.IExecutionContext]:
        net = Net(Flag.WEIGHT_STREAMING)
        engine = net.engine()
        engine.weight_streaming_budget_v2 = 0
        context = engine.create_execution_context()
        check(net, context)
        return net, context

    kept = streamed()  # libraries have their workspaces then
    before = torch.cuda.memory_allocated()
    others = streamed()
    assert torch.cuda.memory_allocated() - before < BYTES // 2
    del kept, others
