"""What lowering passes share: tidying a graph, constants by name, which nodes write to their arguments."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx import GraphModule, Node


def clean_up_graph_after_modifications(gm: GraphModule) -> GraphModule:
    """Removes dead nodes and makes the module's code again (when it runs next)."""
    gm.graph.eliminate_dead_code(lambda node: node.is_impure() or has_effect(node))
    gm.recompile()
    return gm


def attribute(gm: torch.nn.Module, target: str) -> Any:
    """What a get_attr node's dotted name stands for."""
    found: Any = gm
    for part in target.split("."):
        found = getattr(found, part)
    return found


def is_mutable(node: Node) -> bool:
    """Whether the node writes to one of its arguments."""
    schema = getattr(node.target, "_schema", None)
    return node.op == "call_function" and schema is not None and schema.is_mutable


def has_effect(node: Node) -> bool:
    """Whether the node does something besides computing its result: it writes, or it checks and may raise."""
    return is_mutable(node) or node.target is torch.ops.aten._linalg_check_errors.default


def written_attributes(gm: GraphModule) -> set[str]:
    """Names of parameters and buffers that some node writes to; they are no constants."""
    written = set()
    for node in gm.graph.nodes:
        if is_mutable(node):
            written |= {a.target for a in node.all_input_nodes if a.op == "get_attr"}
    return written
