"""Checks that export wrote into the graph are dropped: engines check their inputs against the profile."""

from __future__ import annotations

import torch
from torch.fx import GraphModule

from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.lowering.passes.pass_utils import clean_up_graph_after_modifications

aten = torch.ops.aten
_NAMES = (
    "_assert_scalar",
    "_assert_async",
    "_assert_tensor_metadata",
    "_functional_assert_async",
    "sym_constrain_range",
)


def _is_check(target: object) -> bool:
    packet = getattr(target, "overloadpacket", None)
    name = getattr(packet, "__name__", "") if packet is not None else getattr(target, "__name__", "")
    return name.startswith(_NAMES) or target is torch._check


def remove_assert_nodes(gm: GraphModule, settings: CompilationSettings) -> GraphModule:
    """_assert_scalar(c), _assert_tensor_metadata(x), sym_constrain_range(n), guards  ->  nothing"""
    found = [
        n
        for n in gm.graph.nodes
        if (n.op == "call_function" and _is_check(n.target)) or n.target == "_guards_fn"
    ]
    for node in reversed(found):
        if not node.users:
            gm.graph.erase_node(node)
    return clean_up_graph_after_modifications(gm) if found else gm
