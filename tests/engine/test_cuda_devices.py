"""An engine belongs to the CUDA device that was present when it was loaded, whatever is present later."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import TORCH_OF, build_engine, device, sample
from tests.engine._networks import NETWORKS, READING, Network, Running
from tests.engine._session import Logger, Session, execute
from tests.engine.test_changing_runs import POOLED, Engine, Memory, gated, pooled, pooled_exact, whole
from tests.engine.test_refit import weights_of
from tests.engine.test_weight_streaming import BYTES, WIDTH, Net

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(device().type != "cuda", reason="CUDA devices are needed"),
]
COUNT = torch.cuda.device_count()
needs_two = pytest.mark.skipif(COUNT < 2, reason="two CUDA devices are needed")
EVERY = {**NETWORKS, **READING}
LAST = max(COUNT - 1, 0)
LONG = 400_000_000
"""Clock cycles, a fifth of a second."""


@pytest.fixture(autouse=True)
def present_device_stays() -> Any:
    torch.cuda.set_device(0)
    yield
    assert torch.cuda.current_device() == 0
    torch.cuda.set_device(0)


@pytest.mark.parametrize("index", range(min(COUNT, 2)))
@pytest.mark.parametrize("name", EVERY)
def test_everything_on_one_device(name: str, index: int) -> None:
    with torch.cuda.device(index):
        running = Running(EVERY[name])
        for seed in range(6):
            values = running.network.fresh(seed)
            running.put(values)
            running.spoil()
            running.enqueue()
            running.check(values)
        assert all(buffer.tensor.device.index == index for buffer in running.outputs)


def rows(n: Any, x: Any) -> Any:
    scale, bias = (n.constant(torch.full((1, 64), value).half()) for value in (2.0, 0.5))
    return n.add_normalization(x, scale, bias, 1 << 1).get_output(0)


def rows_reference(x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.layer_norm(x, (64,)) * 2 + 0.5


def lines(n: Any, x: Any, index: Any) -> Any:
    return n.add_gather(x, index, 0).get_output(0)


GENERATED = {
    "rows": Network(rows, [sample((6, 64), torch.float16)], rows_reference),
    "pool": Network(pooled, POOLED, pooled_exact),
    "chain": Network(gated, POOLED[1:] * 2, lambda x, y: x.relu() * y + y),
    "gather": Network(
        lines,
        [sample((9, 8), torch.float16), torch.tensor([[0, 8], [3, -1]], dtype=torch.int32)],
        lambda x, index: x[index.long()],
    ),
}


@needs_two
@pytest.mark.parametrize("name", [*EVERY, *GENERATED])
def test_bound_and_run_while_another_device_is_present(name: str) -> None:
    """Shapes are inferred first: kernels are compiled then, for the engine's device."""
    network = {**EVERY, **GENERATED}[name]
    with torch.cuda.device(LAST):
        plan, log = build_engine(network.build, network.inputs)
        assert plan is not None, log
        logger = Logger()
        engine = trt.Runtime(logger).deserialize_cuda_engine(plan)
    context = engine.create_execution_context()
    assert not context.infer_shapes()
    names = [f"y{i}" for i in range(engine.num_io_tensors - len(network.inputs))]
    outputs = network.expected(network.inputs)
    with torch.cuda.device(LAST):
        given = [Memory(x.shape, x.dtype) for x in network.inputs]
        made = [
            Memory(tuple(context.get_tensor_shape(y)), TORCH_OF[engine.get_tensor_dtype(y)]) for y in names
        ]
    for letter, memories in (("x", given), ("y", made)):
        for i, memory in enumerate(memories):
            assert context.set_tensor_address(f"{letter}{i}", memory.address)
    for memory, x in zip(given, network.inputs, strict=True):
        memory.tensor.copy_(x)
    torch.cuda.synchronize(LAST)
    for _ in range(6):
        assert context.execute_async_v3(0), logger.errors()
        for memory, wanted in zip(made, outputs, strict=True):
            torch.testing.assert_close(memory.tensor.cpu(), wanted.to(memory.tensor.dtype))
            memory.tensor.zero_()
            torch.cuda.synchronize(LAST)
    assert not logger.warnings()


