"""Scales of queries and keys go into attention, through the reshapes that split heads too."""

from __future__ import annotations

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._case import FLOATS, TORCH_OF, check, sample
from tests.engine._passes import built, check_fused
from tests.engine._session import Logger

PROD = trt.ElementWiseOperation.PROD
NONE, TRANSPOSE = trt.MatrixOperation.NONE, trt.MatrixOperation.TRANSPOSE
INPUTS = [(2, 5, 12), (2, 6, 12), (2, 6, 12)]
COLUMNS = sample((1, 1, 12), low=0.5, high=2, seed=7)


def inputs(dtype=torch.float32):
    return [sample(shape, dtype, -1, 1, seed=i) for i, shape in enumerate(INPUTS)]


def heads(n, x, steps):
    """[B, S, 12] -> [B, 3, S, 4], by one Shuffle or two."""
    shape = (2, x.shape[1], 3, 4)
    layer = n.add_shuffle(x)
    layer.reshape_dims = shape
    if steps == 2:
        layer = n.add_shuffle(layer.get_output(0))
        layer.first_transpose = (0, 2, 1, 3)
    else:
        layer.second_transpose = (0, 2, 1, 3)
    return layer.get_output(0)


def attention(scales, steps=1, keep=False, columns=False):
    """The scale of the query and that of the key, None: none, before heads are split."""

    def build(n, q, k, v):
        dtype = TORCH_OF[q.dtype]
        scaled = []
        for x, scale in zip((q, k), scales, strict=True):
            if scale is not None:
                number = COLUMNS.to(dtype) if columns else torch.full((1, 1, 1), scale, dtype=dtype)
                x = n.add_elementwise(x, n.constant(number), PROD).get_output(0)
            scaled.append(x)
        a, b, c = (heads(n, x, steps) for x in (*scaled, v))
        soft = n.add_softmax(n.add_matrix_multiply(a, NONE, b, TRANSPOSE).get_output(0))
        soft.axes = 1 << 3
        y = n.add_matrix_multiply(soft.get_output(0), NONE, c, NONE).get_output(0)
        return [y, scaled[0]] if keep else y

    return build


def reference(scales, columns=False):
    def exact(q, k, v):
        factors = [1 if scale is None else COLUMNS.double() if columns else scale for scale in scales]
        a, b, c = (x.view(2, -1, 3, 4).transpose(1, 2) for x in (q * factors[0], k * factors[1], v))
        return F.scaled_dot_product_attention(a, b, c, scale=1.0)

    return exact


def layer_count(build):
    plan = built(build, inputs())[0]
    return trt.Runtime(Logger()).deserialize_cuda_engine(plan).num_layers


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("scales", [(0.5, None), (None, 0.25), (0.5, 0.25), (4.0, 2.0)], ids=str)
def test_go_in(scales, steps, dtype):
    build = attention(scales, steps)
    check_fused(build, inputs(dtype), reference(scales), "make_attention")
    assert layer_count(build) == layer_count(attention((None, None), steps))


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_negative_one_stays(dtype):
    check_fused(attention((-0.5, 2.0)), inputs(dtype), reference((-0.5, 2.0)), "make_attention")
    assert layer_count(attention((-0.5, 2.0))) > layer_count(attention((None, None)))


def test_one_that_is_an_output_stays():
    build = attention((0.5, None), keep=True)
    plain = reference((0.5, None))
    check(build, inputs(), lambda q, k, v: [plain(q, k, v), q * 0.5], dtypes=[torch.float32] * 2)


def test_numbers_per_feature_stay():
    build = attention((1.0, None), columns=True)
    check(build, inputs(), reference((1.0, None), columns=True))
    assert layer_count(build) > layer_count(attention((None, None)))


def test_scaled_tensor_with_another_use():
    """k is q scaled: the scale is the key's alone."""

    def build(n, q, k, v):
        half = n.add_elementwise(k, n.constant(torch.full((1, 1, 1), 0.5)), PROD).get_output(0)
        a, b, c = (heads(n, x, 1) for x in (q, half, half))
        soft = n.add_softmax(n.add_matrix_multiply(a, NONE, b, TRANSPOSE).get_output(0))
        soft.axes = 1 << 3
        return n.add_elementwise(
            n.add_matrix_multiply(soft.get_output(0), NONE, c, NONE).get_output(0), heads(n, q, 1), PROD
        ).get_output(0)

    def wanted(q, k, v):
        a, b = (x.view(2, -1, 3, 4).transpose(1, 2) for x in (q, k * 0.5))
        return F.scaled_dot_product_attention(a, b, b, scale=1.0) * a

    check(build, inputs(), wanted)
