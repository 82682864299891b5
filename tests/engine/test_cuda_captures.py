"""CUDA graphs of the application: what an engine cannot do in a capture it refuses before it spoils it; and
what an engine records itself leaves them as they are."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import TORCH_OF, device, sample
from tests.engine._late import Allocator
from tests.engine._networks import NETWORKS, READING, Running
from tests.engine.test_changing_runs import (
    POOLED,
    Engine,
    gated,
    pooled,
    pooled_exact,
    scaled_by_length,
    whole,
)

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(device().type != "cuda", reason="CUDA graphs need a CUDA device"),
]


def refused(enqueue: Any) -> None:
    """In a capture `enqueue` returns False, and the rest of the capture is good."""
    x = torch.ones(4, device="cuda")
    y = torch.zeros_like(x)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        done = enqueue(torch.cuda.current_stream().cuda_stream)
        torch.add(x, 1, out=y)
    assert not done
    graph.replay()
    assert bool((y == 2).all())


@pytest.mark.parametrize("name", READING)
def test_conditions_are_not_read_in_a_capture(name: str) -> None:
    running = Running(READING[name])
    running.enqueue()
    refused(running.context.execute_async_v3)
    assert "CUDA graph cannot capture" in running.logger.last_error()
    values = running.network.fresh(5)
    running.put(values)
    running.enqueue()
    running.check(values)


def test_values_are_not_brought_along_in_a_capture() -> None:
    """The first run with new shapes has something to bring to the device; later ones are captured."""
    engine = Engine(scaled_by_length, [sample((4, 33))], dynamic=[((1, 33), (4, 33), (16, 33))])
    x = sample((5, 33))
    given, made = engine.bind([x])
    refused(engine.context.execute_async_v3)
    assert "run the engine once" in engine.logger.last_error()
    engine.enqueue()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        engine.enqueue()
    made[0].tensor.zero_()
    graph.replay()
    torch.testing.assert_close(made[0].tensor.cpu(), x * 5)


@pytest.mark.parametrize("more", [False, True], ids=["last", "with layers behind"])
def test_lengths_by_data_are_not_captured(more: bool) -> None:
    def build(n: Any, x: Any) -> Any:
        y = n.add_non_zero(x).get_output(0)
        return n.add_elementwise(y, y, trt.ElementWiseOperation.SUM).get_output(0) if more else y

    x = sample((4, 5), torch.bool)
    engine = Engine(build, [x])
    memory, allocator = x.cuda(), Allocator()
    dtype = TORCH_OF[engine.engine.get_tensor_dtype("y0")]
    assert engine.context.set_tensor_address("x0", memory.data_ptr())
    assert engine.context.set_output_allocator("y0", allocator)
    assert engine.context.execute_async_v3(0), engine.logger.errors()
    refused(engine.context.execute_async_v3)
    assert "CUDA graph cannot capture" in engine.logger.last_error()
    assert engine.context.execute_async_v3(0)
    torch.cuda.synchronize()
    assert torch.equal(allocator.tensor(dtype).long(), x.nonzero().t() * (2 if more else 1))


def test_a_capture_is_no_place_to_tell_times() -> None:
    """Events of a capture tell no time: a profiler hears nothing of that run, and of later ones as before."""

    class Profiler(trt.IProfiler):
        def __init__(self) -> None:
            trt.IProfiler.__init__(self)
            self.told: list[str] = []

        def report_layer_time(self, layer_name: str, ms: float) -> None:
            self.told.append(layer_name)

    engine = Engine(pooled, POOLED)
    given, made = engine.bind(POOLED)
    engine.enqueue()
    engine.context.profiler = profiler = Profiler()
    engine.context.enqueue_emits_profile = False
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        engine.enqueue()
    made[0].tensor.zero_()
    graph.replay()
    assert torch.equal(made[0].tensor.cpu(), pooled_exact(*POOLED))
    engine.enqueue()
    assert engine.context.report_to_profiler() and profiler.told


def test_a_program_that_is_new_in_a_capture() -> None:
    """Kernels that are not compiled yet cannot be then: layers run by their parts, or the run is refused."""
    x, y = whole((6, 41), -3, 4), whole((6, 41), -3, 4, seed=1)
    engine = Engine(gated, [x, y])
    given, made = engine.bind([x, y], offset=1)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        done = engine.context.execute_async_v3(torch.cuda.current_stream().cuda_stream)
        z = given[0].tensor + 1
    graph.replay()
    assert torch.equal(z.cpu(), x + 1)
    if done:
        assert torch.equal(made[0].tensor.cpu(), x.relu() * y + y)
    for _ in range(4):
        made[0].tensor.zero_()
        engine.enqueue()
        assert torch.equal(made[0].tensor.cpu(), x.relu() * y + y)


@pytest.mark.parametrize("name", ["mlp", "convolutions"])
def test_two_graphs_of_one_context_on_two_streams(name: str) -> None:
    """Captured one behind the other; each has memory of its own."""
    running = Running(NETWORKS[name])
    running.enqueue()
    torch.cuda.synchronize()
    graphs = [torch.cuda.CUDAGraph() for _ in range(2)]
    for graph in graphs:
        with torch.cuda.graph(graph):
            running.enqueue()
    for seed in range(4):
        values = running.network.fresh(seed)
        running.put(values)
        running.spoil()
        torch.cuda.synchronize()
        with torch.cuda.stream(torch.cuda.Stream()):
            graphs[seed % 2].replay()
        torch.cuda.synchronize()
        running.check(values)


def workspaces_are_told_apart() -> bool:
    """Whether torch can give back the workspaces of one stream."""
    name = "_ZN2at4cuda30clearCublasWorkspacesForStreamEP11CUstream_st"
    return device().type == "cuda" and hasattr(ctypes.CDLL("libtorch_cuda.so"), name)


@pytest.mark.skipif(not workspaces_are_told_apart(), reason="torch gives back all workspaces at once")
def test_workspaces_of_other_streams_stay() -> None:
    """A graph of the application may use the workspace of the stream it was captured on."""
    a = torch.randn(512, 512, device="cuda", dtype=torch.float16)
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        a @ a
    torch.cuda.synchronize()
    running = Running(NETWORKS["mlp"])
    for _ in range(2):
        running.enqueue()
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    for _ in range(4):
        running.enqueue()
    torch.cuda.synchronize()
    assert torch.cuda.memory_allocated() >= before


# ---- recordings that fail


@pytest.fixture
def short_of_memory() -> Iterator[Callable[[], None]]:
    """A call, behind which the device has next to nothing beyond what torch keeps already."""

    def limit() -> None:
        torch.cuda.synchronize()
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + (8 << 20)) / total)

    torch.cuda.empty_cache()
    yield limit
    torch.cuda.set_per_process_memory_fraction(1.0)
    torch.cuda.empty_cache()


def test_a_recording_without_memory(short_of_memory: Callable[[], None]) -> None:
    """Plain runs go on, somebody is told once, and torch's allocator is as it was."""

    def build(n: Any, x: Any) -> Any:
        for axis in (0, 1, 0, 1):
            softmax = n.add_softmax(x)
            softmax.axes = 1 << axis
            x = softmax.get_output(0)
        return x

    x = sample((1 << 11, 1 << 12))
    wanted = x.double()
    for axis in (0, 1, 0, 1):
        wanted = wanted.softmax(axis)
    engine = Engine(build, [x])
    given, made = engine.bind([x])
    for i in range(8):
        if i == 2:
            short_of_memory()
        made[0].tensor.zero_()
        engine.enqueue()
        torch.testing.assert_close(made[0].tensor.cpu(), wanted.float())
    (warning,) = engine.logger.warnings()
    assert "could not be recorded" in warning and "memory" in warning
    assert_streams_are_tracked()


def assert_streams_are_tracked() -> None:
    """Blocks that a stream has used are free again behind that, which they are not during a capture."""
    torch.cuda.set_per_process_memory_fraction(1.0)
    used = torch.empty(64 << 20, dtype=torch.uint8, device="cuda")
    used.record_stream(torch.cuda.Stream())
    del used
    torch.cuda.synchronize()
    torch.empty(512, device="cuda")  # looks at the events
    told = torch.cuda.memory_stats()
    assert told["active_bytes.all.current"] == told["allocated_bytes.all.current"]
