"""Runs that repeat on CUDA are recorded and replayed; nothing of that shows in results.
Note [Recorded runs]."""

from __future__ import annotations

import threading

import pytest
import tensorrt as trt
import torch

from tests.engine._case import device, sample
from tests.engine._session import Session

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(device().type != "cuda", reason="CUDA graphs need a CUDA device"),
]

WEIGHT = sample((8, 8), seed=4)


def engine(dynamic: bool = False) -> trt.ICudaEngine:
    """y = relu(x @ WEIGHT) + x"""
    session = Session()
    x = session.input("x", (-1 if dynamic else 4, 8))
    if dynamic:
        session.profile(x=((1, 8), (4, 8), (16, 8)))
    n = session.network
    weight = n.add_constant((8, 8), trt.Weights(trt.float32, WEIGHT.data_ptr(), WEIGHT.numel())).get_output(0)
    product = n.add_matrix_multiply(x, trt.MatrixOperation.NONE, weight, trt.MatrixOperation.NONE).get_output(
        0
    )
    y = n.add_activation(product, trt.ActivationType.RELU).get_output(0)
    y = n.add_elementwise(y, x, trt.ElementWiseOperation.SUM).get_output(0)
    y.name = "y"
    n.mark_output(y)
    return session.engine()


def expected(x: torch.Tensor) -> torch.Tensor:
    return torch.relu(x.double() @ WEIGHT.to(x.device).double()) + x.double()


def close(y: torch.Tensor, x: torch.Tensor) -> None:
    torch.testing.assert_close(y, expected(x).float())


def enqueue(
    context: trt.IExecutionContext, x: torch.Tensor, y: torch.Tensor, stream: torch.cuda.Stream | None = None
) -> None:
    context.set_input_shape("x", tuple(x.shape))
    context.set_tensor_address("x", x.data_ptr())
    context.set_tensor_address("y", y.data_ptr())
    assert context.execute_async_v3((stream or torch.cuda.current_stream()).cuda_stream)


def fresh(rows: int = 4, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    x = sample((rows, 8), seed=seed).cuda()
    return x, torch.full_like(x, float("nan"))


def launches(call) -> int:
    """Graphs that a call launches."""
    with torch.profiler.profile(activities=list(torch.profiler.supported_activities())) as profile:
        call()
        torch.cuda.synchronize()
    return sum(event.name.startswith("cudaGraphLaunch") for event in profile.events())


def test_runs_at_the_same_addresses_are_replayed():
    context = engine().create_execution_context()
    x, y = fresh()
    for seed in range(6):
        x.copy_(sample((4, 8), seed=seed))
        y.fill_(float("nan"))
        enqueue(context, x, y)
        close(y, x)
    assert launches(lambda: enqueue(context, x, y)) == 1


def test_addresses_that_keep_changing_are_staged():
    context = engine().create_execution_context()
    pairs = [fresh(seed=seed) for seed in range(24)]
    for x, y in pairs:
        enqueue(context, x, y)
        close(y, x)
    x, y = fresh(seed=99)
    assert launches(lambda: enqueue(context, x, y)) == 1
    close(y, x)


def test_two_outputs_in_turn():
    context = engine().create_execution_context()
    pairs = [fresh(seed=seed) for seed in range(2)]
    for i in range(12):
        x, y = pairs[i % 2]
        y.fill_(float("nan"))
        enqueue(context, x, y)
        close(y, x)


def test_shapes_in_turn():
    context = engine(dynamic=True).create_execution_context()
    pairs = [fresh(rows, seed=rows) for rows in (1, 4, 16)]
    for i in range(15):
        x, y = pairs[i % 3]
        y.fill_(float("nan"))
        enqueue(context, x, y)
        close(y, x)


def test_streams_in_turn():
    context = engine().create_execution_context()
    streams = [torch.cuda.Stream() for _ in range(3)]
    x, y = fresh()
    for i in range(9):
        stream = streams[i % 3]
        stream.wait_stream(torch.cuda.current_stream())
        x.copy_(sample((4, 8), seed=i))
        stream.wait_stream(torch.cuda.current_stream())
        enqueue(context, x, y, stream)
        torch.cuda.current_stream().wait_stream(stream)
        close(y, x)


def test_inside_a_capture_of_the_caller():
    context = engine().create_execution_context()
    x, y = fresh()
    for _ in range(5):
        enqueue(context, x, y)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        enqueue(context, x, y)
    x.copy_(sample((4, 8), seed=7))
    y.fill_(float("nan"))
    graph.replay()
    close(y, x)


def test_memory_of_others_stays_theirs():
    """What a graph writes to is not given to anybody else."""
    context = engine().create_execution_context()
    x, y = fresh()
    for _ in range(4):
        enqueue(context, x, y)
    others = [torch.ones(4, 8, device="cuda") for _ in range(200)]
    for _ in range(3):
        enqueue(context, x, y)
    close(y, x)
    assert all(bool((other == 1).all()) for other in others)


def test_switched_off(monkeypatch):
    monkeypatch.setenv("TORCHTRT_EMBEDDED_CUDA_GRAPHS", "0")
    context = engine().create_execution_context()
    x, y = fresh()
    for _ in range(5):
        enqueue(context, x, y)
    assert launches(lambda: enqueue(context, x, y)) == 0
    close(y, x)


def test_a_switch_with_another_value_is_refused(monkeypatch):
    monkeypatch.setenv("TORCHTRT_EMBEDDED_CUDA_GRAPHS", "perhaps")
    assert engine().create_execution_context() is None


# ---- other threads: Note [Recording alone]


def run_shapes(rounds: int, failures: list[BaseException], wait: bool) -> None:
    """Contexts of one engine, each with shapes that it has not seen: something is recorded all the time."""
    try:
        with torch.cuda.stream(torch.cuda.Stream()):
            made = engine(dynamic=True)
            for seed in range(rounds):
                context = made.create_execution_context()
                x, y = fresh(1 + seed % 16, seed=seed)
                for _ in range(5):
                    enqueue(context, x, y)
                    if wait:
                        torch.cuda.synchronize()
                close(y, x)
    except BaseException as error:  # noqa: BLE001  (told by the test's own thread)
        failures.append(error)


def in_threads(*calls) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_that_run_engines_may_wait_for_the_device():
    failures = []
    in_threads(*[lambda: run_shapes(60, failures, wait=True)] * 3)
    assert not failures, failures[0]


def test_threads_may_allocate_free_and_read_while_another_records():
    failures, done = [], threading.Event()

    def record():
        run_shapes(100, failures, wait=False)
        done.set()

    def allocate():
        try:
            while not done.is_set():
                x = torch.ones(1 << 22, device="cuda")
                assert float((x + 1).sum().cpu()) == 2 * x.numel()
                del x
                torch.cuda.empty_cache()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    in_threads(record, allocate)
    assert not failures, failures[0]


def test_graphs_are_recorded_when_other_threads_have_ended():
    failures = []
    in_threads(*[lambda: run_shapes(2, failures, wait=True)] * 2)
    assert not failures, failures[0]
    context = engine().create_execution_context()
    x, y = fresh()
    for _ in range(4):
        enqueue(context, x, y)
    assert launches(lambda: enqueue(context, x, y)) == 1
    close(y, x)
