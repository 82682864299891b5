"""Converters of what is arithmetic on lengths or taking a tuple apart: no tensor is computed here."""

from __future__ import annotations

import operator
from typing import Any

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion import _dims
from torch_tensorrt.dynamo.conversion._builder import Builder
from torch_tensorrt.dynamo.conversion._registry import converts
from torch_tensorrt.dynamo.conversion.converters._when import meta

aten = torch.ops.aten


@converts(operator.getitem)
def getitem(b: Builder, values: Any, index: int) -> Any:
    """One of the results of a node with several."""
    value = values[index] if index < len(values) else None
    if value is None:
        source: Any = b.node.args[0] if b.node else None
        raise b.error(f"Result {index} of {source.target if source else 'a node'} is not computed")
    return value


@converts(aten.sym_size.int)
def sym_size(b: Builder, x: Any, dim: int) -> Any:
    """A length of a tensor."""
    return b.shape(x)[b.axis(x, dim)]


@converts(aten.sym_numel.default)
def sym_numel(b: Builder, x: Any) -> Any:
    """Number of elements."""
    return _dims.prod(b.shape(x))


def made_of_lengths(node: Any, settings: Any) -> str | None:
    """A number may come from a tensor if that is computed from lengths and constants only: engines know such
    numbers before they run.
    """
    if meta(node.args[0]).dtype not in (torch.int32, torch.int64):
        return "only integers can be taken out of a tensor"
    todo, seen = [node.args[0]], set()
    while todo:
        found = todo.pop()
        if found in seen or _is_length(found):
            continue
        seen.add(found)
        if found.op == "placeholder":
            return f"its value depends on the values of the input '{found.name}'"
        todo += found.all_input_nodes
    return None


def _is_length(node: Any) -> bool:
    return node.target is aten.sym_size.int or node.target is aten.sym_numel.default


@converts(aten._local_scalar_dense.default, aten.item.default, when=made_of_lengths)
def item(b: Builder, x: Any) -> Any:
    """The number in a tensor of one element."""
    value = b.known_value(x)
    if value is not None:
        return value
    tensor = b.tensor(x)
    return b.dim(("item", tensor), lambda: b.cast(b.reshape(tensor, [1]), torch.int64))


def _arithmetic(function: Any) -> Any:
    def convert(b: Builder, *operands: Any) -> Any:
        if any(isinstance(o, trt.ITensor) for o in operands):
            raise b.error(f"{function} here computes on lengths, not on tensors")
        return function(*operands)

    return convert


for _function in (operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, operator.neg):
    converts(_function)(_arithmetic(_function))

converts(torch.sym_max)(_arithmetic(_dims.largest))
converts(torch.sym_min)(_arithmetic(_dims.smallest))
if hasattr(torch, "sym_sum"):
    converts(torch.sym_sum)(_arithmetic(lambda lengths: sum(lengths)))