def on_last_device() -> tuple[Engine, list[Memory], list[Memory]]:
    with torch.cuda.device(LAST):
        engine = Engine(gated, POOLED[1:] * 2)
        given, made = engine.bind(POOLED[1:] * 2)
        engine.enqueue()
        torch.cuda.synchronize()
    return engine, given, made


@needs_two
def test_execute_waits_for_the_engines_device() -> None:
    engine, given, made = on_last_device()
    with torch.cuda.device(LAST):
        torch.cuda._sleep(LONG)
    assert engine.context.execute_v2([memory.address for memory in [*given, *made]])
    assert torch.cuda.default_stream(LAST).query()


@needs_two
def test_the_event_of_consumed_inputs_is_recorded_on_the_engines_device() -> None:
    engine, _, _ = on_last_device()
    with torch.cuda.device(LAST):
        event = torch.cuda.Event()
        event.record()
        torch.cuda.synchronize()
        torch.cuda._sleep(LONG)
    assert engine.context.set_input_consumed_event(event.cuda_event)
    assert engine.context.execute_async_v3(0), engine.logger.errors()
    assert not event.query()
    torch.cuda.synchronize(LAST)
    assert event.query()


@needs_two
@pytest.mark.parametrize("where", ["cpu", "cuda"])
def test_a_refit_stays_on_the_engines_device(where: str) -> None:
    first, second = whole((8, 8), -3, 4).float(), whole((8, 8), -3, 4, seed=1).float()
    session = Session()
    session.config.set_flag(trt.BuilderFlag.REFIT)
    n, none = session.network, trt.MatrixOperation.NONE
    weights = weights_of(first)
    x, matrix = session.input("x0", (4, 8)), n.add_constant((8, 8), weights).get_output(0)
    assert n.set_weights_name(weights, "matrix")
    y = n.add_matrix_multiply(x, none, matrix, none).get_output(0)
    y.name = "y0"
    n.mark_output(y)
    with torch.cuda.device(LAST):
        engine = session.engine()
        context = engine.create_execution_context()
        check(context, first)
        given = second.to(where)
        torch.cuda.synchronize()
    refitter = trt.Refitter(engine, session.logger)
    location = trt.TensorLocation.HOST if where == "cpu" else trt.TensorLocation.DEVICE
    assert refitter.set_named_weights("matrix", weights_of(given), location), session.logger.errors()
    assert refitter.refit_cuda_engine(), session.logger.errors()
    with torch.cuda.device(LAST):
        check(context, second)


def check(context: trt.IExecutionContext, matrix: torch.Tensor) -> None:
    x = whole((4, 8), -3, 4, seed=2).float()
    given, made = Memory((4, 8), torch.float32), Memory((4, 8), torch.float32)
    given.tensor.copy_(x)
    assert context.set_tensor_address("x0", given.address) and context.set_tensor_address("y0", made.address)
    for _ in range(5):
        assert context.execute_async_v3(torch.cuda.current_stream().cuda_stream)
        assert torch.equal(made.tensor.cpu(), x @ matrix)
        made.tensor.zero_()


@needs_two
def test_a_budget_keeps_weights_on_the_engines_device() -> None:
    net = Net(trt.BuilderFlag.WEIGHT_STREAMING)
    with torch.cuda.device(LAST):
        engine = net.engine()
    engine.weight_streaming_budget_v2 = BYTES // 3
    context = engine.create_execution_context()
    x = sample((4, WIDTH), torch.int32, -1, 2).float()
    with torch.cuda.device(LAST):
        here, y = x.cuda(), torch.full((4, WIDTH), -1.0, device="cuda")
        for _ in range(3):
            assert execute(context, here, y), net.logger.errors()
            assert torch.equal(y.cpu(), net.expected(x))


@needs_two
def test_devices_at_once() -> None:
    """A thread for each; graphs are recorded meanwhile."""
    failures: list[BaseException] = []

    def work(index: int) -> None:
        try:
            with torch.cuda.device(index), torch.cuda.stream(torch.cuda.Stream()):
                for _ in range(10):
                    engine = Engine(pooled, POOLED)
                    given, made = engine.bind(POOLED)
                    torch.cuda.current_stream().synchronize()
                    for _ in range(6):
                        engine.enqueue()
                        assert torch.equal(made[0].tensor.cpu(), pooled_exact(*POOLED))
                        made[0].tensor.zero_()
        except BaseException as error:  # noqa: BLE001  (told by the test's own thread)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(min(COUNT, 4))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
