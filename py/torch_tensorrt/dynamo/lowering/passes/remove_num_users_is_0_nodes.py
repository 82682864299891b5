"""Dead nodes are dropped."""

from __future__ import annotations

from torch.fx import GraphModule

from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.lowering.passes.pass_utils import clean_up_graph_after_modifications, has_effect


def remove_num_users_is_0_nodes(gm: GraphModule, settings: CompilationSettings) -> GraphModule:
    """Call and get_attr nodes without users  ->  nothing; nodes with an effect stay."""
    changed = False
    for node in reversed(list(gm.graph.nodes)):
        if node.op in ("call_function", "get_attr") and not node.users and not has_effect(node):
            gm.graph.erase_node(node)
            changed = True
    return clean_up_graph_after_modifications(gm) if changed else gm
