"""Runs that repeat with something changed: addresses, alignment, blocks, threads, shapes on several streams.

On CUDA the later runs are graphs (Note [Recorded runs]), which must not show in results, in memory of others,
or as warnings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import TORCH_OF, Build, build_engine, device, sample
from tests.engine._session import Logger

ACT, OP = trt.ActivationType, trt.ElementWiseOperation
RUNS = 24
"""Plain, by graphs of their own, and at last over buffers of the engine."""
FILL = 0x5A


class Memory:
    """A tensor in the middle of bytes that stay as they are. Empty ones have an address, too."""

    def __init__(self, shape: Sequence[int], dtype: torch.dtype, offset: int = 0) -> None:
        size = torch.Size(shape).numel() * dtype.itemsize
        self.begin = 256 + offset * dtype.itemsize
        self.end = self.begin + size
        self.bytes = torch.full((self.end + 256,), FILL, dtype=torch.uint8, device=device())
        self.tensor = self.bytes[self.begin : self.end].view(dtype).view(tuple(shape))
        self.address = self.bytes.data_ptr() + self.begin

    def check_around(self) -> None:
        assert bool((self.bytes[: self.begin] == FILL).all()) and bool((self.bytes[self.end :] == FILL).all())


class Engine:
    """An engine, and runs of its contexts over fresh memory."""

    def __init__(self, build: Build, inputs: Sequence[torch.Tensor], dynamic: Any = False) -> None:
        plan, log = build_engine(build, inputs, dynamic)
        assert plan is not None, log
        self.logger = Logger()
        self.engine = trt.Runtime(self.logger).deserialize_cuda_engine(plan)
        self.context = self.engine.create_execution_context()

    def bind(self, inputs: Sequence[torch.Tensor], offset: int = 0) -> tuple[list[Memory], list[Memory]]:
        context, given, made = self.context, [], []
        for i, x in enumerate(inputs):
            given.append(Memory(x.shape, x.dtype, offset))
            given[-1].tensor.copy_(x)
            assert context.set_input_shape(f"x{i}", tuple(x.shape)), self.logger.errors()
            assert context.set_tensor_address(f"x{i}", given[-1].address), self.logger.errors()
        for i in range(self.engine.num_io_tensors - len(inputs)):
            dtype = TORCH_OF[self.engine.get_tensor_dtype(f"y{i}")]
            made.append(Memory(tuple(context.get_tensor_shape(f"y{i}")), dtype, offset))
            assert context.set_tensor_address(f"y{i}", made[-1].address), self.logger.errors()
        return given, made

    def enqueue(self) -> None:
        stream = torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0
        assert self.context.execute_async_v3(stream), self.logger.errors()

    def run(self, inputs: Sequence[torch.Tensor], offset: int = 0) -> list[torch.Tensor]:
        given, made = self.bind(inputs, offset)
        self.enqueue()
        for memory in [*given, *made]:
            memory.check_around()
        for memory, x in zip(given, inputs, strict=True):
            torch.testing.assert_close(memory.tensor.cpu(), x, rtol=0, atol=0, equal_nan=True)
        return [memory.tensor.cpu() for memory in made]


def whole(shape: Sequence[int], low: int, high: int, seed: int = 0) -> torch.Tensor:
    """Halves that add up without an error."""
    return sample(shape, torch.int32, low, high, seed).half()


def gated(n: Any, x: Any, y: Any) -> Any:
    """relu(x) * y + y"""
    z = n.add_elementwise(n.add_activation(x, ACT.RELU).get_output(0), y, OP.PROD).get_output(0)
    return n.add_elementwise(z, y, OP.SUM).get_output(0)


def close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(found, wanted.to(found.dtype))


# ---- addresses


def test_empty_tensors_have_no_bytes() -> None:
    """What lies at the address of an empty output belongs to somebody else."""

    def build(n: Any, x: Any, empty: Any) -> list[Any]:
        relu = lambda t: n.add_activation(t, ACT.RELU).get_output(0)  # noqa: E731
        return [relu(x), relu(empty)]

    x, empty = sample((4, 8)), torch.empty(0, 3)
    engine = Engine(build, [x, empty])
    kept = [engine.bind([x, empty]) for _ in range(RUNS)]  # at once, so that no address comes again
    for given, made in kept:
        for letter, memories in (("x", given), ("y", made)):
            for i, memory in enumerate(memories):
                assert engine.context.set_tensor_address(f"{letter}{i}", memory.address)
        engine.enqueue()
        close(made[0].tensor.cpu(), x.relu())
        for memory in [*given, *made]:
            memory.check_around()


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_alignment_changes_from_run_to_run(dtype: torch.dtype) -> None:
    """Of addresses that come once, and of some that come again."""
    x, y = whole((6, 40), -3, 4).to(dtype), whole((6, 40), -3, 4, seed=1).to(dtype)
    engine = Engine(gated, [x, y])
    for offset in [0, 1, 2, 3, 5, 8, 16, 1] * 5:
        (z,) = engine.run([x, y], offset)
        assert torch.equal(z, (x.relu() * y + y))
    assert not engine.logger.warnings()


KERNEL = whole((16, 8, 3, 3), -1, 2)
POOLED = [whole((2, 8, 9, 10), -3, 4), whole((2, 16, 9, 10), -3, 4, seed=1)]


def pooled(n: Any, x: Any, y: Any) -> Any:
    """A chain of a convolution's result, whose channels come last in memory, and of an input."""
    convolution = n.add_convolution_nd(x, 16, (3, 3), n.weights(KERNEL), n.weights(torch.zeros(16).half()))
    convolution.padding_nd = (1, 1)
    pool = n.add_pooling_nd(gated(n, convolution.get_output(0), y), trt.PoolingType.MAX, (3, 3))
    pool.stride_nd, pool.padding_nd = (2, 2), (1, 1)
    return pool.get_output(0)


