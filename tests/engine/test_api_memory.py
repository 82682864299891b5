"""Memory of contexts: strategies, sizes, memory of the caller, allocators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorrt as trt
import torch

from tests.engine._case import device
from tests.engine._memory import address_of, empty, run_context
from tests.engine._session import Session, on_device, relu_network

STATIC = trt.ExecutionContextAllocationStrategy.STATIC
ON_PROFILE_CHANGE = trt.ExecutionContextAllocationStrategy.ON_PROFILE_CHANGE
USER_MANAGED = trt.ExecutionContextAllocationStrategy.USER_MANAGED
ALL = [STATIC, ON_PROFILE_CHANGE, USER_MANAGED]


def deep(profiles: tuple[tuple[int, int, int], ...] = ((1, 4, 8), (16, 32, 64))) -> Session:
    """x [n, 16] through products, views and branches to y; tensors between layers live long and short."""
    session = Session()
    n = session.network
    session.kept = [
        np.random.default_rng(i).standard_normal((16, 16)).astype(np.float32) / 4 for i in range(4)
    ]
    x = t = session.input("x", (-1, 16))
    branches = []
    for w in session.kept:
        weights = n.add_constant((16, 16), trt.Weights(trt.float32, w.ctypes.data, w.size)).get_output(0)
        t = n.add_matrix_multiply(t, trt.MatrixOperation.NONE, weights, trt.MatrixOperation.NONE).get_output(
            0
        )
        t = n.add_activation(t, trt.ActivationType.TANH).get_output(0)
        view = n.add_shuffle(t)
        view.reshape_dims = (-1, 4, 4)
        view.second_transpose = trt.Permutation([0, 2, 1])
        back = n.add_shuffle(view.get_output(0))
        back.reshape_dims = (-1, 16)
        branches.append(t)
        t = n.add_elementwise(back.get_output(0), x, trt.ElementWiseOperation.SUM).get_output(0)
    y = n.add_elementwise(t, branches[0], trt.ElementWiseOperation.PROD)
    joined = n.add_concatenation([y.get_output(0), branches[1], branches[2]])
    joined.axis = 1
    y = joined.get_output(0)
    y.name = "y"
    n.mark_output(y)
    for low, opt, high in profiles:
        session.profile(x=((low, 16), (opt, 16), (high, 16)))
    return session


def expected(session: Session, x: torch.Tensor) -> torch.Tensor:
    start = t = x.double()
    branches = []
    for w in session.kept:
        t = (t @ torch.from_numpy(w).double()).tanh()
        branches.append(t)
        t = t.reshape(-1, 4, 4).transpose(1, 2).reshape(-1, 16) + start
    return torch.cat([t * branches[0], branches[1], branches[2]], 1).float()


def block(size: int) -> torch.Tensor:
    """Memory on the engine's device, aligned to 256 bytes, full of NaNs."""
    raw = torch.full((size + 512,), 0xFF, dtype=torch.uint8, device=device())
    return raw[-raw.data_ptr() % 256 :][: size + 256]


def run(session: Session, context: trt.IExecutionContext, rows: int) -> bool:
    x = on_device(torch.randn(rows, 16))
    y = empty((rows, 48))
    if not run_context(context, {"x": x}, {"y": y}):
        return False
    torch.testing.assert_close(y.cpu(), expected(session, x.cpu()))
    return True


def test_sizes_by_profile() -> None:
    engine = deep().engine()
    small, large = (engine.get_device_memory_size_for_profile_v2(i) for i in (0, 1))
    assert 0 < small < large == engine.device_memory_size_v2
    assert small % 256 == 0
    assert relu_network().engine().device_memory_size_v2 == 0  # nothing lies between layers


def test_a_profile_that_is_not_there_has_no_size() -> None:
    session = deep()
    assert session.engine().get_device_memory_size_for_profile_v2(2) == 0
    assert "profile 2" in session.logger.last_error()


