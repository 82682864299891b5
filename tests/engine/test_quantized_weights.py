"""Quantized weights of products and convolutions,
as networks that were quantized after or during training have them."""

from __future__ import annotations

from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import FLOATS, TRT_OF, Log, sample
from tests.engine._quantized import QUANTIZED, TYPES, Codes, build_engine, codes, nearest, run, run_engine
from tests.engine._quantizing import dequantized, quantized
from tests.util.tolerance import tolerances

NONE = trt.Weights()
Op = trt.MatrixOperation


def assert_near(y: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(y, wanted.to(y.dtype), **tolerances(y.dtype))


def weight(type: str, shape: tuple[int, ...]) -> Codes:
    """Small whole numbers, so that products are exact in every type."""
    return nearest(sample(shape, torch.int32, -3, 4).double(), type)


def whole(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    return sample(shape, torch.int32, -3, 4).to(dtype)


@pytest.mark.parametrize("flag", [None, "REFIT", "WEIGHT_STREAMING"])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("type", QUANTIZED)
@pytest.mark.parametrize("op", [Op.NONE, Op.TRANSPOSE])
def test_products(op: Op, type: str, dtype: torch.dtype, flag: str | None) -> None:
    q = weight(type, (8, 6) if op == Op.NONE else (6, 8))
    scale, bias = torch.tensor([0.5, 0.25, 2.0, 1.0, 0.125, 4.0]), whole((1, 1, 6), dtype)
    axis = 1 if op == Op.NONE else 0

    def build(n: Any, x: Any) -> Any:
        dequantize = n.add_dequantize(n.constant(q), n.constant(scale), TRT_OF[dtype])
        dequantize.axis = axis
        y = n.add_matrix_multiply(x, Op.NONE, lifted(n, dequantize.get_output(0)), op).get_output(0)
        return n.add_elementwise(y, n.constant(bias), trt.ElementWiseOperation.SUM)

    def lifted(n: Any, w: Any) -> Any:
        layer = n.add_shuffle(w)
        layer.reshape_dims = (1, *q.shape)
        return layer.get_output(0)

    def configure(config: trt.IBuilderConfig) -> None:
        if flag:
            config.set_flag(getattr(trt.BuilderFlag, flag))

    x = whole((2, 3, 8), dtype)
    plan, log = build_engine(build, [x], configure=configure)
    assert plan is not None, log
    (y,) = run_engine(plan, [x])
    w = dequantized(q, scale, torch.float32, axis).double()
    assert_near(y, x.double() @ (w if op == Op.NONE else w.t()) + bias.double())


@pytest.mark.parametrize("op", [Op.NONE, Op.TRANSPOSE])
def test_products_of_matrices(op: Op) -> None:
    q, scale = weight("int4", (8, 6) if op == Op.NONE else (6, 8)), torch.tensor(0.5)
    bias = whole((1, 6), torch.float32)

    def build(n: Any, x: Any) -> Any:
        w = n.add_dequantize(n.constant(q), n.constant(scale), trt.float32).get_output(0)
        y = n.add_matrix_multiply(x, Op.NONE, w, op).get_output(0)
        return n.add_elementwise(y, n.constant(bias), trt.ElementWiseOperation.SUM)

    x = whole((3, 8), torch.float32)
    w = q.values * 0.5
    assert_near(run(build, [x])[0], x.double() @ (w if op == Op.NONE else w.t()) + bias)
    span = [((1, 8), (3, 8), (5, 8))]
    assert_near(run(build, [x], span)[0], x.double() @ (w if op == Op.NONE else w.t()) + bias)


def test_block_scales_that_are_quantized_themselves() -> None:
    """NVFP4 weights: fp4 codes, fp8 scales of blocks of 16, one scale of the scales."""
    q, s, common = (
        codes("fp4", (6, 32)),
        Codes("fp8", sample((6, 2), torch.uint8, 40, 90)),
        torch.tensor(0.25),
    )

    def build(n: Any, x: Any) -> Any:
        scale = n.add_dequantize(n.constant(s), n.constant(common), trt.float32).get_output(0)
        w = n.add_dequantize(n.constant(q), scale, trt.float32).get_output(0)
        return [
            n.add_matrix_multiply(x, Op.NONE, w, Op.TRANSPOSE).get_output(0),
            n.add_identity(w).get_output(0),
        ]

    x = sample((3, 32), low=-1, high=1)
    y, w = run(build, [x])
    wanted = dequantized(q, dequantized(s, common, torch.float32), torch.float32)
    assert torch.equal(w, wanted)
    assert_near(y, x.double() @ wanted.double().t())


@pytest.mark.parametrize("trained", [False, True], ids=["codes", "quantized-floats"])
@pytest.mark.parametrize("type", ["int8", "fp8"])
def test_convolutions(type: str, trained: bool) -> None:
    """Data per tensor, kernel per channel: x -> Q -> DQ -> conv <- DQ <- (Q <-) kernel."""
    kernel, scale = sample((4, 3, 3, 3)), torch.tensor([0.125, 0.25, 0.5, 0.25])
    step = torch.tensor(2.0**-4)
    q = quantized(kernel, scale, type, 0)

    def build(n: Any, x: Any) -> Any:
        s, c = n.constant(step), n.constant(scale)
        x = n.add_dequantize(n.add_quantize(x, s, TYPES[type]).get_output(0), s, trt.float32).get_output(0)
        w = n.constant(kernel if trained else q)
        if trained:
            layer = n.add_quantize(w, c, TYPES[type])
            layer.axis = 0
            w = layer.get_output(0)
        layer = n.add_dequantize(w, c, trt.float32)
        layer.axis = 0
        conv = n.add_convolution_nd(x, 4, (3, 3), NONE, NONE)
        conv.set_input(1, layer.get_output(0))
        return conv

    x = sample((2, 3, 7, 7))
    data = dequantized(quantized(x, step, type), step, torch.float32).double()
    wanted = torch.nn.functional.conv2d(data, dequantized(q, scale, torch.float32, 0).double())
    assert_near(run(build, [x])[0], wanted)


def test_without_passes() -> None:
    """Level 0 folds nothing: weights are still computed once."""
    w, scale = sample((6, 8)), torch.tensor(0.25)

    def build(n: Any, x: Any) -> Any:
        s = n.constant(scale)
        q = n.add_quantize(n.constant(w), s, trt.int4).get_output(0)
        return n.add_matrix_multiply(
            x, Op.NONE, n.add_dequantize(q, s, trt.float32).get_output(0), Op.TRANSPOSE
        )

    def configure(config: trt.IBuilderConfig) -> None:
        config.builder_optimization_level = 0

    x = whole((3, 8), torch.float32)
    plan, log = build_engine(build, [x], configure=configure)
    assert plan is not None, log
    wanted = dequantized(quantized(w, scale, "int4"), scale, torch.float32).double()
    assert_near(run_engine(plan, [x])[0], x.double() @ wanted.t())


def test_codes_that_are_needed_twice() -> None:
    """Dequantized for a product, and delivered as they are."""
    q, scale = weight("int4", (5, 3)), torch.tensor(0.5)

    def build(n: Any, x: Any) -> Any:
        kept = n.constant(q)
        w = n.add_dequantize(kept, n.constant(scale), trt.float32).get_output(0)
        moved = n.add_shuffle(kept)
        moved.first_transpose = (1, 0)
        return [n.add_matrix_multiply(x, Op.NONE, w, Op.NONE).get_output(0), moved.get_output(0)]

    x = whole((2, 5), torch.float32)
    y, back = run(build, [x])
    assert_near(y, x.double() @ (q.values * 0.5))
    assert torch.equal(back.codes, q.codes.t())


@pytest.mark.parametrize("type", QUANTIZED)
def test_branches_and_loops_carry_codes(type: str) -> None:
    q = codes(type, (3, 5))

    def build(n: Any, x: Any, condition: Any) -> Any:
        branches = n.add_if_conditional()
        branches.set_condition(condition)
        x = branches.add_input(x).get_output(0)
        flipped = n.add_slice(x, (2, 4), (3, 5), (-1, -1)).get_output(0)
        same = n.add_slice(x, (0, 0), (3, 5), (1, 1)).get_output(0)
        return branches.add_output(flipped, same)

    for value in (True, False):
        (y,) = run(build, [q, torch.tensor(value)])
        assert torch.equal(y.codes, q.codes.flip(0, 1) if value else q.codes)


@pytest.mark.parametrize("type", QUANTIZED)
def test_new_codes_and_scales(type: str) -> None:
    """Refit of quantized weights, of their scale, and the rule about scales again."""
    q, new = weight(type, (5, 3)), nearest(sample((5, 3), torch.int32, -3, 4, seed=1).double(), type)
    scale, bad = torch.tensor(0.5), torch.tensor(-1.0)

    def build(n: Any, x: Any) -> Any:
        codes, step = n.weights(q), n.weights(scale)
        kernel, s = n.add_constant((5, 3), codes).get_output(0), n.add_constant((), step).get_output(0)
        assert n.set_weights_name(codes, "codes") and n.set_weights_name(step, "scale")
        return n.add_matrix_multiply(
            x, Op.NONE, n.add_dequantize(kernel, s, trt.float32).get_output(0), Op.NONE
        )

    x = whole((2, 5), torch.float32)
    plan, log = build_engine(build, [x], configure=lambda config: config.set_flag(trt.BuilderFlag.REFIT))
    assert plan is not None, log
    logger = Log()
    engine = trt.Runtime(logger).deserialize_cuda_engine(plan)
    refitter, memory, fresh = trt.Refitter(engine, logger), new.memory(), torch.tensor(0.25)
    assert refitter.set_named_weights("codes", trt.Weights(TYPES[type], memory.data_ptr(), 15))
    assert refitter.set_named_weights("scale", trt.Weights(trt.float32, fresh.data_ptr(), 1))
    assert refitter.refit_cuda_engine(), logger.text
    assert_near(run_engine(bytes(engine.serialize()), [x])[0], x.double() @ (new.values * 0.25))
    assert refitter.set_named_weights("scale", trt.Weights(trt.float32, bad.data_ptr(), 1))
    assert not refitter.refit_cuda_engine() and "not positive" in logger.text
