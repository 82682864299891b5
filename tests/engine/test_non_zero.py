"""NonZero, and everything that follows from a length that only the data tell:
bounds, allocators, layers behind it."""

from __future__ import annotations

from typing import Any

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import TRT_OF, Net, build_engine, build_error, device, growing, sample
from tests.engine._late import Allocator, late_outputs
from tests.engine._members import needs
from tests.engine._session import Session, on_device

TYPES = [torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.int32, torch.int64, torch.bool]


def sparse(shape: tuple[int, ...], dtype: torch.dtype, seed: int = 0) -> torch.Tensor:
    """About half of the elements are 0."""
    return sample(shape, dtype, 1, 9, seed) * sample(shape, torch.bool, seed=seed).to(dtype)


def indices(network: Any, x: trt.ITensor) -> trt.ITensor:
    return network.add_non_zero(x).get_output(0)


def outputs(build: Any, inputs: list[torch.Tensor], dynamic: Any = False) -> list[torch.Tensor]:
    plan, log = build_engine(build, inputs, dynamic)
    assert plan is not None, log
    return late_outputs(plan, inputs)


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("dtype", TYPES)
def test_types(dtype: torch.dtype, dynamic: bool) -> None:
    x = sparse((3, 4, 5), dtype)
    (y,) = outputs(lambda n, x: n.add_non_zero(x), [x], dynamic)
    assert y.dtype == torch.int32
    assert torch.equal(y.long(), x.nonzero().t())


@needs("INetworkDefinition.add_non_zero(indices_type)", "INonZeroLayer.indices_type")
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_types_of_indices(dtype: torch.dtype) -> None:
    x = sparse((4, 3), torch.float32)
    for build in (
        lambda n, x: n.add_non_zero(x, TRT_OF[dtype]),
        lambda n, x: with_indices(n.add_non_zero(x), TRT_OF[dtype]),
    ):
        (y,) = outputs(build, [x])
        assert y.dtype == dtype and torch.equal(y.long(), x.nonzero().t())


def with_indices(layer: trt.INonZeroLayer, dtype: trt.DataType) -> trt.INonZeroLayer:
    layer.indices_type = dtype
    return layer


@pytest.mark.parametrize("shape", [(1,), (7,), (0,), (2, 0, 3), (1, 2, 1, 2, 1, 2, 1, 2)])
def test_shapes(shape: tuple[int, ...]) -> None:
    x = sparse(shape, torch.float32)
    (y,) = outputs(lambda n, x: n.add_non_zero(x), [x])
    assert torch.equal(y.long(), x.nonzero().t())


def test_nan_counts_and_negative_zero_does_not() -> None:
    x = torch.tensor([0.0, float("nan"), -0.0, float("inf"), 1e-45])
    (y,) = outputs(lambda n, x: n.add_non_zero(x), [x])
    assert y.tolist() == [[1, 3, 4]]


def test_nothing_found() -> None:
    (y,) = outputs(lambda n, x: n.add_non_zero(x), [torch.zeros(2, 3)])
    assert y.shape == (2, 0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.sampled_from(TYPES), st.integers(0, 5))
def test_any_shape(shape: list[int], dtype: torch.dtype, seed: int) -> None:
    x = sparse(tuple(shape), dtype, seed)
    (y,) = outputs(lambda n, x: n.add_non_zero(x), [x])
    assert torch.equal(y.long(), x.nonzero().t())


def test_refusals() -> None:
    x = sample((3,))
    assert "bool, not uint8" in build_error(lambda n, x: n.add_non_zero(x), [x.to(torch.uint8)])  # c1
    assert "got a scalar" in build_error(lambda n, x: n.add_non_zero(x), [sample(())])  # c3