@pytest.mark.parametrize("strategy", [STATIC, ON_PROFILE_CHANGE], ids=lambda s: s.name)
def test_contexts_that_manage_memory_themselves(strategy: Any) -> None:
    session = deep()
    context = session.engine().create_execution_context(strategy)
    for rows in (1, 8, 3):
        assert run(session, context, rows)
    assert context.set_optimization_profile_async(1, 0)
    assert run(session, context, 64)
    assert context.get_runtime_config().get_execution_context_allocation_strategy() == strategy


def test_a_runtime_configuration_chooses_the_strategy() -> None:
    session = deep()
    engine = session.engine()
    config = engine.create_runtime_config()
    assert config.get_execution_context_allocation_strategy() == STATIC
    for strategy in ALL:
        config.set_execution_context_allocation_strategy(strategy)
        assert config.get_execution_context_allocation_strategy() == strategy
    context = engine.create_execution_context(config)
    assert context.get_runtime_config().get_execution_context_allocation_strategy() == USER_MANAGED
    assert not run(session, context, 2)


def test_memory_of_the_caller() -> None:
    session = deep()
    engine = session.engine()
    context = engine.create_execution_context(USER_MANAGED)
    memory = block(engine.device_memory_size_v2)
    size = memory.numel() - 256
    context.set_device_memory(memory.data_ptr(), size)
    for rows in (8, 1, 5, 8):
        assert run(session, context, rows)
    assert (memory[:size] != 0xFF).any()  # it was used
    assert (memory[size:] == 0xFF).all()  # and nothing behind it
    other = block(engine.device_memory_size_v2)
    context.set_device_memory(other.data_ptr(), size)
    before = memory.clone()
    assert run(session, context, 4)
    assert torch.equal(before, memory) and (other[:size] != 0xFF).any()


def test_memory_for_the_present_shapes() -> None:
    session = deep()
    engine = session.engine()
    context = engine.create_execution_context(USER_MANAGED)
    assert context.set_input_shape("x", (2, 16))
    size = context.update_device_memory_size_for_shapes()
    assert 0 < size < engine.get_device_memory_size_for_profile_v2(0)
    memory = block(size)
    context.set_device_memory(memory.data_ptr(), size)
    assert run(session, context, 2)
    assert (memory[size:] == 0xFF).all()
    assert not run(session, context, 8)  # needs more
    assert "device memory" in session.logger.last_error()
    assert run(session, context, 2)


def test_two_contexts_at_once_do_not_share_memory() -> None:
    session = deep()
    engine = session.engine()
    memories = [block(engine.device_memory_size_v2) for _ in range(2)]
    contexts = [engine.create_execution_context(USER_MANAGED) for _ in range(2)]
    for context, memory in zip(contexts, memories, strict=True):
        context.set_device_memory(memory.data_ptr(), memory.numel() - 256)
    for rows in (3, 7):
        for context in contexts:
            assert run(session, context, rows)


def test_an_engine_that_needs_no_memory_runs_without() -> None:
    context = relu_network().engine().create_execution_context(USER_MANAGED)
    x, y = on_device(torch.randn(2, 3)), empty((2, 3))
    assert context.set_input_shape("x", (2, 3)) and context.update_device_memory_size_for_shapes() == 0
    assert run_context(context, {"x": x}, {"y": y}) and torch.equal(y, x.relu())


# ---- refused; numbers are those of execution_context_memory.cpp


def test_memory_is_set_where_the_caller_manages_it() -> None:  # c1
    session = deep()
    context = session.engine().create_execution_context(STATIC)
    memory = block(1 << 16)
    context.set_device_memory(memory.data_ptr(), 1 << 16)
    assert "kUSER_MANAGED" in session.logger.last_error()
    assert run(session, context, 2)


