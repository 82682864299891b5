"""Clones that were put behind inputs against aliasing are dropped: engines never write to their inputs."""

from __future__ import annotations

import torch
from torch.fx import GraphModule

from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.lowering.passes.pass_utils import clean_up_graph_after_modifications, is_mutable


def remove_input_alias_fixing_clones(gm: GraphModule, settings: CompilationSettings) -> GraphModule:
    """clone(x)  ->  x, where x is an input that only the clone uses, and no node writes to its arguments."""
    if any(is_mutable(node) for node in gm.graph.nodes):
        return gm
    changed = False
    for node in [n for n in gm.graph.nodes if n.op == "placeholder"]:
        users = list(node.users)
        if len(users) == 1 and users[0].target is torch.ops.aten.clone.default and len(users[0].args) == 1:
            if not users[0].kwargs and not any(u.op == "output" for u in users[0].users):
                users[0].replace_all_uses_with(node)
                gm.graph.erase_node(users[0])
                changed = True
    return clean_up_graph_after_modifications(gm) if changed else gm
