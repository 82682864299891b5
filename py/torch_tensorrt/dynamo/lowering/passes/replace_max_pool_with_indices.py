"""Max pooling whose indices nobody uses becomes plain max pooling."""

from __future__ import annotations

import operator

import torch
from torch.fx import GraphModule

from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.lowering.passes.pass_utils import clean_up_graph_after_modifications

aten = torch.ops.aten
_PLAIN = {
    aten.max_pool2d_with_indices.default: aten.max_pool2d.default,
    aten.max_pool3d_with_indices.default: aten.max_pool3d.default,
}


def replace_max_pool_with_indices(gm: GraphModule, settings: CompilationSettings) -> GraphModule:
    """getitem(max_pool_with_indices(x, ...), 0)  ->  max_pool(x, ...), where result 1 has no use"""
    changed = False
    for node in list(gm.graph.nodes):
        plain = _PLAIN.get(node.target) if node.op == "call_function" else None
        users = list(node.users)
        if (
            plain is None
            or not users
            or any(u.target is not operator.getitem or u.args[1] != 0 for u in users)
        ):
            continue
        with gm.graph.inserting_after(node):
            pool = gm.graph.call_function(plain, node.args, node.kwargs)
        pool.meta = {**node.meta, "val": node.meta["val"][0]}
        for user in users:
            user.replace_all_uses_with(pool)
        changed = True
    return clean_up_graph_after_modifications(gm) if changed else gm