def pooled_exact(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    z = torch.conv2d(x.double(), KERNEL.double(), padding=1).relu() * y.double() + y.double()
    return torch.max_pool2d(z, 3, 2, 1).half()


@pytest.mark.parametrize("offset", [0, 1])
def test_addresses_that_keep_changing(offset: int) -> None:
    """The engine's own buffers are aligned where the caller's were not, so kernels may be others there."""
    engine, kept = Engine(pooled, POOLED), []
    for _ in range(RUNS):
        given, made = engine.bind(POOLED, offset)
        kept += [*given, *made]
        engine.enqueue()
        assert torch.equal(made[0].tensor.cpu(), pooled_exact(*POOLED))
        for memory in kept:
            memory.check_around()
    assert not engine.logger.warnings()


def deep(n: Any, x: Any) -> Any:
    """Tensors between layers that need memory."""
    none = trt.MatrixOperation.NONE
    for i in range(3):
        weight = n.constant(sample((16, 16), low=-0.5, high=0.5, seed=i))
        softmax = n.add_softmax(n.add_matrix_multiply(x, none, weight, none).get_output(0))
        softmax.axes = 1 << 1
        x = softmax.get_output(0)
    return x


def deep_exact(x: torch.Tensor) -> torch.Tensor:
    x = x.double()
    for i in range(3):
        x = (x @ sample((16, 16), low=-0.5, high=0.5, seed=i).double()).softmax(1)
    return x


@pytest.mark.parametrize("every", [1, 6, 20], ids=lambda every: f"every {every} runs")
def test_a_block_that_was_taken_back_is_left_alone(every: int) -> None:
    x = sample((8, 16))
    engine = Engine(deep, [x])
    engine.context = engine.engine.create_execution_context(
        trt.ExecutionContextAllocationStrategy.USER_MANAGED
    )
    size = engine.engine.device_memory_size_v2
    assert size > 0
    former, kept = [], []
    for i in range(2 * RUNS):
        if i % every == 0:
            former.append(torch.empty(size + 256, dtype=torch.uint8, device=device()))
            aligned = -former[-1].data_ptr() % 256
            engine.context.set_device_memory(former[-1].data_ptr() + aligned, size)
            for block in former[:-1]:
                block.fill_(FILL)
        given, made = engine.bind([x])
        kept += [*given, *made]  # no address comes again
        engine.enqueue()
        close(made[0].tensor.cpu(), deep_exact(x))
        assert all(bool((block == FILL).all()) for block in former[:-1])


# ---- threads and streams


def in_thread(call: Callable[[], None]) -> None:
    """On a thread of its own, which has done nothing before; failures are told here."""
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001  (raised again by the caller's thread)
            failures.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


@pytest.fixture(params=["graphs", "plain"])
def graphs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TORCHTRT_EMBEDDED_CUDA_GRAPHS", "1" if request.param == "graphs" else "0")
    yield


@pytest.mark.usefixtures("graphs")
@pytest.mark.parametrize("before", range(4), ids=lambda n: f"{n} before")
def test_a_context_moves_to_a_new_thread(before: int) -> None:
    """Libraries have handles for each thread, and a new thread has no CUDA context yet."""
    engine = Engine(pooled, POOLED)
    given, made = engine.bind(POOLED)
    wanted = pooled_exact(*POOLED)

    def again() -> None:
        made[0].tensor.fill_(7)
        engine.enqueue()
        assert torch.equal(made[0].tensor.cpu(), wanted)

    for _ in range(before):
        again()
    for _ in range(4):
        in_thread(again)
    again()
    assert not engine.logger.warnings()


@pytest.mark.usefixtures("graphs")
def test_the_first_work_of_a_thread_is_a_generated_kernel() -> None:
    x, y = whole((6, 40), -3, 4), whole((6, 40), -3, 4, seed=1)
    engine = Engine(gated, [x, y])
    given, made = engine.bind([x, y])
    engine.enqueue()
    made[0].tensor.fill_(7)
    if device().type == "cuda":
        torch.cuda.synchronize()
    in_thread(lambda: engine.context.execute_async_v3(0) or pytest.fail(str(engine.logger.errors())))
    assert torch.equal(made[0].tensor.cpu(), x.relu() * y + y)


def scaled_by_length(n: Any, x: Any) -> Any:
    """x * its number of rows, which the host tells the device."""
    count = n.add_slice(n.add_shape(x).get_output(0), (0,), (1,), (1,)).get_output(0)
    count = n.add_shuffle(n.add_cast(count, trt.float32).get_output(0))
    count.reshape_dims = (1, 1)
    return n.add_elementwise(x, count.get_output(0), OP.PROD).get_output(0)


def test_more_shapes_than_a_context_remembers() -> None:
    """In turn on two streams: what programs held goes away while others still run."""
    shapes = [(rows, 33) for rows in range(1, 13)]
    engine = Engine(scaled_by_length, [sample((4, 33))], dynamic=[((1, 33), (4, 33), (16, 33))])
    streams = [torch.cuda.Stream() for _ in range(2)] if device().type == "cuda" else [None]
    for turn in range(3):
        found = []
        for i, shape in enumerate(shapes):
            x = sample(shape, seed=turn)
            given, made = engine.bind([x])
            with torch.cuda.stream(streams[i % len(streams)]):
                if device().type == "cuda":
                    torch.cuda.current_stream().wait_stream(torch.cuda.default_stream())
                engine.enqueue()
            found.append((x, given, made))
        if device().type == "cuda":
            torch.cuda.synchronize()
        for x, _, made in found:
            close(made[0].tensor.cpu(), x * x.shape[0])
    assert not engine.logger.warnings()
