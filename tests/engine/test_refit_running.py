"""Refit of engines that have run, and of what lies inside loops."""

from __future__ import annotations

import tensorrt as trt
import torch

from tests.engine._session import Session
from tests.engine.test_refit import Flag, Net, check, refitter_of, set_all, some_weights, weights_of


class Times(trt.IProfiler):
    def __init__(self) -> None:
        trt.IProfiler.__init__(self)
        self.count = 0

    def report_layer_time(self, layer_name: str, ms: float) -> None:
        self.count += 1


def test_times_of_the_plan_before_are_not_told_of_the_new_layers() -> None:
    old, new = some_weights(0), some_weights(10)
    net = Net(old, Flag.REFIT)
    engine = net.engine()
    context, times = engine.create_execution_context(), Times()
    context.profiler, context.enqueue_emits_profile = times, False
    check(context, old)
    refitter = refitter_of(net, engine)
    set_all(refitter, new)
    assert refitter.refit_cuda_engine()
    assert not context.report_to_profiler() and times.count == 0
    check(context, new)
    assert context.report_to_profiler() and times.count > 0


def test_zero_points_inside_loops_of_a_refittable_engine() -> None:
    session = Session()
    session.config.set_flag(Flag.REFIT)
    n = session.network
    kept = [torch.tensor(0.5), torch.tensor(0, dtype=torch.int8), torch.tensor(3, dtype=torch.int32)]
    x = session.input("x", (2, 3))
    loop = n.add_loop()
    loop.add_trip_limit(n.add_constant((), weights_of(kept[2])).get_output(0), trt.TripLimit.COUNT)
    carried = loop.add_recurrence(x)
    scale, zero = (n.add_constant((), weights_of(value)).get_output(0) for value in kept[:2])
    quantize = n.add_quantize(carried.get_output(0), scale, trt.int8)
    quantize.set_input(2, zero)
    real = n.add_dequantize(quantize.get_output(0), scale, trt.float32).get_output(0)
    carried.set_input(1, n.add_elementwise(real, real, trt.ElementWiseOperation.SUM).get_output(0))
    y = loop.add_loop_output(carried.get_output(0), trt.LoopOutput.LAST_VALUE).get_output(0)
    y.name = "y"
    n.mark_output(y)
    engine = session.engine()
    assert engine.refittable and trt.Refitter(engine, session.logger).refit_cuda_engine(), (
        session.logger.errors()
    )
