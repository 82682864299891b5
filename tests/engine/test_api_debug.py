"""Debug tensors: marked in the network, kept by passes, reported to a listener when they are computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorrt as trt
import torch

from tests.engine._case import device
from tests.engine._memory import empty, read_memory, run_context
from tests.engine._session import STRONG, Session, needs_weak_types, on_device, relu_network


class Listener(trt.IDebugListener):
    """Keeps what it is told. The bindings pass no answer on, so it cannot say that it failed."""

    def __init__(self) -> None:
        trt.IDebugListener.__init__(self)
        self.seen: list[tuple[str, torch.Tensor]] = []
        self.locations: set[trt.TensorLocation] = set()

    def process_debug_tensor(
        self, addr: Any, location: Any, type: Any, shape: Any, name: str, stream: int
    ) -> bool:
        self.seen.append((name, read_memory(addr, type, shape)))
        self.locations.add(location)
        return True

    def names(self) -> list[str]:
        return [name for name, _ in self.seen]


def chain(flags: int = STRONG, rows: int = 2) -> Session:
    """x -> identity "same" -> times 2 "double" -> relu "positive" -> y"""
    session = Session(flags)
    x = session.input("x", (rows, 3))
    same = session.network.add_identity(x).get_output(0)
    session.two = np.full((1, 3), 2, np.float32)
    two = session.network.add_constant(
        (1, 3), trt.Weights(trt.float32, session.two.ctypes.data, 3)
    ).get_output(0)
    double = session.network.add_elementwise(same, two, trt.ElementWiseOperation.PROD).get_output(0)
    positive = session.network.add_activation(double, trt.ActivationType.RELU).get_output(0)
    y = session.network.add_unary(positive, trt.UnaryOperation.NEG).get_output(0)
    for name, tensor in {"same": same, "two": two, "double": double, "positive": positive, "y": y}.items():
        tensor.name = name
    session.tensors = {"same": same, "two": two, "double": double, "positive": positive, "y": y}
    session.network.mark_output(y)
    return session


def run(
    session: Session, listener: Listener | None, *on: str, rows: int = 2
) -> tuple[Any, torch.Tensor, Any]:
    engine = session.engine()
    context = engine.create_execution_context()
    if listener is not None:
        assert context.set_debug_listener(listener)
    for name in on:
        assert context.set_tensor_debug_state(name, True)
    x = on_device(torch.randn(rows, 3))
    assert run_context(context, {"x": x}, {"y": empty((rows, 3))})
    return context, x.cpu(), engine


def test_marks_of_the_network() -> None:
    session = chain()
    double = session.tensors["double"]
    assert not session.network.is_debug_tensor(double)
    assert session.network.mark_debug(double) and session.network.mark_debug(double)
    assert session.network.is_debug_tensor(double)
    assert session.network.unmark_debug(double)
    assert not session.network.is_debug_tensor(double)


def test_an_input_is_no_debug_tensor() -> None:
    session = chain()
    assert not session.network.mark_debug(session.network.get_input(0))
    assert '"x"' in (error := session.logger.last_error()) and "debug" in error


def test_marked_tensors_survive_passes_and_are_reported_in_order() -> None:
    session = chain()
    for name in ("same", "double", "positive"):
        assert session.network.mark_debug(session.tensors[name])
    listener = Listener()
    context, x, engine = run(session, listener, "same", "double", "positive")
    assert [engine.is_debug_tensor(n) for n in ("same", "two", "y", "x")] == [True, False, False, False]
    assert listener.names() == ["same", "double", "positive"]
    values = dict(listener.seen)
    assert torch.equal(values["same"], x) and torch.equal(values["double"], x * 2)
    assert torch.equal(values["positive"], (x * 2).relu())
    where = trt.TensorLocation.DEVICE if device().type == "cuda" else trt.TensorLocation.HOST
    assert listener.locations == {where}


def test_quantized_weights_are_reported_though_runs_do_not_need_them() -> None:
    session = Session()
    x = session.input("x", (2, 3))
    codes, scale = torch.tensor([[1, 2, 3]], dtype=torch.int8), torch.tensor(0.5)
    weights = session.network.add_constant((1, 3), trt.Weights(trt.int8, codes.data_ptr(), 3)).get_output(0)
    step = session.network.add_constant((), trt.Weights(trt.float32, scale.data_ptr(), 1)).get_output(0)
    real = session.network.add_dequantize(weights, step, trt.float32).get_output(0)
    y = session.network.add_elementwise(x, real, trt.ElementWiseOperation.SUM).get_output(0)
    weights.name, real.name, y.name = "codes", "real", "y"
    session.network.mark_output(y)
    assert session.network.mark_debug(weights) and session.network.mark_debug(real)
    listener = Listener()
    run(session, listener, "codes", "real")
    values = dict(listener.seen)
    assert torch.equal(values["codes"], codes) and torch.equal(values["real"], codes * scale)


def test_debug_tensors_of_a_branch_that_is_never_taken_go_with_it() -> None:
    session = Session()
    x, truth = session.input("x", (2, 3)), torch.tensor(True)
    branches = session.network.add_if_conditional()
    always = session.network.add_constant((), trt.Weights(trt.bool, truth.data_ptr(), 1)).get_output(0)
    branches.set_condition(always)
    entered = branches.add_input(x).get_output(0)
    taken = session.network.add_unary(entered, trt.UnaryOperation.NEG).get_output(0)
    other = session.network.add_unary(entered, trt.UnaryOperation.ABS).get_output(0)
    y = branches.add_output(taken, other).get_output(0)
    taken.name, other.name, y.name = "taken", "other", "y"
    session.network.mark_output(y)
    assert session.network.mark_debug(taken) and session.network.mark_debug(other)
    listener = Listener()
    _, x, engine = run(session, listener, "taken")
    assert listener.names() == ["taken"] and torch.equal(listener.seen[0][1], -x)
    assert not engine.is_debug_tensor("other")


def test_states_choose_what_is_reported() -> None:
    session = chain()
    for name in ("same", "double"):
        session.network.mark_debug(session.tensors[name])
    listener = Listener()
    context, _, _ = run(session, listener)
    assert listener.names() == [] and not context.get_debug_state("same")
    x, y = on_device(torch.ones(2, 3)), empty((2, 3))
    assert context.set_all_tensors_debug_state(True)
    assert context.get_debug_state("same") and context.get_debug_state("double")
    assert context.set_tensor_debug_state("same", False)
    assert run_context(context, {"x": x}, {"y": y})
    assert listener.names() == ["double"]
    assert context.set_all_tensors_debug_state(False) and not context.get_debug_state("double")
    assert run_context(context, {"x": x}, {"y": y})
    assert listener.names() == ["double"]


def test_states_without_a_listener_change_nothing() -> None:
    session = chain()
    session.network.mark_debug(session.tensors["double"])
    context, x, _ = run(session, None, "double")
    assert context.get_debug_listener() is None


@pytest.mark.parametrize("name", ["y", "x", "two", "nothing"])
def test_only_marked_tensors_have_a_state(name: str) -> None:
    session = chain()
    session.network.mark_debug(session.tensors["double"])
    context = session.engine().create_execution_context()
    assert not context.set_tensor_debug_state(name, True)
    assert f'"{name}"' in session.logger.last_error()
    assert not context.get_debug_state(name)


def test_outputs_and_constants_may_be_debug_tensors() -> None:
    session = chain()
    for name in ("two", "y"):
        assert session.network.mark_debug(session.tensors[name])
    listener = Listener()
    _, x, _ = run(session, listener, "two", "y")
    values = dict(listener.seen)
    assert sorted(listener.names()) == ["two", "y"]
    assert torch.equal(values["two"], torch.full((1, 3), 2.0)) and torch.equal(values["y"], -(x * 2).relu())


def test_a_tensor_that_nothing_needs_is_computed_for_the_listener() -> None:
    session = relu_network()
    extra = session.network.add_unary(session.network.get_input(0), trt.UnaryOperation.EXP).get_output(0)
    extra.name = "extra"
    session.network.mark_debug(extra)
    listener = Listener()
    _, x, engine = run(session, listener, "extra")
    torch.testing.assert_close(dict(listener.seen)["extra"], x.exp())
    assert engine.num_io_tensors == 2


def test_shape_tensors_may_be_debug_tensors() -> None:
    session = Session()
    x = session.input("x", (-1, 3))
    shape = session.network.add_shape(x).get_output(0)
    shape.name = "shape"
    session.network.mark_debug(shape)
    layer = session.network.add_shuffle(x)
    layer.set_input(1, shape)
    y = session.network.add_activation(layer.get_output(0), trt.ActivationType.RELU).get_output(0)
    y.name = "y"
    session.network.mark_output(y)
    session.profile(x=((1, 3), (2, 3), (4, 3)))
    listener = Listener()
    run(session, listener, "shape", rows=4)
    assert torch.equal(dict(listener.seen)["shape"], torch.tensor([4, 3]))


def test_unfused_tensors_are_reported_under_the_names_of_the_inspector() -> None:
    session = chain()
    assert session.network.mark_unfused_tensors_as_debug_tensors()
    session.config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    engine = session.engine()
    assert not engine.is_debug_tensor("double")
    context = engine.create_execution_context()
    listener = Listener()
    context.set_debug_listener(listener)
    assert not context.unfused_tensors_debug_state
    context.unfused_tensors_debug_state = True
    x = on_device(torch.randn(2, 3))
    assert run_context(context, {"x": x}, {"y": empty((2, 3))})
    told = engine.create_engine_inspector().get_engine_information(trt.LayerInformationFormat.JSON)
    assert listener.names() and all(f'"{name}"' in told for name in listener.names())
    assert "y" in listener.names()
    context.unfused_tensors_debug_state = False
    before = len(listener.seen)
    assert run_context(context, {"x": x}, {"y": empty((2, 3))})
    assert len(listener.seen) == before


def test_unfused_tensors_have_to_be_marked_before_the_build() -> None:
    session = chain()
    session.network.mark_unfused_tensors_as_debug_tensors()
    session.network.unmark_unfused_tensors_as_debug_tensors()
    context = session.engine().create_execution_context()
    context.unfused_tensors_debug_state = True
    assert not context.unfused_tensors_debug_state
    assert "unfused" in session.logger.last_error()


@needs_weak_types
def test_weakly_typed_networks_have_debug_tensors() -> None:
    session = chain(flags=0)
    session.network.mark_debug(session.tensors["double"])
    session.network.mark_debug(session.tensors["y"])
    listener = Listener()
    _, x, _ = run(session, listener, "double", "y")
    assert torch.equal(dict(listener.seen)["double"], x * 2)
    assert torch.equal(dict(listener.seen)["y"], -(x * 2).relu())


def looped(marks: bool = True) -> Session:
    """y = x doubled three times in a loop; "next" is the doubled value of each iteration."""
    session = Session()
    n = session.network
    session.kept = [np.array(3, np.int32), np.full((1, 3), 2, np.float32)]
    trips, two = (
        n.add_constant(a.shape, trt.Weights(kind, a.ctypes.data, a.size)).get_output(0)
        for a, kind in zip(session.kept, (trt.int32, trt.float32), strict=True)
    )
    loop = n.add_loop()
    loop.add_trip_limit(trips, trt.TripLimit.COUNT)
    recurrence = loop.add_recurrence(session.input("x", (2, 3)))
    following = n.add_elementwise(recurrence.get_output(0), two, trt.ElementWiseOperation.PROD).get_output(0)
    following.name = "next"
    recurrence.set_input(1, following)
    y = loop.add_loop_output(recurrence.get_output(0), trt.LoopOutput.LAST_VALUE).get_output(0)
    y.name = "y"
    n.mark_output(y)
    session.recurrence = recurrence.get_output(0)
    if marks:
        n.mark_debug(following)
    return session


def test_tensors_inside_a_loop_are_reported_in_every_iteration() -> None:
    listener = Listener()
    _, x, engine = run(looped(), listener, "next")
    assert engine.is_debug_tensor("next")
    assert listener.names() == ["next"] * 3
    for i, (_, value) in enumerate(listener.seen):
        assert torch.equal(value, x * 2 ** (i + 1))


def test_what_enters_a_loop_is_no_debug_tensor() -> None:  # regions c3
    session = looped(marks=False)
    session.network.mark_debug(session.recurrence)
    assert session.plan() is None
    assert "debug tensor" in session.logger.last_error()


def test_tensors_of_a_branch_are_reported_where_it_runs() -> None:
    session = Session()
    n = session.network
    x, flag = session.input("x", (2, 3)), session.input("flag", (), trt.bool)
    conditional = n.add_if_conditional()
    conditional.set_condition(flag)
    inside = conditional.add_input(x).get_output(0)
    then = n.add_unary(inside, trt.UnaryOperation.EXP).get_output(0)
    other = n.add_unary(inside, trt.UnaryOperation.NEG).get_output(0)
    then_end = n.add_unary(then, trt.UnaryOperation.ABS).get_output(0)
    y = conditional.add_output(then_end, other).get_output(0)
    then.name, other.name, y.name = "then", "other", "y"
    n.mark_output(y)
    n.mark_debug(then)
    engine = session.engine()
    context = engine.create_execution_context()
    listener = Listener()
    context.set_debug_listener(listener)
    context.set_all_tensors_debug_state(True)
    values = on_device(torch.randn(2, 3))
    on_host = engine.get_tensor_location("flag") == trt.TensorLocation.HOST
    for taken in (True, False, True):
        flags = torch.tensor(taken) if on_host else on_device(torch.tensor(taken))
        assert run_context(context, {"x": values, "flag": flags}, {"y": empty((2, 3))})
    assert listener.names() == ["then", "then"]
    torch.testing.assert_close(listener.seen[0][1], values.cpu().exp())
