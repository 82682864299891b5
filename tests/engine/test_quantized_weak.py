"""Weakly typed networks and int8: Scale as quantizer, dynamic ranges, Quantize and Dequantize."""

from __future__ import annotations

from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import sample
from tests.engine._members import VERSION
from tests.engine._quantized import Codes, build_engine, check, codes, nearest, run_engine
from tests.engine._quantizing import dequantized, quantized
from tests.engine._session import STRONG, Session

WEAK = 0
pytestmark = [
    pytest.mark.filterwarnings("ignore:Use Deprecated in TensorRT 10"),
    pytest.mark.skipif(VERSION >= (11, 0), reason="TensorRT 11 types all networks strongly"),
]
NONE = trt.Weights()


def run_weak(build: Any, inputs: list[Any], flags: int = WEAK) -> list[Any]:
    def configure(config: trt.IBuilderConfig) -> None:
        config.set_flag(trt.BuilderFlag.INT8)

    plan, log = build_engine(build, inputs, flags=flags, configure=configure)
    assert plan is not None, log
    return run_engine(plan, inputs)


def scale_layer(n: Any, x: Any, scale: torch.Tensor, shift: torch.Tensor | None = None) -> Any:
    mode = trt.ScaleMode.UNIFORM if scale.numel() == 1 else trt.ScaleMode.CHANNEL
    return n.add_scale(x, mode, NONE if shift is None else n.weights(shift), n.weights(scale), NONE)


def test_scale_quantizes() -> None:
    x = torch.cat([sample((1, 3, 4, 4), low=-90, high=90), torch.full((1, 3, 4, 4), 2.5)])
    scale, shift = torch.tensor([1.0, 3.0, 0.5]), torch.tensor([0.0, -2.0, 0.25])

    def build(n: Any, x: Any) -> Any:
        layer = scale_layer(n, x, scale, shift)
        assert not layer.output_type_is_set(0)
        layer.set_output_type(0, trt.int8)
        assert layer.output_type_is_set(0) and layer.get_output(0).dtype == trt.int8
        return layer

    (y,) = run_weak(build, [x])
    wanted = x * scale.view(3, 1, 1) + shift.view(3, 1, 1)
    assert torch.equal(y.codes, nearest(wanted.double(), "int8").codes)


def test_scale_takes_codes() -> None:
    q, scale = codes("int8", (2, 3, 4, 5)), torch.tensor([0.25])

    def build(n: Any, x: Any) -> Any:
        layer = scale_layer(n, x, scale)
        assert layer.get_output(0).dtype == trt.float32
        return layer

    (y,) = run_weak(build, [q])
    assert torch.equal(y, (q.values * 0.25).float())


def test_scale_from_codes_to_codes() -> None:
    q = codes("int8", (1, 3, 4, 5))

    def build(n: Any, x: Any) -> Any:
        layer = scale_layer(n, x, torch.tensor([1.75], dtype=torch.float16))
        layer.set_output_type(0, trt.int8)
        return layer

    (y,) = run_weak(build, [q])
    assert torch.equal(y.codes, nearest(q.values * 1.75, "int8").codes)


def test_the_output_type_of_scale_can_be_taken_back() -> None:
    def build(n: Any, x: Any) -> Any:
        layer = scale_layer(n, x, torch.ones(1))
        layer.set_output_type(0, trt.int8)
        layer.reset_output_type(0)
        assert not layer.output_type_is_set(0) and layer.get_output(0).dtype == trt.float32
        layer.set_output_type(0, trt.int8)
        layer.set_output_type(0, trt.float16)
        assert layer.output_type_is_set(0) and layer.get_output(0).dtype == trt.float16
        return layer

    x = sample((1, 1, 2, 2))
    (y,) = run_weak(build, [x])
    assert torch.equal(y, x.half())


def test_scale_does_neither_in_a_strongly_typed_network() -> None:  # c2, c7
    session = Session(STRONG)
    x, q = session.input("x", (1, 1, 2, 2)), session.input("q", (1, 1, 2, 2), trt.int8)
    layer = session.network.add_scale(x, trt.ScaleMode.UNIFORM, NONE, NONE, NONE)
    layer.set_output_type(0, trt.int8)
    assert "strongly typed" in session.logger.last_error() and layer.get_output(0).dtype == trt.float32
    assert session.network.add_scale(q, trt.ScaleMode.UNIFORM, NONE, NONE, NONE) is None
    assert "the input of scale" in session.logger.last_error()


def test_dynamic_ranges_are_kept_and_change_nothing() -> None:
    x = sample((2, 3), low=-9, high=9)

    def build(n: Any, x: Any) -> Any:
        layer = n.add_activation(x, trt.ActivationType.RELU)
        assert x.set_dynamic_range(-1.0, 1.0) and layer.get_output(0).set_dynamic_range(0.0, 0.5)
        assert x.dynamic_range == (-1.0, 1.0)
        layer.precision = trt.int8
        return layer

    (y,) = run_weak(build, [x])
    assert torch.equal(y, x.relu())


def test_dynamic_ranges_are_refused_in_a_strongly_typed_network() -> None:
    session = Session(STRONG)
    assert not session.input("x", (2,)).set_dynamic_range(-1.0, 1.0)
    assert "Quantize and Dequantize" in session.logger.last_error()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_quantize_and_dequantize(dtype: torch.dtype) -> None:
    scale = torch.tensor(0.5, dtype=dtype)

    def build(n: Any, x: Any) -> Any:
        s = n.constant(scale)
        q = n.add_quantize(x, s).get_output(0)
        y = n.add_dequantize(q, s).get_output(0)
        assert q.dtype == trt.int8 and y.dtype == trt.float32
        return [q, y]

    x = sample((2, 5), torch.float16, -90, 90)
    q, y = run_weak(build, [x])
    wanted: Codes = quantized(x, scale, "int8")
    assert torch.equal(q.codes, wanted.codes)
    assert torch.equal(y, dequantized(wanted, scale, torch.float32))


def test_the_same_network_strongly_typed() -> None:
    scale = torch.tensor(0.5)
    check(
        lambda n, x: n.add_quantize(x, n.constant(scale)),
        [sample((2, 5), low=-90, high=90)],
        lambda x: quantized(x, scale, "int8"),
    )
