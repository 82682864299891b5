"""A result that is an input itself is copied, so that no engine has a binding that is both."""

from __future__ import annotations

import torch
from torch.fx import GraphModule, Node

from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.lowering.passes.pass_utils import clean_up_graph_after_modifications


def repair_input_as_output(gm: GraphModule, settings: CompilationSettings) -> GraphModule:
    """return x  ->  return clone(x), for tensors that are inputs"""
    output = next(iter(reversed(gm.graph.nodes)))
    direct = [
        n
        for n in output.all_input_nodes
        if n.op == "placeholder" and isinstance(n.meta.get("val"), torch.Tensor)
    ]
    for node in direct:
        with gm.graph.inserting_before(output):
            clone: Node = gm.graph.call_function(torch.ops.aten.clone.default, (node,))
        clone.meta["val"] = node.meta["val"]
        output.replace_input_with(node, clone)
    return clean_up_graph_after_modifications(gm) if direct else gm
