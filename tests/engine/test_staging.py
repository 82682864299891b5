"""Streamed weights on their way through the device: memory, streams, contexts, captures, views."""

from __future__ import annotations

import pytest
import tensorrt as trt
import torch

from tests.engine._case import device, sample
from tests.engine._session import Session
from tests.engine.test_refit import Flag, weights_of

LAYERS, WIDTH = 8, 1024
ONE = WIDTH * WIDTH * 4
BYTES = LAYERS * ONE
SLACK = ONE // 2  # what else a run keeps
cuda = pytest.mark.skipif(device().type != "cuda", reason="weights are in host memory anyway")
NONE, TRANSPOSE = trt.MatrixOperation.NONE, trt.MatrixOperation.TRANSPOSE


class Chain(Session):
    """x [4, 1024] times eight matrices, each with a relu -> y; whole numbers, so that sums are exact."""

    def __init__(self, *flags: trt.BuilderFlag, late: bool = False) -> None:
        super().__init__()
        for flag in (Flag.WEIGHT_STREAMING, *flags):
            self.config.set_flag(flag)
        self.config.builder_optimization_level = 0 if late else 3
        self.late = late
        self.matrices = [sample((WIDTH, WIDTH), torch.int32, -1, 2, i).float() for i in range(LAYERS)]
        n = self.network
        constants = [n.add_constant((WIDTH, WIDTH), weights_of(m)).get_output(0) for m in self.matrices]
        y = self.input("x", (4, WIDTH))
        first = n.add_shuffle(constants[0])
        first.reshape_dims = (1, 4, WIDTH * WIDTH // 4)
        for constant in constants:
            y = n.add_matrix_multiply(y, NONE, constant, NONE).get_output(0)
            y = n.add_activation(y, trt.ActivationType.CLIP)
            y.alpha, y.beta = 0, 3
            y = y.get_output(0)
        if late:  # a view of the first weights is read last
            flat = n.add_shuffle(first.get_output(0))
            flat.reshape_dims = (WIDTH, WIDTH)
            y = n.add_matrix_multiply(y, NONE, flat.get_output(0), TRANSPOSE).get_output(0)
        y.name = "y"
        n.mark_output(y)

    def expected(self, x: torch.Tensor) -> torch.Tensor:
        matrices = [m.to(x.device).double() for m in self.matrices]
        y = x.double()
        for m in matrices:
            y = (y @ m).clamp(0, 3)
        return (y @ matrices[0].t() if self.late else y).float()


def started(net: Chain, budget: int) -> tuple[trt.ICudaEngine, trt.IExecutionContext]:
    engine = net.engine()
    engine.weight_streaming_budget_v2 = budget
    return engine, engine.create_execution_context()


def enqueue(context: trt.IExecutionContext, x: torch.Tensor, y: torch.Tensor) -> bool:
    """On the current stream; the caller waits."""
    assert context.set_tensor_address("x", x.data_ptr()) and context.set_tensor_address("y", y.data_ptr())
    return context.execute_async_v3(torch.cuda.current_stream().cuda_stream if x.is_cuda else 0)


def inputs(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    x = sample((4, WIDTH), torch.int32, -1, 2, seed).float().to(device())
    return x, torch.full_like(x, float("nan"))


def test_two_weights_are_on_the_device_at_a_time() -> None:
    engine = Chain().engine()
    assert engine.streamable_weights_size == BYTES
    engine.weight_streaming_budget_v2 = 0
    assert engine.weight_streaming_scratch_memory_size == 2 * ONE
    engine.weight_streaming_budget_v2 = BYTES - ONE
    assert engine.weight_streaming_scratch_memory_size == ONE


def test_small_constants_that_the_host_knows_are_not_streamed() -> None:
    session = Session()
    session.config.set_flag(Flag.WEIGHT_STREAMING)
    kept = torch.ones(8)
    total = session.network.add_elementwise(
        session.input("x", (8,)),
        session.network.add_constant((8,), weights_of(kept)).get_output(0),
        trt.ElementWiseOperation.SUM,
    )
    session.network.mark_output(total.get_output(0))
    assert session.engine().streamable_weights_size == 0


@pytest.mark.parametrize("late", [False, True], ids=["products", "a late view"])
@pytest.mark.parametrize("budget", [0, BYTES // 2, BYTES], ids=["none kept", "half kept", "all kept"])
def test_results(budget: int, late: bool) -> None:
    net = Chain(late=late)
    _, context = started(net, budget)
    x, y = inputs()
    for _ in range(3):
        y.fill_(float("nan"))
        assert enqueue(context, x, y), net.logger.errors()
        assert torch.equal(y, net.expected(x))


def test_lengths_that_depend_on_data() -> None:
    """Weights leave the device behind their last layer there too."""
    net = Chain()
    found = net.network.add_non_zero(net.network.get_output(0))
    again = net.network.add_cast(found.get_output(0), trt.float32)  # runs when the length is known
    for i, output in enumerate((found.get_output(0), again.get_output(0))):
        output.name = f"y{i}"
        net.network.mark_output(output)
    engine, context = started(net, 0)
    x, y = inputs()
    type_of = {trt.int32: torch.int32, trt.int64: torch.int64}[engine.get_tensor_dtype("y0")]
    where = torch.zeros(2 * y.numel(), dtype=type_of, device=device())
    floats = torch.zeros(2 * y.numel(), device=device())
    for name, tensor in (("y0", where), ("y1", floats)):
        assert context.set_tensor_address(name, tensor.data_ptr())
    for _ in range(3):
        y.fill_(float("nan"))
        assert enqueue(context, x, y), net.logger.errors()
        exact = net.expected(x)
        assert torch.equal(y, exact)
        indices = exact.nonzero().t()
        assert torch.equal(where[: indices.numel()].view_as(indices).long(), indices)
        assert torch.equal(floats[: indices.numel()].view_as(indices).long(), indices)
    if x.is_cuda:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()  # the buffer is there
        assert enqueue(context, x, y)
        assert torch.cuda.max_memory_allocated() - before < ONE


def test_convolutions_of_equal_shape_do_not_share_packed_weights() -> None:
    session = Session()
    session.config.set_flag(Flag.WEIGHT_STREAMING)
    kernels = [sample((16, 16, 3, 3), torch.int32, -1, 2, i).half() for i in range(4)]
    y = session.input("x", (2, 16, 8, 8), trt.float16)
    for kernel in kernels:
        conv = session.network.add_convolution_nd(y, 16, (3, 3), weights_of(kernel))
        conv.padding_nd = (1, 1)
        y = session.network.add_activation(conv.get_output(0), trt.ActivationType.CLIP)
        y.alpha, y.beta = 0, 3
        y = y.get_output(0)
    y.name = "y"
    session.network.mark_output(y)
    engine = session.engine()
    engine.weight_streaming_budget_v2 = 0
    context = engine.create_execution_context()
    x = sample((2, 16, 8, 8), torch.int32, -1, 2).half().to(device())
    expected = x.double().cpu()
    for kernel in kernels:
        expected = torch.nn.functional.conv2d(expected, kernel.double(), padding=1).clamp(0, 3)
    for _ in range(3):
        y = torch.full_like(x, float("nan"))
        assert enqueue(context, x, y), session.logger.errors()
        assert torch.equal(y.double().cpu(), expected)


@cuda
@pytest.mark.parametrize("budget", [0, BYTES // 2], ids=["none kept", "half kept"])
def test_what_weights_take_on_the_device(budget: int) -> None:
    net = Chain()
    x, y = inputs()
    kept = started(Chain(), 0)  # libraries have their workspaces then
    assert enqueue(kept[1], x, y)
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    engine, context = started(net, budget)
    for _ in range(3):
        assert enqueue(context, x, y)
    torch.cuda.synchronize()
    taken = torch.cuda.memory_allocated() - before
    most = budget + engine.weight_streaming_scratch_memory_size
    assert most - SLACK <= taken <= most + SLACK
    del context, engine, kept
    torch.cuda.synchronize()
    assert torch.cuda.memory_allocated() < before


@cuda
def test_the_host_does_not_wait() -> None:
    net = Chain()
    _, context = started(net, 0)
    x, y = inputs()
    assert enqueue(context, x, y)
    torch.cuda.synchronize()
    torch.cuda._sleep(int(2e9))
    y.fill_(float("nan"))
    for _ in range(4):
        assert enqueue(context, x, y)
    assert not torch.cuda.current_stream().query()
    assert torch.equal(y, net.expected(x))


@cuda
def test_contexts_on_streams_of_their_own() -> None:
    net = Chain()
    engine = net.engine()
    engine.weight_streaming_budget_v2 = ONE
    lanes = [(engine.create_execution_context(), torch.cuda.Stream(), *inputs(seed)) for seed in range(3)]
    torch.cuda.synchronize()
    for _ in range(10):
        for context, stream, x, y in lanes:
            with torch.cuda.stream(stream):
                y.fill_(float("nan"))
                assert enqueue(context, x, y)
    torch.cuda.synchronize()
    for _, _, x, y in lanes:
        assert torch.equal(y, net.expected(x))


@cuda
def test_one_context_on_streams_in_turn() -> None:
    net = Chain()
    _, context = started(net, 0)
    streams = [torch.cuda.Stream() for _ in range(3)]
    runs = []
    for i in range(12):
        x, y = inputs(i)
        runs.append((x, y))
        streams[i % 3].wait_stream(streams[(i - 1) % 3])
        streams[i % 3].wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(streams[i % 3]):
            assert enqueue(context, x, y)
    torch.cuda.synchronize()
    assert all(torch.equal(y, net.expected(x)) for x, y in runs)


@cuda
def test_a_capture_is_refused() -> None:
    net = Chain()
    _, context = started(net, 0)
    x, y = inputs()
    assert enqueue(context, x, y)
    torch.cuda.synchronize()
    done = []
    with pytest.raises(Exception), torch.cuda.graph(torch.cuda.CUDAGraph()):  # noqa: B017
        done.append(enqueue(context, x, y))
        raise RuntimeError("the caller gives up")
    assert done == [False] and "cannot capture" in net.logger.last_error()
    torch.cuda.synchronize()
    assert enqueue(context, x, y) and torch.equal(y, net.expected(x))


@pytest.mark.parametrize("runs", [1, 3], ids=str)
def test_memory_of_the_application_is_the_buffer(runs: int) -> None:
    net = Chain()
    engine = net.engine()
    without = engine.device_memory_size_v2
    engine.weight_streaming_budget_v2 = 0
    size = engine.device_memory_size_v2
    assert size == without + 2 * ONE
    x, y = inputs()
    context = engine.create_execution_context(trt.ExecutionContextAllocationStrategy.USER_MANAGED)
    given = torch.full((size + 256,), 0x5A, dtype=torch.uint8, device=device())
    kept = torch.cuda.memory_allocated() if x.is_cuda else 0
    context.set_device_memory(given.data_ptr(), size)
    for _ in range(runs):
        y.fill_(float("nan"))
        assert enqueue(context, x, y), net.logger.errors()
        assert torch.equal(y, net.expected(x))
        given[:size].fill_(0xFF)  # between runs it is the application's
    assert bool((given[size:] == 0x5A).all())
    if x.is_cuda:
        assert torch.cuda.memory_allocated() - kept < ONE
        context.set_device_memory(0, 0)
        assert not enqueue(context, x, y) and "device memory" in net.logger.last_error()


@cuda
def test_the_automatic_budget_is_what_fits() -> None:
    engine = Chain().engine()
    assert engine.get_weight_streaming_automatic_budget() == BYTES
    torch.cuda.empty_cache()
    free, total = torch.cuda.mem_get_info()
    hog = torch.empty(free - total // 32 - BYTES // 2, dtype=torch.uint8, device="cuda")
    budget = engine.get_weight_streaming_automatic_budget()
    del hog
    torch.cuda.empty_cache()
    assert 0 <= budget < BYTES
