"""Where a node stands in the user's model, in words: module path, source line, and what its arguments are."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx import Node


def module_path(node: Node) -> str:
    """Dotted path of the innermost module that the node comes from; empty at the top level."""
    stack = node.meta.get("nn_module_stack")
    if not stack:
        return ""
    path = list(stack.values())[-1][0]
    for prefix in ("L['self'].", "L__self___", "self."):
        path = path.removeprefix(prefix)
    return "" if path in ("L['self']", "self") else path


def source_line(node: Node) -> str:
    """The last line of the user's code that led to the node, as `file:line, in function: code`."""
    lines = [line.strip() for line in (node.meta.get("stack_trace") or "").splitlines() if line.strip()]
    for at in range(len(lines) - 1, -1, -1):
        if lines[at].startswith("File "):
            place = lines[at].removeprefix("File ").replace('", line ', ":").replace('"', "")
            code = lines[at + 1] if at + 1 < len(lines) else ""
            return f"{place}: {code}" if code else place
    return ""


def source_of(node: Node) -> str:
    """The second part of an error message: node, module path and source line."""
    text = f"node '{node.name}'"
    if path := module_path(node):
        text += f" in module '{path}'"
    if line := source_line(node):
        text += f" ({line})"
    return text


def describe(value: Any) -> str:
    """An argument of a node for people: tensors as `float32[2, s0]`, numbers and lists as they are."""
    if isinstance(value, Node):
        return describe(value.meta["val"]) if "val" in value.meta else value.name
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}[{', '.join(str(n) for n in value.shape)}]"
    if isinstance(value, (tuple, list)):
        inside = ", ".join(describe(v) for v in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    return repr(value) if isinstance(value, str) else str(value)


def target_name(target: Any) -> str:
    """Name of a node's target as a user writes it in torch_executed_ops: `torch.ops.aten.add.Tensor`."""
    if isinstance(target, torch._ops.OpOverload):
        return f"torch.ops.{target._schema.name.replace('::', '.')}.{target._overloadname}"
    if isinstance(target, torch._ops.OpOverloadPacket):
        return f"torch.ops.{target._qualified_op_name.replace('::', '.')}"
    if isinstance(target, str):
        return target
    return f"{getattr(target, '__module__', '')}.{getattr(target, '__name__', target)}"
