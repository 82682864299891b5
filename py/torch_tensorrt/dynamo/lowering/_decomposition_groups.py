"""Which of torch's decompositions are used: names of operators, `packet` for all overloads or
`packet.overload`.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch

_ENABLED = """
_adaptive_avg_pool2d_backward addcdiv addcdiv_ addcmul addcmul_ addr aminmax arange.default arange.start
avg_pool2d_backward baddbmm binary_cross_entropy binary_cross_entropy_backward
binary_cross_entropy_with_logits celu
col2im count_nonzero cudnn_batch_norm cudnn_batch_norm_backward deg2rad detach diag_embed diagonal_backward
elu_backward embedding_dense_backward empty_like _euclidean_dist.default expand_as eye fill frac
_fused_moving_avg_obs_fq_helper gelu_backward glu_backward hardshrink hardshrink_backward hardsigmoid_backward
hardswish hardswish_ hardswish_backward hardtanh hardtanh_ hardtanh_backward heaviside huber_loss
huber_loss_backward im2col index_add index_add_ index_copy index_copy_ index_fill index_fill_ isneginf
isposinf
l1_loss leaky_relu_ leaky_relu_backward lerp linspace logaddexp logaddexp2 logit logit_backward
log_sigmoid_backward log_sigmoid_forward _log_softmax_backward_data logspace logsumexp.default masked_fill
masked_fill_ max_pool2d_with_indices_backward mish mse_loss mse_loss_backward mvlgamma nansum nan_to_num
narrow
native_batch_norm_backward _native_batch_norm_legit _native_batch_norm_legit_functional
native_dropout_backward
native_group_norm_backward native_layer_norm_backward new_empty new_full new_ones new_zeros nll_loss_backward
nll_loss_forward norm ones ones_like _prelu_kernel_backward _reshape_alias rad2deg renorm renorm_ rot90 rsub
select_backward select_scatter sgn sigmoid_backward silu_backward sinc slice_backward smooth_l1_loss
smooth_l1_loss_backward soft_margin_loss soft_margin_loss_backward _softmax.out _softmax_backward_data
softplus_backward softshrink softshrink_backward special_entr special_log_ndtr special_xlog1py stack std t
tanh_backward threshold threshold_backward trace transpose.int tril.default triu.default unbind unfold
unfold_backward unfold_copy _unsafe_index upsample_nearest2d_backward var var_mean xlogy zero zero_ zeros
zeros_like clamp_min clamp_max linalg_vector_norm repeat slice_scatter _unsafe_view lift_fresh_copy alias
empty_strided empty_permuted reciprocal rsqrt silu silu_ _log_softmax full_like
"""

_DISABLED = """
_softmax.default linear.default matmul.default upsample_nearest1d.vec upsample_nearest2d.vec
upsample_nearest3d.vec
upsample_linear1d.vec upsample_bilinear2d.vec upsample_trilinear3d.vec upsample_bicubic2d.vec
"""

ATTENTION = frozenset({torch.ops.aten.scaled_dot_product_attention.default})
"""Decomposed only with `decompose_attention`."""


def _overloads(names: str) -> Iterable[torch._ops.OpOverload]:
    for name in names.split():
        packet_name, _, overload = name.partition(".")
        packet = getattr(torch.ops.aten, packet_name, None)
        if packet is not None:
            for found in [overload] if overload else packet.overloads():
                if hasattr(packet, found):
                    yield getattr(packet, found)


torch_enabled_decompositions: set[torch._ops.OpOverload] = set(_overloads(_ENABLED))
"""Operators that torch decomposes for us."""

torch_disabled_decompositions: set[torch._ops.OpOverload] = set(_overloads(_DISABLED))
"""Operators that are never decomposed: converters take them whole."""
