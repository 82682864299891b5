"""Activation: every function."""

import math

import pytest
import tensorrt as trt
import torch

from tests.engine._case import FLOATS, INDICES, SHAPES, STATIC_AND_DYNAMIC, build_error, check, sample

A = trt.ActivationType

ACTIVATIONS = {
    A.RELU: (0, 0, torch.relu),
    A.SIGMOID: (0, 0, torch.sigmoid),
    A.TANH: (0, 0, torch.tanh),
    A.LEAKY_RELU: (0.125, 0, lambda x: torch.where(x >= 0, x, 0.125 * x)),
    A.ELU: (0.75, 0, lambda x: torch.where(x >= 0, x, 0.75 * torch.expm1(x))),
    A.SELU: (1.5, 1.25, lambda x: 1.25 * torch.where(x > 0, x, 1.5 * torch.expm1(x))),
    A.SOFTSIGN: (0, 0, lambda x: x / (1 + x.abs())),
    A.SOFTPLUS: (2, 0.5, lambda x: 2 * torch.nn.functional.softplus(0.5 * x, threshold=700)),
    A.CLIP: (-1, 2, lambda x: x.clamp(-1, 2)),
    A.HARD_SIGMOID: (0.25, 0.5, lambda x: (0.25 * x + 0.5).clamp(0, 1)),
    A.SCALED_TANH: (1.5, 0.5, lambda x: 1.5 * torch.tanh(0.5 * x)),
    A.THRESHOLDED_RELU: (0.75, 0, lambda x: torch.where((x > 0.75) | x.isnan(), x, 0)),
    A.GELU_ERF: (0, 0, lambda x: 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))),
    A.GELU_TANH: (0, 0, lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
}


def activation(op, alpha=0.0, beta=0.0):
    def build(n, x):
        layer = n.add_activation(x, op)
        layer.alpha, layer.beta = alpha, beta
        return layer

    return build


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("op", ACTIVATIONS)
def test_activations(op, dtype, dynamic):
    alpha, beta, reference = ACTIVATIONS[op]
    for shape in SHAPES:
        check(activation(op, alpha, beta), [sample(shape, dtype, -4, 4)], reference, dynamic=dynamic)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("op", ACTIVATIONS)
def test_activations_do_not_overflow(op, dtype):
    alpha, beta, reference = ACTIVATIONS[op]
    x = torch.tensor([-1000, -100, -30, 0, 30, 100, 1000, math.nan], dtype=dtype)
    check(activation(op, alpha, beta), [x], reference)


@pytest.mark.parametrize("dtype", FLOATS)
def test_clip_with_crossed_or_huge_bounds(dtype):
    x = sample((9,), dtype)
    check(activation(A.CLIP, 2, -1), [x], lambda x: torch.full_like(x, 2))
    check(activation(A.CLIP, -3e38, 3e38), [x], lambda x: x)
    check(activation(A.CLIP, 0, 3e38), [x], torch.relu)
    greatest = torch.finfo(torch.float32).max  # more than any other type holds
    check(activation(A.CLIP, -greatest, greatest), [x], lambda x: x)
    check(activation(A.CLIP, greatest, 0), [x], lambda x: torch.full_like(x, math.inf).to(dtype)
          if dtype != torch.float32 else torch.full_like(x, greatest))  # fmt: skip


@pytest.mark.parametrize("dtype", [*INDICES, torch.int8])
def test_relu_of_integers(dtype):
    check(activation(A.RELU), [sample((7,), dtype, -9, 9)], torch.relu)


def test_activation_refuses_integers():
    assert "int32" in build_error(lambda n, x: n.add_activation(x, A.SIGMOID), [sample((2,), torch.int32)])
