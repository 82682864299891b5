"""DynamicQuantize in both forms, step by step as its constraint list tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, sample
from tests.engine._quantized import (
    GREATEST,
    TYPES,
    VALUES,
    Codes,
    Operand,
    build_engine,
    build_error,
    check,
    codes,
    is_unset,
    nearest,
    require_block_shapes,
    run,
)
from tests.engine._quantizing import dequantized, spread

SCALES = {"fp8": trt.fp8, "e8m0": trt.e8m0, "float32": trt.float32}
ALL = [(type, scale) for type in ("fp4", "fp8", "int8") for scale in SCALES]


def f32(x: torch.Tensor) -> torch.Tensor:
    """Rounded to float32, for the next step."""
    return x.float().double()


def largest(x: torch.Tensor, block: Sequence[int]) -> torch.Tensor:
    """The greatest magnitude of each block."""
    counts = [n // b for n, b in zip(x.shape, block, strict=True)]
    if 0 in x.shape:
        return torch.zeros(counts, dtype=torch.float64)
    split = x.abs().reshape([part for pair in zip(counts, block, strict=True) for part in pair])
    return split.amax(list(range(1, 2 * len(block), 2)))


def rounded_up(scale: torch.Tensor) -> Codes:
    mantissa, exponent = torch.frexp(scale)
    code = (exponent - (mantissa == 0.5).int() + 127).clamp(0, 254)
    return Codes("e8m0", torch.where(scale > 0, code, 0).to(torch.uint8))


def quantized(
    x: torch.Tensor, block: Sequence[int], type: str, scale_type: str, common: float = 1.0
) -> list[Operand]:
    block = [n if b == -1 else b for n, b in zip(x.shape, block, strict=True)]
    x = x.double()
    ideal = f32(largest(x, block) / GREATEST[type])
    if scale_type == "float32":
        stored: Operand = ideal.clamp_min(torch.finfo(torch.float32).tiny).float()
        real = stored.double()
    elif scale_type == "e8m0":
        stored = rounded_up(ideal)
        real = stored.values
    else:
        stored = nearest(f32(ideal / common).clamp_min(2**-9), "fp8")
        real = f32(stored.values * common)
    return [nearest(f32(x / spread(real, x.shape, None)), type), stored]


def along(axis: int, size: int, type: str, scale_type: str) -> Any:
    return lambda n, x: n.add_dynamic_quantize(x, axis, size, TYPES[type], SCALES[scale_type])


def add_in_blocks(n: Any, x: Any, shape: Sequence[int], type: trt.DataType, scale_type: trt.DataType) -> Any:
    require_block_shapes()
    return n.add_dynamic_quantize_v2(x, tuple(shape), type, scale_type)


def in_blocks(shape: Sequence[int], type: str, scale_type: str) -> Any:
    return lambda n, x: add_in_blocks(n, x, shape, TYPES[type], SCALES[scale_type])


FORM_1 = [
    ((3, 32), 1, "fp4"),
    ((32, 3), 0, "fp4"),
    ((2, 3, 64), 2, "fp8"),
    ((2, 64, 3), 1, "fp8"),
    ((2, 3, 16), -1, "fp4"),
    ((32, 5), -2, "fp4"),
    ((0, 32), 1, "fp4"),
]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("shape", "axis", "type"), FORM_1)
def test_along_an_axis(shape: tuple[int, ...], axis: int, type: str, dtype: torch.dtype) -> None:
    size, scale_type = (16, "fp8") if type == "fp4" else (32, "e8m0")
    block = [1] * len(shape)
    block[axis] = size
    x = sample(shape, dtype, -9, 9)
    check(along(axis, size, type, scale_type), [x], lambda x: quantized(x, block, type, scale_type))


BLOCKS = [
    ((4, 6), (1, 3)),
    ((4, 6), (2, 3)),
    ((4, 6), (2, -1)),
    ((6,), (3,)),
    ((2, 4, 3, 2), (1, 2, 3, 1)),
    ((3, 5), (1, 1)),
    ((0, 6), (1, 3)),
    ((3, 0), (1, -1)),
]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("type", "scale_type"), ALL)
@pytest.mark.parametrize(("shape", "block"), BLOCKS)
def test_in_blocks(
    shape: tuple[int, ...], block: tuple[int, ...], type: str, scale_type: str, dtype: torch.dtype
) -> None:
    x = sample(shape, dtype, -9, 9)
    if (shape, block) == ((3, 0), (1, -1)):
        y, s = run(in_blocks(block, type, scale_type), [x])
        assert y.shape == (3, 0) and s.shape == (3, 1)
        return
    check(in_blocks(block, type, scale_type), [x], lambda x: quantized(x, block, type, scale_type))


@pytest.mark.parametrize("dtype", FLOATS)
def test_scales_are_quantized_themselves(dtype: torch.dtype) -> None:
    x, common = sample((3, 32), dtype, -9, 9), torch.tensor(0.0037, dtype=dtype)

    def build(n: Any, x: Any, g: Any) -> Any:
        layer = n.add_dynamic_quantize(x, 1, 16, trt.fp4, trt.fp8)
        layer.set_input(1, g)
        return layer

    check(build, [x, common], lambda x, g: quantized(x, (1, 16), "fp4", "fp8", float(g)))
    check(
        lambda n, x: build(n, x, n.constant(common)),
        [x],
        lambda x: quantized(x, (1, 16), "fp4", "fp8", float(common)),
    )


@pytest.mark.parametrize(("type", "scale_type"), ALL)
def test_blocks_of_zeros_and_tiny_numbers(type: str, scale_type: str) -> None:
    x = torch.zeros(4, 4)
    x[1], x[2, 0], x[3, 1] = 1e-30, 1e-3, -448.0
    y, s = run(in_blocks((1, 4), type, scale_type), [x])
    assert y.values[0].tolist() == [0.0] * 4
    smallest = {"fp8": 2.0**-9, "e8m0": 2.0**-127, "float32": torch.finfo(torch.float32).tiny}[scale_type]
    assert (s.values if isinstance(s, Codes) else s.double())[0].tolist() == [smallest]
    wanted = quantized(x, (1, 4), type, scale_type)
    assert torch.equal(y.codes, wanted[0].codes)


def test_power_of_two_scales_saturate_nothing() -> None:
    x = torch.tensor([[448.0] * 32, [449.0] * 32, [896.0] * 32, [1.0] * 32])
    y, s = run(along(1, 32, "fp8", "e8m0"), [x])
    assert s.values.flatten().tolist() == [1.0, 2.0, 2.0, 2.0**-8]
    assert bool((y.values * s.values <= x).all() | (y.values < 448).all())


def test_there_and_back() -> None:
    """The block scales of NVFP4 are dequantized by the common one, the data by those."""
    x, common = sample((4, 32)), torch.tensor(0.01)

    def build(n: Any, x: Any) -> Any:
        g = n.constant(common)
        layer = n.add_dynamic_quantize(x, 1, 16, trt.fp4, trt.fp8)
        layer.set_input(1, g)
        scale = n.add_dequantize(layer.get_output(1), g, trt.float32).get_output(0)
        return n.add_dequantize(layer.get_output(0), scale, trt.float32)

    def reference(x: torch.Tensor) -> torch.Tensor:
        data, scale = quantized(x, (1, 16), "fp4", "fp8", float(common))
        return dequantized(data, dequantized(scale, common, torch.float32), torch.float32)

    check(build, [x], reference)
    (y,) = run(build, [x])
    assert (y - x).abs().max() < 0.2 * x.abs().max()


def test_dynamic_lengths() -> None:
    x = sample((3, 32))
    check(
        along(1, 16, "fp4", "fp8"),
        [x],
        lambda x: quantized(x, (1, 16), "fp4", "fp8"),
        [((1, 32), (2, 32), (5, 32))],
    )
    check(
        in_blocks((1, 8), "int8", "float32"), [x], lambda x: quantized(x, (1, 8), "int8", "float32"),
        [((1, 8), (2, 16), (5, 64))],
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_blocks_of_any_shape(data: st.DataObject) -> None:
    block = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    shape = [b * data.draw(st.integers(1, 3)) for b in block]
    type, scale_type = data.draw(st.sampled_from(ALL))
    x = sample(shape, data.draw(st.sampled_from(FLOATS)), -9, 9, data.draw(st.integers(0, 9)))
    check(in_blocks(block, type, scale_type), [x], lambda x: quantized(x, block, type, scale_type))


def test_properties() -> None:
    require_block_shapes()

    def build(n: Any, x: Any) -> Any:
        layer = n.add_dynamic_quantize(x, 1, 16, trt.fp4, trt.fp8)
        assert (layer.axis, layer.block_size, layer.to_type, layer.scale_type) == (1, 16, trt.fp4, trt.fp8)
        assert is_unset(layer) and layer.type == trt.LayerType.DYNAMIC_QUANTIZE
        layer.to_type, layer.scale_type, layer.block_size = trt.fp8, trt.e8m0, 32
        layer.axis = 0
        assert (layer.axis, layer.block_size, layer.to_type, layer.scale_type) == (0, 32, trt.fp8, trt.e8m0)
        layer.block_shape = (4, 2)
        assert tuple(layer.block_shape) == (4, 2)
        layer.axis, layer.block_size = 1, 32
        assert is_unset(layer)
        return layer

    check(build, [sample((4, 32))], lambda x: quantized(x, (1, 32), "fp8", "e8m0"))


def scaled_by(g: Operand, scale_type: str = "fp8") -> Any:
    def build(n: Any, x: Any) -> Any:
        layer = add_in_blocks(n, x, (1, 2), trt.fp4, SCALES[scale_type])
        layer.set_input(1, n.constant(g))
        assert layer.num_inputs == 2
        return layer

    return build


X = sample((2, 32))
REFUSALS: list[tuple[str, str, Any, list[Operand]]] = [
    ("c2", "float32, float16", in_blocks((1, 2), "fp4", "fp8"), [sample((2, 4), torch.int32)]),
    ("c3", "fp4, fp8 or int8", lambda n, x: add_in_blocks(n, x, (1, 2), trt.int4, trt.fp8), [X]),
    (
        "c4",
        "fp8, e8m0 or float32",
        lambda n, x: add_in_blocks(n, x, (1, 2), trt.fp4, trt.float16),
        [X],
    ),
    ("c5", "scalar", scaled_by(torch.ones(1)), [X]),
    ("c5", "goes with scales of fp8", scaled_by(torch.ones(()), "e8m0"), [X]),
    ("c6", "scalar", lambda n, x: add_in_blocks(n, x, (1,), trt.fp4, trt.fp8), [sample(())]),
    ("c7", "rank 2 or 3", along(0, 16, "fp4", "fp8"), [sample((32,))]),
    ("c7", "rank 2 or 3", along(3, 16, "fp4", "fp8"), [sample((1, 1, 1, 32))]),
    ("c8", "last two", along(0, 16, "fp4", "fp8"), [sample((32, 2, 2))]),
    ("c8", "last two", along(2, 16, "fp4", "fp8"), [X]),
    ("c9", "not divided", along(1, 16, "fp4", "fp8"), [sample((2, 24))]),
    ("c10", "along an axis", along(1, 32, "fp4", "fp8"), [X]),
    ("c10", "along an axis", along(1, 32, "int8", "float32"), [X]),
    ("c11", "one rank", in_blocks((2,), "fp4", "fp8"), [X]),
    ("c11", "not divided", in_blocks((1, 5), "fp4", "fp8"), [X]),
    ("c12", "not positive", scaled_by(torch.tensor(-1.0)), [X]),
]


@pytest.mark.parametrize(
    ("text", "build", "inputs"),
    [r[1:] for r in REFUSALS],
    ids=[f"{i}-{r[0]}" for i, r in enumerate(REFUSALS)],
)
def test_refusals(text: str, build: Any, inputs: list[Operand]) -> None:
    assert text in build_error(build, inputs)


def test_more_refusals() -> None:
    assert "block shape" in build_error(in_blocks((0, 1), "fp4", "fp8"), [X])
    assert "block size 0" in build_error(along(1, 0, "fp4", "fp8"), [X])
    span = [((2, 16), (2, 32), (2, 64))]
    assert "known at build time" in build_error(along(1, 16, "fp4", "fp8"), [X], span)  # c9

    def build(n: Any, x: Any) -> Any:
        layer = add_in_blocks(n, x, (1, 2), trt.fp4, trt.fp8)
        layer.set_input(1, n.constant(torch.ones((), dtype=torch.float16)))  # c5
        assert layer.num_inputs == 1
        layer.set_input(2, x)  # c1
        return layer

    log = build_engine(build, [X])[1]
    assert "scale of the scales" in log and "no input 2" in log


def test_tables_are_those_of_the_formats() -> None:
    assert VALUES["fp4"].tolist()[:8] == [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]
    assert VALUES["fp8"].nan_to_num(0.0).max() == 448
    assert codes("fp8", (64,)).values.isfinite().all()


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 0, 1), (1, 2, 0)])
def test_data_whose_elements_lie_in_another_order(order: tuple[int, ...]) -> None:
    def build(n: Any, x: Any) -> Any:
        moved = n.add_shuffle(x)
        moved.first_transpose = order
        return add_in_blocks(n, moved.get_output(0), (2, 3, 1), trt.fp8, trt.e8m0)

    shape = [0, 0, 0]
    for axis, length in zip(order, (4, 6, 5), strict=True):
        shape[axis] = length
    check(build, [sample(shape)], lambda x: quantized(x.permute(order), (2, 3, 1), "fp8", "e8m0"))
