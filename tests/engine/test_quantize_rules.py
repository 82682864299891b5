"""Rules of Quantize and Dequantize, each broken once."""

from __future__ import annotations

from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import Log, device, sample
from tests.engine._quantized import (
    Codes,
    Operand,
    build_engine,
    build_error,
    codes,
    is_unset,
    require_block_shapes,
    run,
)
from tests.engine._quantizing import dequantize, quantize, scales, with_constants, zero_points

F = torch.float32

# (number of the constraint of quantize.cpp, what the log says, build, inputs)
REFUSALS: list[tuple[str, str, Any, list[Operand]]] = [
    ("c2", "float32, float16", quantize("int8"), [sample((2,), torch.int32), scales(())]),
    ("c3", "int8, fp8, int4 or fp4", lambda n, x, s: n.add_quantize(x, s, trt.int32),
     [sample((2,)), scales(())]),
    ("c4", "scale has to be", quantize("int8"), [sample((2,)), scales((), torch.float16)]),
    ("c4", "scale has to be", quantize("int8"), [sample((2,)), codes("e8m0", ())]),
    ("c6", "scalar", quantize("int8"), [sample(()), scales(())]),
    ("c7", "neither", quantize("int8"), [sample((2, 3, 4)), scales((3, 4))]),
    ("c8", "needs an axis", quantize("int8"), [sample((2, 3)), scales((3,))]),
    ("c8", "outside", quantize("int8", 2), [sample((2, 3)), scales((3,))]),
    ("c8", "2 scales", quantize("int8", 1), [sample((2, 3)), scales((2,))]),
    ("c9", "blocks", quantize("int4"), [sample((2, 6)), scales((2, 4))]),
    ("c9", "last two", quantize("int4"), [sample((4, 3, 6)), scales((2, 3, 6))]),
    ("c9", "last two", quantize("int4"), [sample((4, 6)), scales((2, 3))]),
    ("c9", "one rank", quantize("int4", block=(2,)), [sample((4, 6)), scales((2, 6))]),
    ("c9", "divided by 4", quantize("int4", block=(1, 4)), [sample((4, 6)), scales((4, 2))]),
    ("c9", "makes it 3", quantize("int4", block=(1, 2)), [sample((4, 6)), scales((4, 2))]),
    ("c10", "not positive", with_constants(quantize("int8"), torch.tensor(0.0)), [sample((2,))]),
    ("c10", "element 1", with_constants(quantize("int8"), torch.tensor([1.0, -1.0])), [sample((2,))]),
    ("c12", "per channel", quantize("int8", 1), [sample((2, 3)), scales((3,))]),
    ("dequantize-c2", "int8, fp8, int4 or fp4", dequantize(F), [sample((2,)), scales(())]),
    ("dequantize-c3", "float32, float16", lambda n, x, s: n.add_dequantize(x, s, trt.int32),
     [codes("int8", (2,)), scales(())]),
    ("dequantize-c4", "scale has to be", dequantize(F), [codes("int8", (2,)), scales((), torch.float16)]),
    ("dequantize-c4", "scale has to be", dequantize(F), [codes("int4", (2,)), codes("e8m0", ())]),
    ("dequantize-c6", "scalar", dequantize(F), [codes("int8", ()), scales(())]),
    ("dequantize-c7", "neither", dequantize(F), [codes("int8", (2, 3, 4)), scales((3, 4))]),
    ("dequantize-c8", "needs an axis", dequantize(F), [codes("int8", (2, 3)), scales((3,))]),
    ("dequantize-c9", "blocks", dequantize(F), [codes("int8", (2, 6)), scales((2, 4))]),
    ("dequantize-c10", "not positive", with_constants(dequantize(F), torch.tensor(0.0)),
     [codes("int8", (2,))]),
    ("dequantize-c12", "per channel", dequantize(F, 1), [codes("int8", (2, 3)), scales((3,))]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "build", "inputs"),
    [r[1:] for r in REFUSALS],
    ids=[f"{i}-{r[0]}" for i, r in enumerate(REFUSALS)],
)
def test_refusals(text: str, build: Any, inputs: list[Operand]) -> None:
    assert text in build_error(build, inputs)


