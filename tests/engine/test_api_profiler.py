"""Layer times: when they are reported, under which names, and that they are times."""

from __future__ import annotations

import pytest
import tensorrt as trt
import torch

from tests.engine._memory import empty, run_context
from tests.engine._session import Session, on_device


class Profiler(trt.IProfiler):
    def __init__(self) -> None:
        trt.IProfiler.__init__(self)
        self.times: list[tuple[str, float]] = []

    def report_layer_time(self, layer_name: str, ms: float) -> None:
        self.times.append((layer_name, ms))

    def names(self) -> list[str]:
        return [name for name, _ in self.times]


def two_layers(size: int = 4) -> Session:
    """x -> exp -> product with itself -> y"""
    session = Session()
    x = session.input("x", (size, size))
    exp = session.network.add_unary(x, trt.UnaryOperation.EXP)
    product = session.network.add_matrix_multiply(
        exp.get_output(0), trt.MatrixOperation.NONE, x, trt.MatrixOperation.NONE
    )
    exp.name, product.name = "exp", "product"
    product.get_output(0).name = "y"
    session.network.mark_output(product.get_output(0))
    return session


def run(context: trt.IExecutionContext, size: int = 4) -> bool:
    x = on_device(torch.randn(size, size))
    return run_context(context, {"x": x}, {"y": empty((size, size))})


def test_enqueue_reports_each_layer_once_in_the_order_of_the_engine() -> None:
    context = two_layers().engine().create_execution_context()
    profiler = Profiler()
    assert context.profiler is None
    context.profiler = profiler
    assert context.enqueue_emits_profile
    for runs in (1, 2):
        assert run(context)
        assert profiler.names() == ["exp", "product"] * runs
    assert all(ms >= 0 for _, ms in profiler.times)
    assert context.report_to_profiler() and len(profiler.times) == 4  # nothing left to report


def test_times_are_reported_on_demand() -> None:
    context = two_layers().engine().create_execution_context()
    profiler = Profiler()
    assert not context.report_to_profiler()  # no profiler
    context.profiler = profiler
    context.enqueue_emits_profile = False
    assert not context.report_to_profiler()  # no run yet
    assert run(context) and profiler.times == []
    assert context.report_to_profiler()
    assert profiler.names() == ["exp", "product"]
    context.profiler = None
    assert not context.report_to_profiler()


def test_execute_v2_reports_as_well() -> None:
    context = two_layers().engine().create_execution_context()
    context.profiler = profiler = Profiler()
    x, y = on_device(torch.randn(4, 4)), empty((4, 4))
    assert context.execute_v2([x.data_ptr(), y.data_ptr()])
    assert profiler.names() == ["exp", "product"]


def test_without_verbosity_names_are_positions() -> None:
    session = two_layers()
    session.config.profiling_verbosity = trt.ProfilingVerbosity.NONE
    context = session.engine().create_execution_context()
    context.profiler = profiler = Profiler()
    assert run(context)
    assert profiler.names() == ["0", "1"]


def test_names_are_those_of_the_inspector() -> None:
    session = two_layers()
    engine = session.engine()
    inspector = engine.create_engine_inspector()
    context = engine.create_execution_context()
    context.profiler = profiler = Profiler()
    assert run(context)
    lines = inspector.get_engine_information(trt.LayerInformationFormat.ONELINE).split("\n")
    assert profiler.names() == [line for line in lines if line]
    assert len(profiler.names()) == engine.num_layers


@pytest.mark.parametrize("emits", [True, False])
def test_layers_take_time(emits: bool) -> None:
    size = 384
    context = two_layers(size).engine().create_execution_context()
    assert run(context, size)
    context.profiler = profiler = Profiler()
    context.enqueue_emits_profile = emits
    assert run(context, size)
    assert emits or context.report_to_profiler()
    times = dict(profiler.times)
    assert times["product"] > 0 and times["exp"] > 0


def test_results_do_not_change_under_a_profiler() -> None:
    context = two_layers().engine().create_execution_context()
    x = on_device(torch.randn(4, 4))
    plain, profiled = empty((4, 4)), empty((4, 4))
    assert run_context(context, {"x": x}, {"y": plain})
    context.profiler = Profiler()
    assert run_context(context, {"x": x}, {"y": profiled})
    assert torch.equal(plain, profiled)
