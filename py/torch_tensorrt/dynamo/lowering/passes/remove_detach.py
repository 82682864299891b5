"""Operators that return their argument are dropped: detach and its like, dropout outside training."""

from __future__ import annotations

import torch
from torch.fx import GraphModule, Node

from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.lowering.passes.pass_utils import clean_up_graph_after_modifications

aten = torch.ops.aten
_SAME = (
    aten.detach.default,
    aten.alias.default,
    aten.lift_fresh_copy.default,
    aten.lift_fresh.default,
    aten.detach_.default,
)


_DROPOUT = {aten.dropout.default: 2, aten.feature_dropout.default: 2, aten.alpha_dropout.default: 2}
"""Operator -> position of its argument `train`."""


def _is_same(node: Node) -> bool:
    if node.op != "call_function":
        return False
    return node.target in _SAME or (node.target in _DROPOUT and node.args[_DROPOUT[node.target]] is False)


def remove_detach(gm: GraphModule, settings: CompilationSettings | None = None) -> GraphModule:
    """detach(x), alias(x), lift_fresh(x), dropout(x, p, train=False)  ->  x"""
    changed = False
    for node in list(gm.graph.nodes):
        if _is_same(node):
            node.replace_all_uses_with(node.args[0])
            gm.graph.erase_node(node)
            changed = True
    return clean_up_graph_after_modifications(gm) if changed else gm