def zero_point(value: Operand, scale: tuple[int, ...] = (), cast: bool = False) -> Any:
    def build(n: Any, x: Any) -> Any:
        layer = n.add_quantize(x, n.constant(scales(scale)), trt.int8)
        zero = n.constant(value)
        layer.set_input(2, n.add_cast(zero, trt.int8).get_output(0) if cast else zero)
        return layer

    return build


def test_zero_point_refusals() -> None:
    x = sample((2, 2))
    assert "shape" in build_error(zero_point(zero_points("int8", (2,))), [x])  # c5
    assert "not zero" in build_error(
        zero_point(Codes("int8", torch.tensor(1, dtype=torch.uint8))), [x]
    )  # c11
    assert "not zero" in build_error(zero_point(torch.tensor(2.0), cast=True), [x])  # c11

    def not_constant(n: Any, x: Any, zero: Any) -> Any:
        layer = n.add_quantize(x, n.constant(scales(())), trt.int8)
        layer.set_input(2, zero)
        return layer

    assert "Constant layer" in build_error(not_constant, [x, zero_points("int8", ())])  # c11


def test_a_zero_point_of_another_type_is_not_taken() -> None:  # c5
    def build(n: Any, x: Any) -> Any:
        layer = n.add_quantize(x, n.constant(scales(())), trt.int8)
        layer.set_input(2, n.constant(torch.zeros((), dtype=torch.int32)))
        assert layer.num_inputs == 2
        return layer

    plan, log = build_engine(build, [sample((2,))])
    assert plan is not None and "the zero point has to be" in log
    assert run(build, [sample((2,))])


def test_settings_that_no_layer_can_have() -> None:
    require_block_shapes()

    def build(n: Any, x: Any, s: Any) -> Any:
        layer = n.add_quantize(x, s, trt.int8)
        layer.block_shape = (0, 1)
        assert is_unset(layer)
        layer.axis = 8
        assert layer.axis == -1
        layer.to_type = trt.float32  # c3
        assert layer.to_type == trt.int8
        return layer

    plan, log = build_engine(build, [sample((2,)), scales(())])
    assert plan is not None
    assert "block shape" in log and "axis 8" in log and "int8, fp8, int4 or fp4" in log


def run_with(plan: bytes, shapes: dict[str, tuple[int, ...]]) -> tuple[bool, str]:
    """Whether an engine takes these input shapes, and what it says."""
    log = Log()
    context = trt.Runtime(log).deserialize_cuda_engine(plan).create_execution_context()
    memory = torch.zeros(4096, dtype=torch.uint8, device=device())
    done = all(context.set_input_shape(name, shape) for name, shape in shapes.items())
    for name in (*shapes, "y0"):
        context.set_tensor_address(name, memory.data_ptr())
    stream = torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0
    done = done and context.execute_async_v3(stream)
    return done, log.text


def test_lengths_that_do_not_fit_at_run_time() -> None:
    span = [((1, 4), (2, 8), (4, 16)), ((1, 1), (2, 2), (4, 4))]
    plan, log = build_engine(quantize("int4"), [sample((2, 8)), scales((2, 2))], span)
    assert plan is not None, log
    assert run_with(plan, {"x0": (3, 12), "x1": (3, 4)})[0]
    done, log = run_with(plan, {"x0": (3, 10), "x1": (3, 4)})
    assert not done and "4 blocks" in log  # c9
    plan, log = build_engine(dequantize(F, block=(1, 4)), [codes("fp4", (2, 8)), scales((2, 2))], span)
    assert plan is not None, log
    assert run_with(plan, {"x0": (3, 12), "x1": (3, 3)})[0]
    done, log = run_with(plan, {"x0": (3, 12), "x1": (3, 4)})
    assert not done and "makes it 3" in log  # c9
    done, log = run_with(plan, {"x0": (3, 10), "x1": (3, 2)})
    assert not done and "divided by 4" in log  # c9


def test_a_length_that_does_not_fit_at_opt() -> None:
    span = [((1, 4), (2, 10), (4, 16)), ((1, 1), (2, 4), (4, 4))]
    assert "4 blocks" in build_error(quantize("int4"), [sample((2, 10)), scales((2, 4))], span)


def test_there_is_no_fourth_input() -> None:  # c1
    def build(n: Any, x: Any, s: Any) -> Any:
        layer = n.add_quantize(x, s, trt.int8)
        layer.set_input(3, s)
        assert layer.num_inputs == 2
        return layer

    assert "no input 3" in build_engine(build, [sample((2,)), scales(())])[1]