@needs("INetworkDefinition.add_non_zero(indices_type)", "INonZeroLayer.indices_type")
def test_refused_type_of_indices_changes_nothing() -> None:
    wrong = build_error(lambda n, x: n.add_non_zero(x, trt.float32), [sample((3,))])
    assert "int32 or int64" in wrong  # c2
    session = Session()
    layer = session.network.add_non_zero(session.input("x", (3,)))
    layer.indices_type = trt.int64
    layer.indices_type = trt.bool  # c2
    assert "int32 or int64" in session.logger.last_error()
    assert layer.indices_type == trt.int64
    assert tuple(layer.get_output(0).shape) == (1, -1)


# ---- outputs of unknown length


class Run:
    """An engine x -> y, run by hand."""

    def __init__(self, build: Any, shape: tuple[int, ...], dynamic: Any = None) -> None:
        self.session = Session()
        self.net = Net(self.session.network)
        made = build(self.net, self.session.input("x", shape))
        y = made if isinstance(made, trt.ITensor) else made.get_output(0)
        y.name = "y"
        self.session.network.mark_output(y)
        if dynamic is not None:
            self.session.profile(x=dynamic)
        self.engine = self.session.engine()
        self.context = self.engine.create_execution_context()

    def __call__(self, x: torch.Tensor) -> bool:
        here = on_device(x)
        assert self.context.set_input_shape("x", tuple(x.shape))
        assert self.context.set_tensor_address("x", here.data_ptr())
        done = self.context.execute_async_v3(torch.cuda.current_stream().cuda_stream if here.is_cuda else 0)
        if here.is_cuda:
            torch.cuda.synchronize()
        return done


def test_shape_stays_unknown_and_bounds_are_told() -> None:
    run = Run(indices, (-1, 4), ((1, 4), (2, 4), (8, 4)))
    assert tuple(run.engine.get_tensor_shape("y")) == (2, -1)
    assert run.context.get_max_output_size("y") == 2 * 8 * 4 * 4  # of the profile
    assert run.context.set_input_shape("x", (3, 4))
    assert tuple(run.context.get_tensor_shape("y")) == (2, -1)
    assert run.context.get_max_output_size("y") == 2 * 3 * 4 * 4  # of the shapes


def test_memory_of_the_greatest_size_is_enough() -> None:
    run = Run(indices, (3, 4))
    memory = torch.full((2 * 12,), -7, dtype=torch.int32, device=device())
    assert run.context.set_tensor_address("y", memory.data_ptr())
    x = sparse((3, 4), torch.float32)
    assert run(x)
    count = int((x != 0).sum())
    assert torch.equal(memory[: 2 * count].view(2, count).cpu().long(), x.nonzero().t())
    assert memory[2 * count :].eq(-7).all()


def test_neither_address_nor_allocator() -> None:
    run = Run(indices, (3, 4))
    assert not run(torch.ones(3, 4))
    assert "neither an address nor an allocator" in run.session.logger.last_error()


