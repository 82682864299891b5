"""Quantize and Dequantize against exact arithmetic, for every type, granularity and type of scale."""

from __future__ import annotations

from typing import Any

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, sample
from tests.engine._members import VERSION
from tests.engine._quantized import (
    QUANTIZED,
    TYPES,
    Codes,
    Operand,
    check,
    codes,
    is_unset,
    nearest,
    require_block_shapes,
    run,
)
from tests.engine._quantizing import (
    configured,
    dequantize,
    dequantized,
    quantize,
    quantized,
    scales,
    with_constants,
    zero_points,
)

# (data, scale, axis, block shape)
GRAINS: dict[str, tuple[tuple[int, ...], tuple[int, ...], int | None, tuple[int, ...] | None]] = {
    "tensor": ((2, 3, 5), (), None, None),
    "tensor-one-element": ((2, 3, 4), (1,), None, None),
    "tensor-all-ones": ((2, 3), (1, 1), None, None),
    "blocks-last": ((3, 32), (3, 2), None, None),
    "blocks-second-last": ((6, 5), (3, 5), None, None),
    "blocks-rank-3": ((2, 3, 8), (2, 3, 4), None, None),
    "blocks-rank-1": ((8,), (2,), None, None),
    "blocks-of-one": ((3, 5), (3, 5), None, None),
    "block-shape-2d": ((4, 6), (2, 2), None, (2, 3)),
    "block-shape-whole-axis": ((4, 6, 3), (1, 3, 3), None, (-1, 2, 1)),
    "block-shape-first-axis": ((4, 3, 2), (2, 3, 2), None, (2, 1, 1)),
    "empty": ((0, 5), (), None, None),
    "empty-blocks": ((3, 0), (3, 0), None, None),
}
CHANNELS: dict[str, tuple[tuple[int, ...], tuple[int, ...], int | None, tuple[int, ...] | None]] = {
    "channel-0": ((3, 5), (3,), 0, None),
    "channel-1": ((2, 3, 5), (3,), 1, None),
    "channel-last": ((2, 3), (3,), 1, None),
    "channel-rank-1": ((5,), (5,), 0, None),
    "channel-empty": ((3, 0), (3,), 0, None),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("type", QUANTIZED)
@pytest.mark.parametrize("grain", GRAINS)
def test_quantize(grain: str, type: str, dtype: torch.dtype) -> None:
    shape, scale_shape, axis, block = GRAINS[grain]
    x = sample(shape, dtype, -9, 9)
    for scale in (scales(scale_shape), scales(scale_shape, dtype)):
        wanted = quantized(x, scale, type, axis)
        check(with_constants(quantize(type, axis, block), scale), [x], lambda *_, w=wanted: w)
    check(quantize(type, axis, block), [x, scale], lambda *_: wanted)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("type", QUANTIZED)
@pytest.mark.parametrize("grain", GRAINS)
def test_dequantize(grain: str, type: str, dtype: torch.dtype) -> None:
    shape, scale_shape, axis, block = GRAINS[grain]
    q = codes(type, shape)
    for scale in (scales(scale_shape), scales(scale_shape, dtype)):
        wanted = dequantized(q, scale, dtype, axis)
        check(with_constants(dequantize(dtype, axis, block), scale), [q], lambda *_, w=wanted: w)
    check(dequantize(dtype, axis, block), [q, scale], lambda *_: wanted)
    check(with_constants(dequantize(dtype, axis, block), q, scale), [], lambda *_: wanted)


@pytest.mark.parametrize("type", QUANTIZED)
@pytest.mark.parametrize("grain", CHANNELS)
def test_channels_of_weights(grain: str, type: str) -> None:
    shape, scale_shape, axis, block = CHANNELS[grain]
    x, q, scale = sample(shape, low=-9, high=9), codes(type, shape), scales(scale_shape)
    check(with_constants(quantize(type, axis), x, scale), [], lambda: quantized(x, scale, type, axis))
    check(
        with_constants(dequantize(torch.float16, axis), q, scale),
        [],
        lambda: dequantized(q, scale, torch.float16, axis),
    )


@pytest.mark.parametrize("dtype", FLOATS)
def test_scales_that_are_powers_of_two(dtype: torch.dtype) -> None:
    x, q = sample((4, 64), dtype, -900, 900), codes("fp8", (4, 64))
    scale = Codes("e8m0", sample((4, 2), torch.uint8, 120, 134))
    check(quantize("fp8"), [x, scale], lambda *_: quantized(x, scale, "fp8"))
    check(dequantize(dtype), [q, scale], lambda *_: dequantized(q, scale, dtype))
    check(with_constants(dequantize(dtype), q, scale), [], lambda: dequantized(q, scale, dtype))


@pytest.mark.parametrize("type", QUANTIZED)
def test_every_value_returns(type: str) -> None:
    q = codes(type, (600,))
    one = torch.ones(())
    (back,) = run(
        with_constants(
            lambda n, x, s: n.add_quantize(n.add_dequantize(x, s, trt.float32).get_output(0), s, TYPES[type]),
            one,
        ),
        [q],
    )
    assert torch.equal(back.codes, q.codes)


@pytest.mark.parametrize("type", QUANTIZED)
def test_ties_saturation_and_what_is_no_number(type: str) -> None:
    numbers = [
        0.25,
        0.5,
        0.75,
        1.25,
        1.5,
        1.75,
        2.5,
        3.5,
        4.5,
        5.0,
        5.5,
        6.5,
        17.0,
        19.0,
        432.0,
        464.0,
        480.0,
        1e30,
    ]
    x = torch.tensor(
        [*numbers, *[-a for a in numbers], torch.inf, -torch.inf, 0.0, -0.0, 2**-10, 3 * 2**-10, 1e-30]
    )
    check(with_constants(quantize(type), torch.ones(())), [x], lambda x: nearest(x.double(), type))
    (y,) = run(with_constants(quantize(type), torch.ones(())), [torch.tensor([torch.nan])])
    assert bool(y.values.isnan().all()) if type == "fp8" else y.values.tolist() == [0.0]


def test_the_quotient_is_a_division() -> None:
    """x * (1 / s) would round otherwise for some of these."""
    x = torch.arange(1, 4000).float()
    scale = torch.tensor(0.3)
    check(with_constants(quantize("int8"), scale), [x / 31], lambda y: quantized(y, scale, "int8"))


def test_dynamic_lengths() -> None:
    x, q = sample((3, 8)), codes("int4", (3, 5))
    span = ((1, 8), (2, 8), (4, 8))
    check(
        with_constants(quantize("int8"), torch.tensor(0.1)),
        [x],
        lambda x: quantized(x, torch.tensor(0.1), "int8"),
        [span],
    )
    scale = scales((3, 2))
    check(
        quantize("fp4"), [x, scale], lambda *_: quantized(x, scale, "fp4"), [span, ((1, 2), (2, 2), (4, 2))]
    )
    check(
        with_constants(dequantize(torch.float32), torch.tensor(0.1)),
        [q],
        lambda q: dequantized(q, torch.tensor(0.1), torch.float32),
        [((1, 1), (2, 2), (7, 7))],
    )


@pytest.mark.parametrize("type", QUANTIZED)
def test_zero_points(type: str) -> None:
    def build(n: Any, x: Any) -> list[Any]:
        scale, zero = n.constant(torch.tensor(0.5)), n.constant(zero_points(type, ()))
        q = n.add_quantize(x, scale, TYPES[type])
        q.set_input(2, zero)
        y = n.add_dequantize(q.get_output(0), scale, trt.float32)
        y.set_input(2, zero)
        assert q.num_inputs == y.num_inputs == 3
        return [y.get_output(0)]

    half = torch.tensor(0.5)
    check(
        build,
        [sample((3, 5), low=-9, high=9)],
        lambda x: dequantized(quantized(x, half, type), half, torch.float32),
    )


def test_a_zero_point_behind_a_cast() -> None:
    def build(n: Any, x: Any) -> Any:
        zero = n.add_cast(n.constant(torch.zeros(())), trt.int8).get_output(0)
        q = n.add_quantize(x, n.constant(torch.tensor(0.5)), trt.int8)
        q.set_input(2, zero)
        return q

    check(build, [sample((7,))], lambda x: quantized(x, torch.tensor(0.5), "int8"))


@pytest.mark.skipif(VERSION >= (11, 0), reason="TensorRT 11 has the forms with a type alone")
def test_two_argument_forms() -> None:
    x, q, scale = sample((5,)), codes("int8", (5,)), scales((), torch.float16)
    check(with_constants(lambda n, x, s: n.add_quantize(x, s), torch.tensor(0.5)), [x],
          lambda x: quantized(x, torch.tensor(0.5), "int8"))  # fmt: skip
    check(with_constants(lambda n, q, s: n.add_dequantize(q, s), scale), [q],
          lambda q: dequantized(q, scale, torch.float16))  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_blocks_of_any_shape(data: st.DataObject) -> None:
    blocks = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    counts = [data.draw(st.integers(0, 3)) for _ in blocks]
    shape = tuple(b * c for b, c in zip(blocks, counts, strict=True))
    type = data.draw(st.sampled_from(QUANTIZED))
    dtype = data.draw(st.sampled_from(FLOATS))
    x, scale = sample(shape, dtype, -9, 9), scales(counts)
    wanted = quantized(x, scale, type)
    check(quantize(type, block=tuple(blocks)), [x, scale], lambda *_: wanted)
    check(
        dequantize(dtype, block=tuple(blocks)), [wanted, scale], lambda *_: dequantized(wanted, scale, dtype)
    )


def test_properties() -> None:
    require_block_shapes()

    def build(n: Any, x: Any, s: Any) -> Any:
        q = n.add_quantize(x, s, trt.int8)
        assert (q.axis, q.to_type) == (-1, trt.int8) and is_unset(q)
        q.to_type, q.block_shape = trt.fp4, (1, 2)
        assert q.to_type == trt.fp4 and tuple(q.block_shape) == (1, 2)
        d = n.add_dequantize(q.get_output(0), s, trt.float32)
        assert (d.axis, d.to_type) == (-1, trt.float32) and is_unset(d)
        d.axis = 1
        assert d.axis == 1 and d.type == trt.LayerType.DEQUANTIZE and q.type == trt.LayerType.QUANTIZE
        d.block_shape = (1, 2)
        return d

    x, scale = sample((3, 4)), scales((3, 2))
    check(build, [x, scale], lambda *_: dequantized(quantized(x, scale, "fp4"), scale, torch.float32))


@pytest.mark.parametrize("type", QUANTIZED)
@pytest.mark.parametrize("order", [(0, 2, 1), (2, 0, 1), (1, 2, 0)])
def test_data_whose_elements_lie_in_another_order(order: tuple[int, ...], type: str) -> None:
    """What a transpose leaves in memory as it was."""
    scale = scales((4, 2, 6))

    def build(n: Any, x: Any) -> list[Any]:
        moved = n.add_shuffle(x)
        moved.first_transpose = order
        q = configured(n.add_quantize(moved.get_output(0), n.constant(scale), TYPES[type]), None, (1, 3, 1))
        again = n.add_shuffle(q.get_output(0))
        again.first_transpose = order
        s = n.constant(torch.tensor(0.5))
        return [q.get_output(0), n.add_dequantize(again.get_output(0), s, trt.float32).get_output(0)]

    def reference(x: torch.Tensor) -> list[Operand]:
        q = quantized(x.permute(order), scale, type)
        return [q, dequantized(q.moved(lambda c: c.permute(order)), torch.tensor(0.5), torch.float32)]

    shape = [0, 0, 0]
    for axis, length in zip(order, (4, 6, 6), strict=True):
        shape[axis] = length
    check(build, [sample(shape, low=-9, high=9)], reference)
