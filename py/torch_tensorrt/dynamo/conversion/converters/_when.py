"""Predicates that answer with the reason why a converter of ours does not take a node."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch.fx import Node

from torch_tensorrt.dynamo.conversion._types import network_dtype, short

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


def argument(node: Node, name: str) -> Any:
    """An argument by its name in the operator's schema, given by position, by keyword or by default."""
    target: Any = node.target
    for i, declared in enumerate(target._schema.arguments):
        if declared.name == name:
            return node.args[i] if i < len(node.args) else node.kwargs.get(name, declared.default_value)
    return None


def known_length(what: str, length: Any) -> str | None:
    """A reason where a length is known only at run time."""
    return f"{what} has to be known at compile time" if isinstance(length, torch.SymInt) else None


def first_output_only(node: Node, settings: Any) -> str | None:
    """For operators whose further outputs serve training only."""
    for user in node.users:
        if user.target is not operator.getitem or user.args[1] != 0:
            return "only its first output exists in the engine"
    return None


def target_dtype(node: Node, settings: Any) -> str | None:
    """For conversions: the type has to exist in the engine."""
    for dtype in (meta_dtype(node), meta(node.args[0]).dtype):
        if network_dtype(dtype, settings.truncate_double) is None:
            return f"TensorRT has no {short(dtype)}"
    return None
