"""Refit while other threads run and ask, and in the order of streams; memory of plans that are done with."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import tensorrt as trt
import torch

from tests.engine._case import device, sample
from tests.engine._session import Session
from tests.engine.test_refit import Flag, weights_of

WIDTH = 256
LAYERS = 3
cuda = pytest.mark.skipif(device().type != "cuda", reason="runs are over when they return")


def some_matrices(seed: int) -> list[torch.Tensor]:
    return [sample((WIDTH, WIDTH), torch.int32, -1, 2, seed + i).float() for i in range(LAYERS)]


def expected(x: torch.Tensor, matrices: list[torch.Tensor]) -> torch.Tensor:
    y = x.cpu().double()
    for m in matrices:
        y = (y @ m.double()).clamp(0, 3)
    return y.float()


class Net(Session):
    """x [2, 256] times three matrices, each with a clip -> y; whole numbers, so that sums are exact."""

    def __init__(self, *flags: trt.BuilderFlag) -> None:
        super().__init__()
        for flag in (Flag.REFIT, *flags):
            self.config.set_flag(flag)
        self.matrices = some_matrices(0)
        none = trt.MatrixOperation.NONE
        y = self.input("x", (2, WIDTH))
        for i, m in enumerate(self.matrices):
            constant = self.network.add_constant((WIDTH, WIDTH), weights_of(m))
            constant.name = f"m{i}"
            y = self.network.add_matrix_multiply(y, none, constant.get_output(0), none).get_output(0)
            y = self.network.add_activation(y, trt.ActivationType.CLIP)
            y.alpha, y.beta = 0, 3
            y = y.get_output(0)
        y.name = "y"
        self.network.mark_output(y)

    def refit(self, engine: trt.ICudaEngine, matrices: list[torch.Tensor], stream: int | None = None) -> None:
        refitter = trt.Refitter(engine, self.logger)
        for i, m in enumerate(matrices):
            assert refitter.set_weights(f"m{i}", trt.WeightsRole.CONSTANT, weights_of(m))
        done = refitter.refit_cuda_engine() if stream is None else refitter.refit_cuda_engine_async(stream)
        assert done, self.logger.errors()


def enqueue(context: trt.IExecutionContext, x: torch.Tensor, y: torch.Tensor, stream: int = 0) -> None:
    assert context.set_tensor_address("x", x.data_ptr()) and context.set_tensor_address("y", y.data_ptr())
    assert context.execute_async_v3(stream)


def some_input(seed: int = 0) -> torch.Tensor:
    return sample((2, WIDTH), torch.int32, -1, 2, seed).float().to(device())


def in_threads(count: int, work: Callable[[int], None]) -> None:
    failures: list[BaseException] = []

    def guarded(i: int) -> None:
        try:
            work(i)
        except BaseException as error:  # noqa: BLE001 (told by the test's own thread)
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@pytest.mark.parametrize("streamed", [False, True], ids=["resident", "streamed"])
def test_runs_see_the_weights_of_one_refit_or_another(streamed: bool) -> None:
    net = Net(*([Flag.WEIGHT_STREAMING] if streamed else []))
    engine = net.engine()
    if streamed:
        engine.weight_streaming_budget_v2 = 0
    sets = [net.matrices, some_matrices(50), some_matrices(90)]
    x = some_input()
    allowed = [expected(x, matrices) for matrices in sets]
    over = threading.Event()

    def work(i: int) -> None:
        if i == 0:
            try:
                for turn in range(30):
                    net.refit(engine, sets[turn % 3])
            finally:
                over.set()
            return
        context = engine.create_execution_context()
        stream = torch.cuda.Stream() if x.is_cuda else None
        while not over.is_set():
            y = torch.full_like(x, float("nan"))
            if stream:
                stream.wait_stream(torch.cuda.default_stream())
            enqueue(context, x, y, stream.cuda_stream if stream else 0)
            if stream:
                stream.synchronize()
            assert any(torch.equal(y.cpu(), answer) for answer in allowed)

    in_threads(4, work)


def test_questions_during_refits() -> None:
    net = Net()
    engine = net.engine()
    sets = [some_matrices(50), net.matrices]
    over = threading.Event()

    def work(i: int) -> None:
        if i == 0:
            try:
                for turn in range(20):
                    net.refit(engine, sets[turn % 2])
            finally:
                over.set()
            return
        inspector = engine.create_engine_inspector()
        while not over.is_set():
            assert engine.get_tensor_name(0) == "x" and tuple(engine.get_tensor_shape("y")) == (2, WIDTH)
            assert engine.num_layers > 0 and engine.device_memory_size_v2 >= 0
            assert inspector.get_engine_information(trt.LayerInformationFormat.JSON)
            assert len(bytes(engine.serialize())) > 0

    in_threads(3, work)


def test_equal_weights_leave_the_engine_as_it_is() -> None:
    net = Net()
    engine = net.engine()
    context = engine.create_execution_context()
    x = some_input()
    for matrices in (net.matrices, [m.clone() for m in net.matrices], some_matrices(7)):
        net.refit(engine, matrices)
        y = torch.full_like(x, float("nan"))
        enqueue(context, x, y)
        if x.is_cuda:
            torch.cuda.synchronize()
        assert torch.equal(y.cpu(), expected(x, matrices))


@cuda
def test_a_refit_comes_between_the_runs_of_its_stream() -> None:
    net = Net()
    engine = net.engine()
    context = engine.create_execution_context()
    x, fresh = some_input(), some_matrices(50)
    before, after = torch.full_like(x, float("nan")), torch.full_like(x, float("nan"))
    stream = torch.cuda.Stream()
    enqueue(context, x, before, stream.cuda_stream)
    torch.cuda.synchronize()
    before.fill_(float("nan"))
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        torch.cuda._sleep(int(2e9))
    enqueue(context, x, before, stream.cuda_stream)
    net.refit(engine, fresh, stream.cuda_stream)
    assert not stream.query()  # the host did not wait
    enqueue(context, x, after, stream.cuda_stream)
    torch.cuda.synchronize()
    assert torch.equal(before.cpu(), expected(x, net.matrices))
    assert torch.equal(after.cpu(), expected(x, fresh))


@cuda
@pytest.mark.parametrize("end", ["refit", "destruction"])
def test_queued_runs_keep_their_weights(end: str) -> None:
    net = Net(*([] if end == "refit" else [Flag.WEIGHT_STREAMING]))
    engine = net.engine()
    if end != "refit":
        engine.weight_streaming_budget_v2 = WIDTH * WIDTH * 4
    context = engine.create_execution_context()
    x, y = some_input(), torch.full((2, WIDTH), float("nan"), device="cuda")
    stream = torch.cuda.Stream()
    enqueue(context, x, y, stream.cuda_stream)
    torch.cuda.synchronize()
    y.fill_(float("nan"))
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        torch.cuda._sleep(int(2e9))
    enqueue(context, x, y, stream.cuda_stream)
    if end == "refit":
        net.refit(engine, some_matrices(50), stream.cuda_stream)
        other = torch.empty_like(y)
        enqueue(context, x, other, stream.cuda_stream)  # the context moves on
    else:
        del context, engine
    rubbish = [torch.full((WIDTH, WIDTH), float("nan"), device="cuda") for _ in range(4 * LAYERS)]
    torch.cuda.synchronize()
    assert torch.equal(y.cpu(), expected(x, net.matrices))
    del rubbish


@cuda
def test_weights_that_stay_are_shared_on_the_device() -> None:
    net = Net()
    engine = net.engine()
    context = engine.create_execution_context()
    x, y = some_input(), torch.empty(2, WIDTH, device="cuda")
    enqueue(context, x, y)
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    net.refit(engine, [some_matrices(50)[0], *net.matrices[1:]])
    assert torch.cuda.memory_allocated() - before <= WIDTH * WIDTH * 4  # until the context moves on
    enqueue(context, x, y)
    torch.cuda.synchronize()
    assert torch.cuda.memory_allocated() <= before
