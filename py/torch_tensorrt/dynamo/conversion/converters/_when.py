"""Predicates that answer with the reason why a converter of ours does not take a node."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx import Node

MAX_K = 3840
"""Most elements that a TopK layer selects."""


def meta(value: Any) -> Any:
    """What the exported graph knows of an argument."""
    return value.meta.get("val") if isinstance(value, Node) else value


def meta_dtype(node: Node) -> torch.dtype:
    """Type of a node's (first) result."""
    value = meta(node)
    return (value[0] if isinstance(value, (tuple, list)) else value).dtype


def no_bool(node: Node, settings: Any) -> str | None:
    """For operators that PyTorch may run on bool but the engine's layer does not take."""
    value = meta(node.args[0])
    if isinstance(value, torch.Tensor) and value.dtype is torch.bool:
        return "the engine has no version of it for bool"
    return None


def no_integers(node: Node, settings: Any) -> str | None:
    """For bitwise operators, which TensorRT has on bool only."""
    for argument in node.args:
        value = meta(argument)
        if isinstance(value, torch.Tensor) and value.dtype is not torch.bool:
            return f"TensorRT has it for bool only, not for {str(value.dtype).removeprefix('torch.')}"
    return None


def static(node: Node, settings: Any, what: str, *values: Any) -> str | None:
    """A reason where one of the values is known only at run time."""
    for value in values:
        if isinstance(meta(value), torch.SymInt) or (
            isinstance(value, (list, tuple)) and static(node, settings, what, *value)
        ):
            return f"{what} has to be known at compile time"
    return None


def first_output_only(node: Node, settings: Any) -> str | None:
    """For operators whose further outputs serve training only."""
    import operator

    for user in node.users:
        if user.target is not operator.getitem or user.args[1] != 0:
            return "only its first output exists in the engine"
    return None


def target_dtype(node: Node, settings: Any) -> str | None:
    """For conversions: the type has to exist in the engine."""
    from torch_tensorrt.dynamo.conversion._types import network_dtype, short

    for dtype in (meta_dtype(node), meta(node.args[0]).dtype):
        if network_dtype(dtype, settings.truncate_double) is None:
            return f"TensorRT has no {short(dtype)}"
    return None
