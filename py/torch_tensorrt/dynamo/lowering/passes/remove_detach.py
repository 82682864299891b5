"""detach(x) -> x: nothing here records gradients."""

from __future__ import annotations

import torch
from torch.fx import GraphModule

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


def remove_detach(gm: GraphModule, settings: CompilationSettings) -> GraphModule:
    """detach(x), alias(x), lift_fresh(x)  ->  x"""
    changed = False
    for node in list(gm.graph.nodes):
        if node.op == "call_function" and node.target in _SAME:
            node.replace_all_uses_with(node.args[0])
            gm.graph.erase_node(node)
            changed = True
    return clean_up_graph_after_modifications(gm) if changed else gm