class Counting(Allocator):
    """Remembers how it was asked; only the form without a stream is there, to which the other forwards."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__()
        self.fails = fails
        self.asked: list[tuple[str, int, int, int]] = []

    def reallocate_output(self, name: str, memory: int, size: int, alignment: int) -> int:
        self.asked.append((name, memory or 0, size, alignment))
        return 0 if self.fails else super().reallocate_output(name, memory, size, alignment)


def test_allocator_is_asked_for_what_is_needed() -> None:
    run, allocator = Run(indices, (3, 4)), Counting()
    assert run.context.set_output_allocator("y", allocator)
    x = sparse((3, 4), torch.float32)
    assert run(x)
    count = int((x != 0).sum())
    assert [(name, size) for name, _, size, _ in allocator.asked] == [("y", 2 * count * 4)]
    assert allocator.asked[0][3] & (allocator.asked[0][3] - 1) == 0
    assert allocator.shape == (2, count)
    assert torch.equal(allocator.tensor(torch.int32).long(), x.nonzero().t())
    first = allocator.memory.data_ptr()
    assert run(torch.zeros(3, 4))
    assert allocator.asked[1][1:3] == (first, 1)  # the former memory; at least a byte
    assert allocator.shape == (2, 0)


def test_allocator_without_memory_fails_the_run() -> None:
    run, allocator = Run(indices, (3, 4)), Counting(fails=True)
    assert run.context.set_output_allocator("y", allocator)
    assert not run(torch.ones(3, 4))
    assert "gave no memory" in run.session.logger.last_error()
    assert run.context.set_output_allocator("y", None)
    assert run.context.get_output_allocator("y") is None


# ---- layers behind an unknown length


def picked(network: Net, x: trt.ITensor) -> trt.ITensor:
    """x[x != 0] of a vector, by Gather."""
    flat = network.add_shuffle(indices(network, x))
    flat.reshape_dims = (-1,)
    return network.add_gather(x, flat.get_output(0), 0).get_output(0)


def count_of(network: Net, x: trt.ITensor) -> trt.ITensor:
    """How many elements are not 0, as [1]: shape arithmetic on the host."""
    shape = network.add_shape(indices(network, x)).get_output(0)
    return network.add_slice(shape, (1,), (1,), (1,)).get_output(0)


@pytest.mark.parametrize("dynamic", [False, True])
def test_layers_behind(dynamic: bool) -> None:
    def build(n: Net, x: trt.ITensor) -> list[trt.ITensor]:
        found = picked(n, x)
        total = n.add_reduce(found, trt.ReduceOperation.SUM, 1, False).get_output(0)
        twice = n.add_concatenation([found, found]).get_output(0)
        return [found, total, twice, n.add_unary(found, trt.UnaryOperation.NEG).get_output(0)]

    x = sparse((9,), torch.float32)
    found, total, twice, negated = outputs(build, [x], dynamic)
    expected = x[x != 0]
    assert torch.equal(found, expected)
    torch.testing.assert_close(total, expected.sum())
    assert torch.equal(twice, torch.cat([expected, expected]))
    assert torch.equal(negated, -expected)


@pytest.mark.parametrize("count", [0, 3, 6])
def test_shape_arithmetic(count: int) -> None:
    def build(n: Net, x: trt.ITensor) -> list[trt.ITensor]:
        length = count_of(n, x)
        fill = n.add_fill((0,), trt.FillOperation.LINSPACE, trt.int64)
        fill.set_input(0, length)
        fill.alpha, fill.beta = 10, 1
        two = n.constant(torch.tensor([2]))
        doubled = n.add_elementwise(length, two, trt.ElementWiseOperation.PROD).get_output(0)
        shape = n.add_concatenation([length, two])
        columns = n.add_shuffle(n.add_shuffle(n.add_non_zero(x).get_output(0)).get_output(0))
        pairs = n.add_concatenation([indices(n, x), indices(n, x)])
        pairs.axis = 0
        turned = n.add_shuffle(pairs.get_output(0))
        turned.first_transpose = (1, 0)
        turned.set_input(1, shape.get_output(0))
        return [fill.get_output(0), doubled, turned.get_output(0), columns.get_output(0)]

    x = torch.zeros(6)
    x[:count] = 1
    numbers, doubled, turned, columns = outputs(build, [x])
    assert numbers.tolist() == list(range(10, 10 + count))
    assert doubled.tolist() == [2 * count]
    assert turned.tolist() == [[i, i] for i in range(count)]
    assert columns.tolist() == [list(range(count))]


def test_output_for_shapes() -> None:
    session = Session()
    length = count_of(Net(session.network), session.input("x", (6,)))
    length.name = "n"
    assert session.network.mark_output_for_shapes(length)
    context = session.engine().create_execution_context()
    x, n = on_device(torch.tensor([0.0, 1, 2, 0, 3, 0])), torch.zeros(1, dtype=torch.int64)
    assert context.set_tensor_address("x", x.data_ptr()) and context.set_tensor_address("n", n.data_ptr())
    assert context.infer_shapes() == []
    assert context.execute_async_v3(torch.cuda.current_stream().cuda_stream if x.is_cuda else 0)
    assert n.tolist() == [3]


def test_other_outputs_have_known_shapes() -> None:
    session = Session()
    x = session.input("x", (-1,))
    session.profile(x=((1,), (4,), (9,)))
    network = Net(session.network)
    total = network.add_reduce(picked(network, x), trt.ReduceOperation.SUM, 1, True).get_output(0)
    relu = session.network.add_activation(x, trt.ActivationType.RELU).get_output(0)
    for name, tensor in (("total", total), ("relu", relu)):
        tensor.name = name
        session.network.mark_output(tensor)
    context = session.engine().create_execution_context()
    assert context.set_input_shape("x", (5,))
    assert tuple(context.get_tensor_shape("total")) == (1,)
    assert tuple(context.get_tensor_shape("relu")) == (5,)  # though it may run after what waits for data


def test_bounds_of_layers_behind() -> None:
    run = Run(picked, (-1,), ((1,), (4,), (9,)))
    assert run.context.get_max_output_size("y") == 9 * 4
    assert run.context.set_input_shape("x", (5,))
    assert run.context.get_max_output_size("y") == 5 * 4
    memory = torch.zeros(5, device=device())
    assert run.context.set_tensor_address("y", memory.data_ptr())
    assert run(torch.tensor([0.0, 2, 0, 3, 4]))
    assert memory.tolist() == [2, 3, 4, 0, 0]


def numbers_up_to_count(network: Net, x: trt.ITensor) -> trt.ITensor:
    fill = network.add_fill((0,), trt.FillOperation.LINSPACE, trt.int64)
    fill.set_input(0, count_of(network, x))
    return fill.get_output(0)


def test_no_bound_needs_an_allocator() -> None:
    run = Run(numbers_up_to_count, (6,))
    assert run.context.get_max_output_size("y") == -1
    memory = torch.zeros(6, dtype=torch.int64, device=device())
    assert run.context.set_tensor_address("y", memory.data_ptr())
    assert not run(torch.ones(6))
    assert "no upper bound" in run.session.logger.last_error()
    allocator = Allocator()
    assert run.context.set_output_allocator("y", allocator)
    assert run(torch.tensor([1.0, 0, 1, 1, 0, 0]))
    assert allocator.tensor(torch.int64).tolist() == [0, 1, 2]


def test_lengths_that_do_not_go_together_fail_the_run() -> None:
    def build(n: Net, x: trt.ITensor) -> trt.ITensor:
        row = n.constant(torch.ones(1, 3, dtype=torch.int32))
        return n.add_elementwise(indices(n, x), row, trt.ElementWiseOperation.SUM).get_output(0)

    run = Run(build, (5,))
    assert run.context.get_max_output_size("y") == 3 * 4  # what is longer than 1 wins
    allocator = Allocator()
    assert run.context.set_output_allocator("y", allocator)
    assert run(torch.tensor([0.0, 1, 0, 1, 1]))
    assert allocator.tensor(torch.int32).tolist() == [[2, 4, 5]]
    assert not run(torch.tensor([0.0, 1, 0, 1, 0]))
    assert "do not broadcast" in run.session.logger.last_error()
    assert run(torch.tensor([0.0, 1, 0, 0, 0]))  # and the context goes on
    assert allocator.tensor(torch.int32).tolist() == [[2, 2, 2]]


@pytest.mark.parametrize("rows", [2, 5])
def test_growing_inputs(rows: int) -> None:
    x = sparse((rows, 3), torch.float32, seed=rows)
    (y,) = outputs(lambda n, x: n.add_non_zero(x), [x], [growing(x, 0)])
    assert torch.equal(y.long(), x.nonzero().t())
