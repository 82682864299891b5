"""Layers that move elements, on every quantized type, and packed memory wherever a tensor can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import Log, device, sample
from tests.engine._late import Allocator
from tests.engine._quantized import (
    QUANTIZED,
    TYPES,
    Codes,
    assert_same,
    build_engine,
    build_error,
    check,
    codes,
    run,
    run_engine,
)

ALL = [*QUANTIZED, "e8m0"]
PACKED = ["int4", "fp4"]
Mode = trt.SampleMode


def shuffle(first: Any = None, shape: Any = None, second: Any = None) -> Callable[..., Any]:
    def build(n: Any, x: Any) -> Any:
        layer = n.add_shuffle(x)
        if first is not None:
            layer.first_transpose = first
        if shape is not None:
            layer.reshape_dims = shape
        if second is not None:
            layer.second_transpose = second
        return layer

    return build


def slice_of(start: Any, size: Any, stride: Any, mode: Mode = Mode.STRICT_BOUNDS) -> Callable[..., Any]:
    def build(n: Any, x: Any) -> Any:
        layer = n.add_slice(x, start, size, stride)
        layer.mode = mode
        return layer

    return build


def gather(mode: trt.GatherMode, axis: int, indices: torch.Tensor) -> Callable[..., Any]:
    def build(n: Any, x: Any) -> Any:
        layer = n.add_gather_v2(x, n.constant(indices), mode)
        layer.axis = axis
        return layer

    return build


def with_axes(name: str, *axes: int) -> Callable[..., Any]:
    return lambda n, x: getattr(n, name)(x, n.constant(torch.tensor(axes, dtype=torch.int32)))


CONSTANT = torch.tensor([4, 0, -1, 2], dtype=torch.int32)
GRID = torch.tensor([[2, 1, 0, 0, 2], [0, 9, 1, 1, -1], [0, 0, 0, 0, 0]], dtype=torch.int64)


def elements(x: torch.Tensor) -> torch.Tensor:
    inside = (GRID >= -3) & (GRID < 3)
    return torch.gather(x, 0, torch.where(inside, GRID % 3, 0)) * inside


# (shape of x, layer, what it does to the codes)
MOVES: dict[str, tuple[tuple[int, ...], Callable[..., Any], Callable[[torch.Tensor], torch.Tensor]]] = {
    "identity": ((3, 5), lambda n, x: n.add_identity(x), lambda x: x),
    "identity-rank-0": ((), lambda n, x: n.add_identity(x), lambda x: x),
    "identity-empty": ((0, 3), lambda n, x: n.add_identity(x), lambda x: x),
    "reshape": ((3, 5), shuffle(shape=(5, 3)), lambda x: x.reshape(5, 3)),
    "reshape-copied": ((3, 5), shuffle(shape=(0, -1, 1)), lambda x: x.reshape(3, 5, 1)),
    "transpose": ((3, 5), shuffle(first=(1, 0)), lambda x: x.t()),
    "transposes": (
        (3, 5, 2),
        shuffle((2, 0, 1), (3, 2, 5), (1, 2, 0)),
        lambda x: x.permute(2, 0, 1).reshape(3, 2, 5).permute(1, 2, 0),
    ),
    "squeeze": ((3, 1, 5), with_axes("add_squeeze", 1), lambda x: x.squeeze(1)),
    "unsqueeze": ((3, 5), with_axes("add_unsqueeze", 0, 3), lambda x: x[None, ..., None]),
    "slice": ((3, 5), slice_of((1, 1), (2, 3), (1, 1)), lambda x: x[1:3, 1:4]),
    "slice-strides": ((7,), slice_of((5,), (3,), (-2,)), lambda x: x[[5, 3, 1]]),
    "slice-nothing": ((3, 5), slice_of((0, 0), (0, 5), (1, 1)), lambda x: x[:0]),
    "slice-fill": (
        (5,),
        slice_of((-2,), (8,), (1,), Mode.FILL),
        lambda x: torch.cat([x.new_zeros(2), x, x.new_zeros(1)]),
    ),
    "slice-wrap": ((5,), slice_of((3,), (7,), (1,), Mode.WRAP), lambda x: x[[3, 4, 0, 1, 2, 3, 4]]),
    "slice-clamp": ((5,), slice_of((-2,), (9,), (1,), Mode.CLAMP), lambda x: x[[0, 0, 0, 1, 2, 3, 4, 4, 4]]),
    "slice-reflect": ((3,), slice_of((-2,), (7,), (1,), Mode.REFLECT), lambda x: x[[2, 1, 0, 1, 2, 1, 0]]),
    "gather": ((5, 3), gather(trt.GatherMode.DEFAULT, 0, CONSTANT), lambda x: x[[4, 0, 4, 2]]),
    "gather-outside": (
        (3, 3),
        gather(trt.GatherMode.DEFAULT, 1, CONSTANT),
        lambda x: torch.stack([x[:, 0] * 0, x[:, 0], x[:, 2], x[:, 2]], 1),
    ),
    "gather-nd": (
        (3, 5),
        gather(trt.GatherMode.ND, 0, torch.tensor([[2, 4], [0, 1], [1, -1]])),
        lambda x: torch.stack([x[2, 4], x[0, 1], x[1, 4]]),
    ),
    "gather-elements": ((3, 5), gather(trt.GatherMode.ELEMENT, 0, GRID), elements),
}


def spans(x: Codes) -> list[Any]:
    """Lengths above 1 are unknown to the build."""
    shape = tuple(x.shape)
    return [(shape, shape, tuple(n + 1 if n > 1 else n for n in shape))]


@pytest.mark.parametrize("type", ALL)
@pytest.mark.parametrize("move", MOVES)
def test_move(move: str, type: str) -> None:
    shape, build, reference = MOVES[move]
    x = codes(type, shape)
    wanted = x.moved(reference)
    check(build, [x], lambda _: wanted)
    check(lambda n: build(n, n.constant(x)), [], lambda: wanted)
    check(lambda n, x: build(n, n.add_identity(x).get_output(0)), [x], lambda _: wanted)
    if "reshape" not in move and "transposes" not in move and any(n > 1 for n in shape):
        check(build, [x], lambda _: wanted, spans(x))


@pytest.mark.parametrize("type", ALL)
@pytest.mark.parametrize("axis", [0, 1])
def test_concatenation(axis: int, type: str) -> None:
    def build(n: Any, a: Any, b: Any) -> Any:
        layer = n.add_concatenation([a, b, n.constant(c)])
        layer.axis = axis
        return layer

    shapes = [(3, 5), (1, 5), (0, 5)] if axis == 0 else [(3, 5), (3, 1), (3, 3)]
    a, b, c = (codes(type, shape, i) for i, shape in enumerate(shapes))
    check(build, [a, b], lambda a, b: Codes(type, torch.cat([a.codes, b.codes, c.codes], axis)))


@pytest.mark.parametrize("type", ALL)
def test_fill_value(type: str) -> None:
    def build(n: Any, x: Any, fill: Any) -> Any:
        layer = n.add_slice(x, (-1,), (7,), (1,))
        layer.mode = Mode.FILL
        layer.set_input(4, fill)
        return layer

    x, fill = codes(type, (5,)), codes(type, (), 7)
    check(build, [x, fill], lambda x, f: x.moved(lambda c: torch.cat([f.codes[None], c, f.codes[None]])))


@pytest.mark.parametrize("type", ALL)
def test_one_hot(type: str) -> None:
    def build(n: Any, indices: Any) -> Any:
        depth = n.constant(torch.tensor(3, dtype=torch.int32))
        return n.add_one_hot(indices, n.constant(values), depth, -1)

    values = codes(type, (2,), 3)
    indices = torch.tensor([2, 0, 1], dtype=torch.int32)
    on = torch.nn.functional.one_hot(indices.long(), 3)
    check(build, [indices], lambda _: values.moved(lambda c: c[on]))


@pytest.mark.parametrize("type", ALL)
def test_shape_of(type: str) -> None:
    check(
        lambda n, x: n.add_shape(x),
        [codes(type, (3, 5))],
        lambda _: torch.tensor([3, 5]),
        [((1, 5), (3, 5), (4, 5))],
    )


@pytest.mark.parametrize("type", PACKED)
@pytest.mark.parametrize("count", [0, 1, 2, 7, 8])
def test_memory_is_packed(count: int, type: str) -> None:
    """Two elements in a byte in plans, inputs and outputs; after an odd count four bits are zero."""
    x = codes(type, (count,))
    check(lambda n: n.constant(x), [], lambda: x)
    wanted = torch.tensor([int(a) for a in x.memory()], dtype=torch.uint8)
    assert wanted.numel() == (count + 1) // 2
    (y,) = run(shuffle(first=(0,)), [x])
    assert torch.equal(y.memory(), wanted)


@pytest.mark.parametrize("type", PACKED)
def test_plans_hold_packed_weights(type: str) -> None:
    w = codes(type, (512, 512))
    plan, log = build_engine(
        lambda n, x: n.add_matrix_multiply(
            x, trt.MatrixOperation.NONE,
            n.add_dequantize(n.constant(w), n.constant(torch.tensor(0.25)), trt.float32).get_output(0),
            trt.MatrixOperation.NONE,
        ),
        [torch.zeros(3, 512)],
    )  # fmt: skip
    assert plan is not None, log
    assert w.codes.numel() // 2 <= len(plan) < w.codes.numel() // 2 + 20_000
    x = sample((3, 512), torch.int32, -3, 4).float()
    (y,) = run_engine(plan, [x])
    assert_same(y, (x.double() @ (w.values * 0.25)).float())


def test_float_weights_are_kept_quantized() -> None:
    """Quantize of a constant is done by the build: the plan holds the codes alone."""
    w = sample((512, 512))

    def build(n: Any, x: Any) -> Any:
        scale = n.constant(torch.tensor(2.0**-5))
        q = n.add_quantize(n.constant(w), scale, trt.int8).get_output(0)
        d = n.add_dequantize(q, scale, trt.float32).get_output(0)
        return n.add_matrix_multiply(x, trt.MatrixOperation.NONE, d, trt.MatrixOperation.TRANSPOSE)

    x = sample((2, 512), torch.int32, -3, 4).float()
    plan, log = build_engine(build, [x])
    assert plan is not None, log
    assert len(plan) < w.numel() + 20_000
    (y,) = run_engine(plan, [x])
    rounded = torch.round(w.double() * 32).clamp(-128, 127) / 32
    assert_same(y, (x.double() @ rounded.t()).float())


@pytest.mark.parametrize("type", QUANTIZED)
def test_moves_behind_dequantized_weights(type: str) -> None:
    w, scale = codes(type, (6, 5)), torch.tensor(0.5)

    def build(n: Any, x: Any) -> Any:
        real = n.add_dequantize(n.constant(w), n.constant(scale), trt.float32).get_output(0)
        moved = shuffle(first=(1, 0))(n, n.add_cast(real, trt.float16).get_output(0)).get_output(0)
        return n.add_elementwise(x, moved, trt.ElementWiseOperation.SUM), real

    def outputs(n: Any, x: Any) -> list[Any]:
        total, real = build(n, x)
        return [total.get_output(0), real]

    x = torch.zeros(5, 6, dtype=torch.float16)
    (y, real) = run(outputs, [x])
    assert_same(y, (w.values * 0.5).half().t())
    assert_same(real, (w.values * 0.5).float())


@pytest.mark.parametrize("type", ALL)
def test_lengths_that_only_the_run_knows(type: str) -> None:
    """A slice whose size a kernel computes; its result comes through an allocator."""

    def build(n: Any, x: Any, parts: Any) -> Any:
        layer = n.add_slice(n.add_identity(x).get_output(0), (1,), (1,), (1,))
        total = n.add_reduce(parts, trt.ReduceOperation.SUM, 1, True).get_output(0)
        layer.set_input(2, n.add_cast(total, trt.int64).get_output(0))
        moved = n.add_shuffle(layer.get_output(0))
        moved.reshape_dims = (1, -1)
        return moved

    x, parts = codes(type, (9,)), torch.tensor([2.0, 1.0, 2.0], dtype=torch.float16)
    plan, log = build_engine(build, [x, parts])
    assert plan is not None, log
    engine = trt.Runtime(Log()).deserialize_cuda_engine(plan)
    context, allocator = engine.create_execution_context(), Allocator()
    kept = [x.memory().to(device()), parts.to(device())]
    for i, memory in enumerate(kept):
        context.set_tensor_address(f"x{i}", memory.data_ptr())
    context.set_output_allocator("y0", allocator)
    stream = torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0
    assert context.execute_async_v3(stream)
    if device().type == "cuda":
        torch.cuda.synchronize()
    assert allocator.shape == (1, 5)
    assert_same(Codes.of_memory(type, allocator.memory.cpu(), (1, 5)), x.moved(lambda c: c[None, 1:6]))


@pytest.mark.parametrize("type", QUANTIZED)
def test_what_computes_refuses_codes(type: str) -> None:
    x = codes(type, (2, 3))
    assert build_error(lambda n, x: n.add_softmax(x), [x])
    assert build_error(lambda n, x: n.add_cast(x, trt.float32), [x]) if type != "int8" else True
    condition = torch.ones(2, 3, dtype=torch.bool)
    assert "then and else" in build_error(lambda n, c, x: n.add_select(c, x, x), [condition, x])
    if type != "int8":
        assert build_error(lambda n, x: n.add_elementwise(x, x, trt.ElementWiseOperation.SUM), [x])


def test_count_of_packed_weights() -> None:
    x = codes("int4", (5,))
    assert "has 6 elements, the weights 5" in build_error(lambda n: n.add_constant((6,), n.weights(x)), [])


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_chains_of_moves(data: st.DataObject) -> None:
    """Any sequence of permutations, reshapes and slices, with tensors of any parity in between."""
    type = data.draw(st.sampled_from(ALL))
    shape = data.draw(st.lists(st.integers(1, 4), min_size=2, max_size=3))
    x = codes(type, shape)
    steps: list[Callable[..., Any]] = []
    wanted = x.codes
    for _ in range(data.draw(st.integers(1, 4))):
        kind = data.draw(st.sampled_from(["permute", "flatten", "slice"]))
        if kind == "permute":
            order = data.draw(st.permutations(range(wanted.dim())))
            steps.append(shuffle(first=tuple(order)))
            wanted = wanted.permute(order)
        elif kind == "flatten":
            steps.append(shuffle(shape=(wanted.shape[0], -1)))
            wanted = wanted.reshape(wanted.shape[0], -1)
        else:
            sizes = [data.draw(st.integers(1, n)) for n in wanted.shape]
            steps.append(slice_of((0,) * wanted.dim(), tuple(sizes), (1,) * wanted.dim()))
            wanted = wanted[tuple(slice(0, size) for size in sizes)]

    def build(n: Any, x: Any) -> Any:
        for step in steps:
            x = step(n, x).get_output(0)
        return x

    check(build, [x], lambda _: Codes(type, wanted))


def test_types_have_rows() -> None:
    assert set(TYPES) == set(ALL)


@pytest.mark.parametrize("type", ALL)
def test_constants_of_a_length_that_the_count_tells(type: str) -> None:
    q = codes(type, (3, 5))
    check(lambda n: n.add_constant((-1, 5), n.weights(q)), [], lambda: q)
