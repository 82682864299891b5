"""Steps of random networks: products, convolutions and other layers that look at a neighbourhood."""

from __future__ import annotations

import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._random_network import Chooser, Proposal, like


def product(c: Chooser) -> Proposal | None:
    x = c.float(least_rank=2)
    if x is None:
        return None
    transposed = c.random.random() < 0.5
    k, m = x.shape[-1], c.random.randint(1, 6)
    w = c.constant([1] * (len(x.shape) - 2) + ([m, k] if transposed else [k, m]), x.dtype, -0.5, 0.5)
    op = trt.MatrixOperation.TRANSPOSE if transposed else trt.MatrixOperation.NONE
    return Proposal(
        "matrix multiply",
        [x],
        lambda n, a: n.add_matrix_multiply(a, trt.MatrixOperation.NONE, n.constant(w), op).get_output(0),
        lambda a: a @ (like(w, a).mT if transposed else like(w, a)),
    )


def product_of_two(c: Chooser) -> Proposal | None:
    x = c.float(least_rank=2)
    y = x and c.pick(lambda v: v.dtype == x.dtype and len(v.shape) == len(x.shape) and v.shape == x.shape)
    if x is None or y is None:
        return None
    none, turned = trt.MatrixOperation.NONE, trt.MatrixOperation.TRANSPOSE
    return Proposal(
        "matrix multiply of two",
        [x, y],
        lambda n, a, b: n.add_matrix_multiply(a, none, b, turned).get_output(0),
        lambda a, b: a @ b.mT,
    )


def convolution(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.is_float and len(v.shape) == 4 and min(v.shape) > 0 and v.lengths[1] > 0)
    if x is None:
        return None
    maps, size, pad, stride = (
        c.random.randint(1, 6),
        c.random.choice([1, 3]),
        c.random.randint(0, 1),
        c.random.randint(1, 2),
    )
    if min(x.shape[2:]) + 2 * pad < size:
        return None
    w, b = c.constant((maps, x.shape[1], size, size), x.dtype, -0.3, 0.3), c.constant((maps,), x.dtype)

    def add(n, a):
        layer = n.add_convolution_nd(a, maps, (size, size), n.weights(w), n.weights(b))
        layer.padding_nd, layer.stride_nd = (pad, pad), (stride, stride)
        return layer.get_output(0)

    return Proposal(
        "convolution", [x], add, lambda a: F.conv2d(a, like(w, a), like(b, a), stride=stride, padding=pad)
    )


def pooling(c: Chooser) -> Proposal | None:
    x = c.pick(
        lambda v: v.is_float and len(v.shape) == 4 and v.shape[0] * v.shape[1] > 0 and min(v.shape[2:]) >= 2
    )
    if x is None:
        return None
    average = c.random.random() < 0.5
    kind = trt.PoolingType.AVERAGE if average else trt.PoolingType.MAX

    def add(n, a):
        layer = n.add_pooling_nd(a, kind, (2, 2))
        layer.stride_nd = (1, 1)
        return layer.get_output(0)

    meaning = (lambda a: F.avg_pool2d(a, 2, 1)) if average else (lambda a: F.max_pool2d(a, 2, 1))
    return Proposal(f"pooling {kind.name}", [x], add, meaning)


def layer_norm(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.is_float and len(v.shape) >= 2 and v.shape[-1] >= 3)
    if x is None:
        return None
    length, ones = x.shape[-1], [1] * (len(x.shape) - 1)
    w, b = c.constant([*ones, length], x.dtype, 0.5, 1.5), c.constant([*ones, length], x.dtype)

    def add(n, a):
        layer = n.add_normalization(a, n.constant(w), n.constant(b), 1 << (len(x.shape) - 1))
        layer.epsilon = 0.1  # far from a division by nothing
        return layer.get_output(0)

    return Proposal(
        "normalization",
        [x],
        add,
        lambda a: F.layer_norm(a, (length,), like(w, a).flatten(), like(b, a).flatten(), eps=0.1),
    )


def scale(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.is_float and len(v.shape) == 4 and v.lengths[1] >= 0)
    if x is None:
        return None
    w, b = c.constant((x.shape[1],), x.dtype), c.constant((x.shape[1],), x.dtype)
    power = torch.ones(x.shape[1], dtype=x.dtype)
    return Proposal(
        "scale",
        [x],
        lambda n, a: n.add_scale(
            a, trt.ScaleMode.CHANNEL, n.weights(b), n.weights(w), n.weights(power)
        ).get_output(0),
        lambda a: a * like(w, a).view(-1, 1, 1) + like(b, a).view(-1, 1, 1),
    )


def deconvolution(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.is_float and len(v.shape) == 4 and min(v.shape) > 0 and v.lengths[1] > 0)
    if x is None:
        return None
    maps, stride = c.random.randint(1, 4), c.random.randint(1, 2)
    w = c.constant((x.shape[1], maps, 2, 2), x.dtype, -0.3, 0.3)

    def add(n, a):
        layer = n.add_deconvolution_nd(a, maps, (2, 2), n.weights(w), trt.Weights())
        layer.stride_nd = (stride, stride)
        return layer.get_output(0)

    return Proposal("deconvolution", [x], add, lambda a: F.conv_transpose2d(a, like(w, a), stride=stride))


def enlargement(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.is_float and len(v.shape) == 4 and min(v.shape) > 0 and max(v.shape[2:]) <= 8)
    if x is None:
        return None

    def add(n, a):
        layer = n.add_resize(a)
        layer.resize_mode = trt.InterpolationMode.LINEAR
        layer.coordinate_transformation = trt.ResizeCoordinateTransformation.HALF_PIXEL
        layer.scales = [1, 1, 2, 2]
        return layer.get_output(0)

    return Proposal("resize", [x], add, lambda a: F.interpolate(a, scale_factor=2, mode="bilinear"))


def sum_of_products(c: Chooser) -> Proposal | None:
    x = c.float(rank=3)
    if x is None:
        return None
    w = c.constant((x.shape[2], 3), x.dtype, -0.5, 0.5)
    equation = "bsk,kn->nbs"
    return Proposal(
        "einsum",
        [x],
        lambda n, a: n.add_einsum([a, n.constant(w)], equation).get_output(0),
        lambda a: torch.einsum(equation, a, like(w, a)),
    )
