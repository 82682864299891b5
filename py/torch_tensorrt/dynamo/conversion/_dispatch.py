"""One node of the graph becomes layers: arguments are looked up, the converter runs, its result is held to
the contract.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.fx import Node
from torch.fx.node import map_aggregate

from torch_tensorrt._errors import ConversionError, TorchTensorRTError
from torch_tensorrt.dynamo.conversion._builder import Builder
from torch_tensorrt.dynamo.conversion._context import ConversionContext
from torch_tensorrt.dynamo.conversion._contract import hold, missing_result
from torch_tensorrt.dynamo.conversion._dims import Dim
from torch_tensorrt.dynamo.conversion._registry import ConverterSupport, bind
from torch_tensorrt.dynamo.conversion._source import source_of
from torch_tensorrt.dynamo.conversion._weights import Const


def convert(
    b: Builder, ctx: ConversionContext, node: Node, entry: ConverterSupport, look_up: Callable[[Any], Any]
) -> Any:
    """The value of a call_function node: ITensor, Const, Dim, number or a tuple of them."""
    b.at(node)
    ctx.current_node = node
    args = tuple(_resolved(a, look_up) for a in node.args)
    kwargs = {k: _resolved(v, look_up) for k, v in node.kwargs.items()}
    try:
        result = (
            _ours(b, node, entry, args, kwargs)
            if entry.builtin
            else _users(b, ctx, node, entry, args, kwargs)
        )
    except TorchTensorRTError:
        raise
    except Exception as error:
        raise ConversionError(
            f"The converter {entry.name} of {node.target} failed: {type(error).__name__}: {error}\n"
            f"  at {source_of(node)}\n"
            f"  To leave it in PyTorch: torch_executed_ops={{'{node.target}'}}"
        ) from error
    if result is None:
        raise missing_result(node, entry)
    return hold(b, node, entry, result)


def _resolved(argument: Any, look_up: Callable[[Any], Any]) -> Any:
    if isinstance(argument, Node):
        return look_up(argument)
    if isinstance(argument, (tuple, list)):
        return (
            type(argument)(_resolved(a, look_up) for a in argument)
            if type(argument) in (tuple, list)
            else [_resolved(a, look_up) for a in argument]
        )
    return argument


def _ours(
    b: Builder, node: Node, entry: ConverterSupport, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    positional, keywords = bind(entry.converter_implementation, node.target, args, kwargs)
    return entry.converter_implementation(b, *positional, **keywords)


def _users(
    b: Builder,
    ctx: ConversionContext,
    node: Node,
    entry: ConverterSupport,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    args, kwargs = map_aggregate(args, _for_user), map_aggregate(kwargs, _for_user)
    name = f"[{node.target}]-[{node.name}]"
    return map_aggregate(
        entry.converter_implementation(ctx, node.target, args, kwargs, name), lambda r: _from_user(node, r)
    )


def _for_user(value: Any) -> Any:
    if isinstance(value, Const):
        return value.value
    return value.tensor if isinstance(value, Dim) else value


def _from_user(node: Node, value: Any) -> Any:
    return Const(value, node.name) if isinstance(value, torch.Tensor) else value


__all__ = ["convert"]
