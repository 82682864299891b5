"""The table of decompositions that a program is lowered with."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch

from torch_tensorrt.dynamo.conversion._registry import TABLE, is_named
from torch_tensorrt.dynamo.lowering._decomposition_groups import (
    ATTENTION,
    torch_disabled_decompositions,
    torch_enabled_decompositions,
)

Decomposition = Callable[..., Any]
aten = torch.ops.aten

TORCH_TRT_DECOMPOSITIONS: dict[torch._ops.OpOverload, Decomposition] = {}
"""Decompositions of our own and of users; they come before torch's."""


def register_torch_trt_decomposition(
    aten_op: torch._ops.OpOverload, registry: dict[torch._ops.OpOverload, Decomposition] | None = None
) -> Callable[[Decomposition], Decomposition]:
    """Registers a decomposition of an operator; it is used even where the operator has a converter."""

    def register(function: Decomposition) -> Decomposition:
        (TORCH_TRT_DECOMPOSITIONS if registry is None else registry)[aten_op] = function
        return function

    return register


def get_decompositions(
    enable_experimental_decompositions: bool = False,
    decompose_attention: bool = False,
    use_distributed_mode_trace: bool = False,
    use_fp32_acc: bool = False,
    named: frozenset[str] = frozenset(),
) -> dict[torch._ops.OpOverload, Decomposition]:
    """Operator -> decomposition.

    An operator with a converter stays whole, so converters (the user's too) decide what is decomposed; the
    rest is what torch defines by composition, and our choice from its other decompositions. `named` are
    operators that the user speaks of (torch_executed_ops): what consists of them is decomposed.
    """
    whole = frozenset(t for t in TABLE if isinstance(t, torch._ops.OpOverload)) - taken_apart(named)
    if decompose_attention:
        whole -= ATTENTION
    return {**_table(whole, enable_experimental_decompositions), **TORCH_TRT_DECOMPOSITIONS}


MADE_OF: dict[Any, tuple[Any, ...]] = {
    aten.convolution.default: (
        aten.conv1d.default,
        aten.conv1d.padding,
        aten.conv2d.default,
        aten.conv2d.padding,
        aten.conv3d.default,
        aten.conv3d.padding,
        aten.conv_transpose1d.default,
        aten.conv_transpose2d.input,
        aten.conv_transpose3d.input,
    ),
    aten._native_batch_norm_legit_no_training.default: (aten.batch_norm.default,),
    aten.native_layer_norm.default: (aten.layer_norm.default,),
    aten.native_group_norm.default: (aten.group_norm.default,),
    aten._softmax.default: (aten.softmax.int,),
    aten._log_softmax.default: (aten.log_softmax.int,),
    aten.max_pool2d_with_indices.default: (aten.max_pool2d.default,),
    aten.max_pool3d_with_indices.default: (aten.max_pool3d.default,),
    aten._adaptive_avg_pool2d.default: (aten.adaptive_avg_pool2d.default,),
    aten._adaptive_avg_pool3d.default: (aten.adaptive_avg_pool3d.default,),
    aten._to_copy.default: (aten.to.dtype, aten.to.device, aten.to.dtype_layout, aten.to.other),
    aten.view.default: (aten.reshape.default, aten.flatten.using_ints, aten.unflatten.int),
    aten.clone.default: (aten.contiguous.default,),
    aten.div.Tensor: (aten.true_divide.Tensor,),
    aten.clamp.default: (aten.clip.default,),
    aten.constant_pad_nd.default: (aten.pad.default,),
    aten.repeat.default: (aten.tile.default,),
}
"""Operator -> operators that torch composes from it, which our converters take whole."""


def taken_apart(named: frozenset[str]) -> set[Any]:
    """Operators to take apart because the user has a converter for, or names, what they are made of."""
    found: set[Any] = set()
    for core, composites in MADE_OF.items():
        if _has_users_converter(core) or is_named(core, named):
            found |= {c for c in composites if not _has_users_converter(c) and not is_named(c, named)}
    return found


def _has_users_converter(target: Any) -> bool:
    return any(not entry.builtin for entry in TABLE.get(target, ()))


@functools.lru_cache(maxsize=8)
def _table(
    whole: frozenset[torch._ops.OpOverload], everything: bool
) -> dict[torch._ops.OpOverload, Decomposition]:
    return {
        op: function
        for op, function in _torch_table().items()
        if op not in whole
        and op not in torch_disabled_decompositions
        and (everything or op in torch_enabled_decompositions or _is_composite(op))
    }


@functools.lru_cache(maxsize=1)
def _torch_table() -> dict[torch._ops.OpOverload, Decomposition]:
    table = dict(torch.export.default_decompositions().items())
    more = torch._decomp.get_decompositions([op for op in torch_enabled_decompositions if op not in table])
    return {op: f for op, f in {**more, **table}.items() if isinstance(op, torch._ops.OpOverload)}


def _is_composite(op: torch._ops.OpOverload) -> bool:
    return torch._C._dispatch_has_kernel_for_dispatch_key(op.name(), "CompositeImplicitAutograd")
