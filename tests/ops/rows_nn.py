"""Rows of neural network operators: activations, products, attention, convolution, pooling, normalization."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from tests.ops._case import case, x

F32 = (torch.float32,)

# ---- activations

for name in (
    "relu", "silu", "gelu", "hardswish", "hardsigmoid", "relu6", "mish", "softplus", "elu", "selu", "celu",
    "logsigmoid",
):  # fmt: skip
    case(name, getattr(F, name), x(3, 5, low=-5, high=5))
case("relu_int", F.relu, x(3, 5, low=-9, high=9), dtypes=(torch.int32, torch.int64))
case("gelu_tanh", lambda a: F.gelu(a, approximate="tanh"), x(3, 5, low=-5, high=5))
case("elu_alpha", lambda a: F.elu(a, 0.7), x(3, 5), dtypes=F32)
case("softplus_beta", lambda a: F.softplus(a, 2.0, 3.0), x(3, 5, low=-5, high=5), dtypes=F32)
case("leaky_relu", lambda a: F.leaky_relu(a, 0.1), x(3, 5))
case("hardtanh", lambda a: F.hardtanh(a, -0.5, 0.7), x(3, 5))
case("prelu", lambda a, w: F.prelu(a, w), x(3, 4, 5), parameters=((4,),))
case("glu", lambda a: F.glu(a, 1), x(3, 6))
case("softmax", lambda a: F.softmax(a, 1), x(3, 5, low=-9, high=9))
case("softmax_float32", lambda a: F.softmax(a, -1, dtype=torch.float32), x(3, 5))
case("log_softmax", lambda a: F.log_softmax(a, 1), x(3, 5, low=-90, high=90))
case("logit", lambda a: torch.logit(a, 1e-3), x(3, 5, low=0.05, high=0.95))
case("dropout", lambda a: F.dropout(a, 0.5, training=False) + 1, x(3, 5))

# ---- products

case("linear", lambda a, w, b: F.linear(a, w, b), x(3, 4, 6), parameters=((5, 6), (5,)))
case("linear_2d", lambda a, w: F.linear(a, w), x(3, 6), parameters=((5, 6),))
case("matmul", torch.matmul, x(3, 4, 6), x(6, 5, dynamic=False))
case("matmul_batched", torch.matmul, x(3, 2, 4, 6), x(3, 2, 6, 5))
case("matmul_vectors", torch.matmul, x(6), x(6), dtypes=F32, dynamic=False)
case("mv", torch.matmul, x(3, 6), x(6, dynamic=False), dtypes=F32)
case("bmm", torch.bmm, x(3, 4, 6), x(3, 6, 5))
case("addmm", lambda a, w, b: torch.addmm(b, a, w), x(3, 6), parameters=((6, 5), (5,)))
case("addmm_scaled", lambda a, w, b: torch.addmm(b, a, w, beta=0.5, alpha=2), x(3, 6),
     parameters=((6, 5), (5,)), dtypes=F32)
case("einsum", lambda a, b: torch.einsum("bij,bjk->bik", a, b), x(3, 4, 6), x(3, 6, 5))

# ---- attention

QKV = (x(2, 3, 5, 8), x(2, 3, 5, 8), x(2, 3, 5, 8))
case("attention", F.scaled_dot_product_attention, *QKV)
case("attention_causal", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), *QKV)
case("attention_scale", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, scale=0.3), *QKV)
case("attention_bool_mask", lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, m > -1.5), *QKV,
     x(2, 1, 5, 5, dtype=torch.float32))
case("attention_float_mask", lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, m), *QKV,
     x(2, 1, 5, 5))
case("attention_3d", F.scaled_dot_product_attention, x(2, 5, 8), x(2, 7, 8), x(2, 7, 8))
case("attention_grouped", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, enable_gqa=True),
     x(2, 4, 5, 8), x(2, 2, 5, 8),
     x(2, 2, 5, 8))

# ---- convolution

case("conv1d", lambda a, w, b: F.conv1d(a, w, b, 2, 1), x(2, 3, 9), parameters=((4, 3, 3), (4,)))
case("conv2d", lambda a, w, b: F.conv2d(a, w, b, padding=1), x(2, 3, 7, 8), parameters=((4, 3, 3, 3), (4,)))
case("conv2d_strided", lambda a, w: F.conv2d(a, w, stride=2, dilation=2), x(2, 3, 9, 9),
     parameters=((4, 3, 3, 3),))
case("conv2d_depthwise", lambda a, w: F.conv2d(a, w, groups=4, padding=1), x(2, 4, 7, 8),
     parameters=((4, 1, 3, 3),))
case("conv2d_same", lambda a, w: F.conv2d(a, w, padding="same"), x(2, 3, 7, 8), parameters=((4, 3, 3, 3),))
case("conv2d_unbatched", lambda a, w: F.conv2d(a, w), x(3, 7, 8), parameters=((4, 3, 3, 3),), dynamic=False)
case("conv2d_computed_kernel", lambda a, w: F.conv2d(a, w * 2), x(2, 3, 7, 8), x(4, 3, 3, 3, dynamic=False))
case("conv3d", lambda a, w, b: F.conv3d(a, w, b), x(2, 2, 4, 5, 5), parameters=((3, 2, 2, 3, 3), (3,)),
     dtypes=F32)
case("conv_transpose1d", lambda a, w: F.conv_transpose1d(a, w, stride=2), x(2, 3, 5), parameters=((3, 4, 3),),
     dtypes=F32)
case("conv_transpose2d", lambda a, w, b: F.conv_transpose2d(a, w, b, 2, 1, 1), x(2, 3, 5, 6),
     parameters=((3, 4, 3, 3), (4,)))
case("conv_transpose2d_groups", lambda a, w: F.conv_transpose2d(a, w, groups=2, dilation=2), x(2, 4, 5, 6),
     parameters=((4, 3, 3, 3),), dtypes=F32)
case("conv_transpose2d_late_zeros", lambda a, w, b: F.conv_transpose2d(a, w, b, 2, 0, 1), x(2, 3, 5, 6),
     parameters=((3, 4, 3, 3), (4,)), dtypes=F32)

# ---- pooling

case("max_pool1d", lambda a: F.max_pool1d(a, 3, 2, 1), x(2, 3, 9))
case("max_pool2d", lambda a: F.max_pool2d(a, 3, 2, 1), x(2, 3, 9, 8))
case("max_pool2d_ceil", lambda a: F.max_pool2d(a, 3, 2, ceil_mode=True), x(2, 3, 8, 8), dtypes=F32)
case("max_pool3d", lambda a: F.max_pool3d(a, 2), x(2, 3, 4, 4, 6), dtypes=F32)
case("avg_pool1d", lambda a: F.avg_pool1d(a, 3, 2, 1), x(2, 3, 9))
case("avg_pool2d", lambda a: F.avg_pool2d(a, 3, 2, 1), x(2, 3, 9, 8))
case("avg_pool2d_exclusive", lambda a: F.avg_pool2d(a, 3, 2, 1, count_include_pad=False), x(2, 3, 9, 8),
     dtypes=F32)
case("avg_pool2d_ceil", lambda a: F.avg_pool2d(a, 3, 2, 1, ceil_mode=True), x(2, 3, 8, 8), dtypes=F32)
case("avg_pool3d", lambda a: F.avg_pool3d(a, 2), x(2, 3, 4, 4, 6), dtypes=F32)
case("adaptive_avg_pool2d_1", lambda a: F.adaptive_avg_pool2d(a, 1), x(2, 3, 7, 5))
case("adaptive_avg_pool2d_divides", lambda a: F.adaptive_avg_pool2d(a, (2, 3)), x(2, 3, 8, 9))
case("adaptive_avg_pool2d_uneven", lambda a: F.adaptive_avg_pool2d(a, (3, 4)), x(2, 3, 8, 9), dtypes=F32)
case("adaptive_avg_pool1d", lambda a: F.adaptive_avg_pool1d(a, 4), x(2, 3, 9), dtypes=F32)
case("adaptive_max_pool2d", lambda a: F.adaptive_max_pool2d(a, (3, 4)), x(2, 3, 8, 9), dtypes=F32)

# ---- normalization


def batch_norm(
    a: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, mean: torch.Tensor, var: torch.Tensor
) -> torch.Tensor:
    """Running statistics away from 0 and 1, an eps away from the default."""
    return F.batch_norm(a, mean, var.abs() + 0.5, weight, bias, eps=1e-3)


BN = ((4,), (4,), (4,), (4,))
case("batch_norm2d", batch_norm, x(3, 4, 5, 6), parameters=BN)
case("batch_norm1d", batch_norm, x(3, 4), parameters=BN, dtypes=F32)
case("batch_norm3d", batch_norm, x(2, 4, 3, 4, 5), parameters=BN, dtypes=F32)
case("batch_norm_plain", lambda a, m, v: F.batch_norm(a, m, v.abs() + 0.5), x(3, 4, 5, 6),
     parameters=((4,), (4,)))
case("batch_norm_no_stats", lambda a, w, b: F.batch_norm(a * 3 + 5, None, None, w, b, training=True),
     x(3, 4, 5, 6),
     parameters=((4,), (4,)), dtypes=F32)
case("layer_norm", lambda a, w, b: F.layer_norm(a, (6,), w, b), x(3, 4, 6), parameters=((6,), (6,)))
case("layer_norm_two_axes", lambda a, w, b: F.layer_norm(a, (4, 6), w, b, 1e-3), x(3, 4, 6),
     parameters=((4, 6), (4, 6)), dtypes=F32)
case("layer_norm_plain", lambda a: F.layer_norm(a, (6,)), x(3, 4, 6))
case("group_norm", lambda a, w, b: F.group_norm(a, 2, w, b), x(3, 4, 5, 6), parameters=((4,), (4,)))
case("group_norm_one", lambda a, w, b: F.group_norm(a, 1, w, b), x(3, 4, 5, 6), parameters=((4,), (4,)),
     dtypes=F32)
case("instance_norm", lambda a, w, b: F.instance_norm(a, weight=w, bias=b), x(3, 4, 5, 6),
     parameters=((4,), (4,)), dtypes=F32)
case("rms_norm", lambda a, w: F.rms_norm(a, (6,), w), x(3, 4, 6), parameters=((6,),))
case("rms_norm_eps", lambda a, w: F.rms_norm(a, (6,), w, 1e-3), x(3, 4, 6), parameters=((6,),), dtypes=F32)
