"""Which nodes can be part of an engine, and why the others cannot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch.fx import GraphModule, Node

from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.conversion import _registry
from torch_tensorrt.dynamo.conversion._registry import ConverterSupport
from torch_tensorrt.dynamo.conversion._types import network_dtype, no_twin_message
from torch_tensorrt.dynamo.lowering.passes.pass_utils import is_mutable


@dataclass
class Support:
    """Per call_function node: its converter, or the reason why it stays in PyTorch."""

    converters: dict[Node, ConverterSupport] = field(default_factory=dict)
    reasons: dict[Node, str] = field(default_factory=dict)

    def reject(self, node: Node, reason: str) -> None:
        """Moves a node to PyTorch."""
        self.converters.pop(node, None)
        self.reasons[node] = reason


def is_symbolic(node: Node) -> bool:
    """Whether the node computes a length (or another number), not a tensor."""
    return node.op == "call_function" and isinstance(
        node.meta.get("val"), (int, float, bool, torch.SymInt, torch.SymFloat, torch.SymBool)
    )


def is_getitem(node: Node) -> bool:
    """Whether the node only takes one of several results."""
    return node.op == "call_function" and getattr(node.target, "__name__", "") == "getitem"


def is_compute(node: Node) -> bool:
    """Whether the node counts as an operator: getitem and arithmetic on lengths do not."""
    return node.op == "call_function" and not is_symbolic(node) and not is_getitem(node)


def find_support(gm: GraphModule, settings: CompilationSettings) -> Support:
    """Looks at every node once."""
    support, disallowed = Support(), _registry.names_of(settings.torch_executed_ops)
    for node in gm.graph.nodes:
        if node.op != "call_function":
            continue
        if is_getitem(node) and isinstance(node.args[0], Node):
            _follow_producer(support, node, node.args[0])
            continue
        if is_mutable(node):
            support.reasons[node] = "it writes to one of its arguments"
            continue
        entry, reason = _registry.choose(node, settings, disallowed)
        reason = reason or _border_reason(node, settings) or _length_reason(support, node)
        if entry is None or reason:
            support.reasons[node] = reason
        else:
            support.converters[node] = entry
    for node in list(support.converters):
        if not is_getitem(node) and any(is_getitem(u) and u in support.reasons for u in node.users):
            support.reject(node, "one of its results cannot be taken out of an engine")
    return support


def _follow_producer(support: Support, node: Node, producer: Node) -> None:
    if producer in support.reasons:
        support.reasons[node] = support.reasons[producer]
    else:
        support.converters[node] = _registry.TABLE[node.target][0]


def _border_reason(node: Node, settings: CompilationSettings) -> str:
    """Why the node's tensors cannot stand in a network; empty if they can."""
    for value in (node.meta.get("val"), *(n.meta.get("val") for n in node.all_input_nodes)):
        for tensor in value if isinstance(value, (tuple, list)) else [value]:
            if reason := _tensor_reason(tensor, settings):
                return reason
    return ""


def _length_reason(support: Support, node: Node) -> str:
    """Why a number that the node needs cannot be computed in an engine; empty if it can."""
    for needed in node.all_input_nodes:
        if is_symbolic(needed) and needed in support.reasons:
            return f"it needs the number '{needed.name}': {support.reasons[needed]}"
    return ""


def _tensor_reason(value: Any, settings: CompilationSettings) -> str:
    if not isinstance(value, torch.Tensor):
        return ""
    if network_dtype(value.dtype, settings.truncate_double) is None:
        return no_twin_message("One of its tensors", value.dtype).split("\n")[0]
    if value.dim() > 8:
        return f"one of its tensors has rank {value.dim()}, TensorRT has at most 8"
    if value.layout is not torch.strided:
        return f"one of its tensors has layout {value.layout}"
    return ""