@pytest.mark.parametrize("size", [-1, 4096])
def test_sizes_of_memory_are_sizes(size: int) -> None:  # c2
    session = deep()
    context = session.engine().create_execution_context(USER_MANAGED)
    context.set_device_memory(0 if size > 0 else block(256).data_ptr(), size)
    assert f"{size} bytes" in session.logger.last_error()


def test_memory_is_aligned() -> None:  # c3
    session = deep()
    context = session.engine().create_execution_context(USER_MANAGED)
    context.set_device_memory(block(1 << 16).data_ptr() + 1, 1 << 16)
    assert "aligned" in session.logger.last_error()


@pytest.mark.parametrize("given", [False, True])
def test_a_run_needs_its_memory(given: bool) -> None:  # c4
    session = deep()
    context = session.engine().create_execution_context(USER_MANAGED)
    memory = block(256)
    if given:
        context.set_device_memory(memory.data_ptr(), 256)
    assert not run(session, context, 8)
    assert "device memory" in session.logger.last_error()


def test_memory_for_shapes_needs_shapes() -> None:
    session = deep()
    context = session.engine().create_execution_context(USER_MANAGED)
    assert context.update_device_memory_size_for_shapes() == 0
    assert "x" in session.logger.last_error()


# ---- allocators


class Allocator(trt.IGpuAllocator):
    """PyTorch's memory, counted; `empty`: there is none."""

    def __init__(self, empty: bool = False) -> None:
        trt.IGpuAllocator.__init__(self)
        self.alive: dict[int, torch.Tensor] = {}
        self.sizes: list[int] = []
        self.empty = empty

    def allocate(self, size: int, alignment: int, flags: int) -> int | None:
        self.sizes.append(size)
        if self.empty:
            return None
        memory = block(size)
        self.alive[memory.data_ptr()] = memory
        return memory.data_ptr()

    def deallocate(self, memory: Any) -> bool:
        return self.alive.pop(address_of(memory), None) is not None

    def reallocate(self, address: int, alignment: int, size: int) -> int | None:
        return None

    def allocate_async(self, size: int, alignment: int, flags: int, stream: int) -> int | None:
        return self.allocate(size, alignment, flags)

    def deallocate_async(self, memory: Any, stream: int) -> bool:
        return self.deallocate(memory)


def engine_with(allocator: Allocator, session: Session) -> tuple[trt.Runtime, trt.ICudaEngine]:
    runtime = trt.Runtime(session.logger)
    runtime.gpu_allocator = allocator
    return runtime, runtime.deserialize_cuda_engine(session.plan())


@pytest.mark.parametrize("strategy", [STATIC, ON_PROFILE_CHANGE], ids=lambda s: s.name)
def test_an_allocator_gives_the_memory_of_contexts_on_a_device(strategy: Any) -> None:
    session, allocator = deep(), Allocator()
    runtime, engine = engine_with(allocator, session)
    context = engine.create_execution_context(strategy)
    assert run(session, context, 8)
    assert context.set_optimization_profile_async(1, 0) and run(session, context, 64)
    sizes = [engine.get_device_memory_size_for_profile_v2(i) for i in (0, 1)]
    if device().type == "cpu":  # memory of the CPU is no business of theirs
        assert allocator.sizes == []
    elif strategy == STATIC:
        assert allocator.sizes == [sizes[1]]
    else:
        assert allocator.sizes == sizes
    del context
    assert not allocator.alive


@pytest.mark.skipif(device().type == "cpu", reason="allocators give memory of a device")
def test_an_allocator_without_memory_gives_no_context() -> None:
    session = deep()
    runtime, engine = engine_with(Allocator(empty=True), session)
    assert engine.create_execution_context(STATIC) is None
    assert "out of memory" in session.logger.last_error()


def test_allocators_come_back() -> None:
    session = deep()
    allocator = Allocator()
    session.builder.gpu_allocator = allocator
    context = session.engine().create_execution_context()
    assert context.temporary_allocator is None
    context.temporary_allocator = allocator
    assert context.temporary_allocator is not None
    assert run(session, context, 2)
