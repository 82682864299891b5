"""The table of decompositions that a program is lowered with."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch

from torch_tensorrt.dynamo.conversion._registry import TABLE
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
) -> dict[torch._ops.OpOverload, Decomposition]:
    """Operator -> decomposition.

    An operator with a converter stays whole, so converters (the user's too) decide what is decomposed; the
    rest is
    what torch defines by composition, and our choice from its other decompositions.
    """
    whole = frozenset(t for t in TABLE if isinstance(t, torch._ops.OpOverload))
    if decompose_attention:
        whole -= ATTENTION
    return {**_table(whole, enable_experimental_decompositions), **TORCH_TRT_DECOMPOSITIONS}


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
