"""What lowering shares: tidying a graph, constants by name, which nodes write to their arguments, results in
the place of a node.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.fx import GraphModule, Node
from torch.utils._pytree import tree_leaves


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


def replace_by_results(node: Node, results: Any) -> None:
    """Puts results in the place of a node: one, or one for each getitem of a node that has several. Raises
    TypeError where something uses several at once.
    """
    if isinstance(results, Node):
        node.replace_all_uses_with(results)
    for user in list(node.users):
        if user.target is not operator.getitem:
            raise TypeError(f"{user.name} uses all results of {node.name} at once")
        user.replace_all_uses_with(results[user.args[1]])
        node.graph.erase_node(user)
    node.graph.erase_node(node)


def fake_mode_of(values: Any) -> FakeTensorMode | None:
    """The mode of the fake tensors in a structure; None where there are none."""
    return next((v.fake_mode for v in tree_leaves(values) if isinstance(v, FakeTensor)), None)
