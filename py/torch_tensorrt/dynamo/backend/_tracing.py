"""From a graph that dynamo captured to aten operators: results have own memory, effects no tokens."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import torch
from torch._functorch.aot_autograd import aot_export_joint_simple
from torch.fx import GraphModule, Node


def trace_to_aten(
    gm: GraphModule, sample_inputs: Sequence[Any], static: set[int], table: dict[Any, Any]
) -> GraphModule:
    """The graph in aten operators, with one placeholder for each input."""
    repair_input_aliasing(gm, static)
    traced: Any = aot_export_joint_simple(gm, tuple(sample_inputs), trace_joint=False, decompositions=table)
    tokens = sum(n.op == "placeholder" for n in traced.graph.nodes) - len(sample_inputs)
    return _without_tokens(traced, tokens) if tokens else traced


def repair_input_aliasing(gm: GraphModule, static: set[int]) -> GraphModule:
    """x  ->  clone(x) for tensors that are inputs: tracing refuses results that share memory with one.

    Lowering drops the clones again. Parameters need none: no result of a model shares memory with them.
    """
    for i, node in enumerate([n for n in gm.graph.nodes if n.op == "placeholder"]):
        example = node.meta.get("example_value")
        if i in static or not isinstance(example, torch.Tensor):
            continue
        with gm.graph.inserting_after(_last_placeholder(gm)):
            clone = gm.graph.call_function(torch.ops.aten.clone.default, (node,))
        clone.meta["example_value"] = example
        node.replace_all_uses_with(clone, delete_user_cb=lambda user, clone=clone: user is not clone)
    gm.graph.lint()
    gm.recompile()
    return gm


def _last_placeholder(gm: GraphModule) -> Node:
    return [n for n in gm.graph.nodes if n.op == "placeholder"][-1]


def _without_tokens(gm: GraphModule, count: int) -> GraphModule:
    """with_effects(token, f, x)  ->  f(x): the order of the graph already says what the tokens say."""
    for node in [n for n in gm.graph.nodes if n.target is torch.ops.higher_order.with_effects]:
        with gm.graph.inserting_before(node):
            call = gm.graph.call_function(node.args[1], tuple(node.args[2:]), node.kwargs)
        values = node.meta.get("val", (None,))[1:]
        call.meta = {**node.meta, "val": values[0] if len(values) == 1 else values or None}
        for user in list(node.users):
            if user.target is operator.getitem and user.args[1] > 0:
                user.replace_all_uses_with(call)
    output = next(iter(reversed(gm.graph.nodes)))
    output.args = (tuple(output.args[0][count:]),)
    for node in reversed(list(gm.graph.nodes)):
        is_token = node.op == "placeholder" and node in list(gm.graph.nodes)[:count]
        passes_token = node.op == "call_function" and (
            node.target is torch.ops.higher_order.with_effects or node.target is operator.getitem
        )
        if not node.users and (is_token or passes_token):
            gm.graph.erase_node(node)
    gm.graph.lint()
    gm.recompile()
    return gm
