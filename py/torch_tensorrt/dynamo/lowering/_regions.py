"""Regions of a program with a grad mode or an autocast of their own become plain nodes again."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx import GraphModule, Node

from torch_tensorrt.dynamo.lowering.passes.pass_utils import attribute, replace_by_results

_GRAD = torch.ops.higher_order.wrap_with_set_grad_enabled
_AUTOCAST = torch.ops.higher_order.wrap_with_autocast
_BODY = {_GRAD: 1, _AUTOCAST: 4}
"""Operator -> position of its region's submodule; the arguments of the region follow."""


def regions(gm: GraphModule) -> list[Node]:
    """The nodes of a graph that run a region, not those in their regions."""
    return [n for n in gm.graph.nodes if n.op == "call_function" and n.target in _BODY]


def casts_by_itself(gm: GraphModule) -> bool:
    """Whether a region, however deep, has autocast on: only torch knows which arguments it casts."""
    return any((n.target is _AUTOCAST and n.args[2]) or casts_by_itself(_body_of(gm, n)) for n in regions(gm))


def calls(gm: GraphModule) -> list[Node]:
    """All call_function nodes, those in regions too."""
    found = [n for n in gm.graph.nodes if n.op == "call_function"]
    return found + [inner for n in regions(gm) for inner in calls(_body_of(gm, n))]


def inline_regions(gm: GraphModule) -> None:
    """wrap_with_set_grad_enabled(mode, region, *x), wrap_with_autocast(..., region, *x)  ->  region(*x)

    Valid where nothing is differentiated, and where no region has autocast on (`casts_by_itself`).
    """
    changed = False
    while found := regions(gm):
        for node in found:
            _inline(gm, node)
        changed = True
    if changed:
        gm.delete_all_unused_submodules()


def _body_of(gm: GraphModule, node: Node) -> GraphModule:
    region: Any = node.args[_BODY[node.target]]  # type: ignore[index]
    body: GraphModule = attribute(gm, region.target)
    return body


def _inline(gm: GraphModule, node: Node) -> None:
    place = _BODY[node.target]  # type: ignore[index]
    region: Any = node.args[place]
    given = list(node.args[place + 1 :])
    body = _body_of(gm, node)
    mapped: dict[Node, Any] = {}
    with gm.graph.inserting_before(node):
        for inner in body.graph.nodes:
            if inner.op == "placeholder":
                mapped[inner] = given[len(mapped)]
            elif inner.op == "output":
                results = torch.fx.map_arg(inner.args[0], mapped.__getitem__)
            else:
                mapped[inner] = _copied(gm, inner, mapped, str(region.target))
    replace_by_results(node, results)
    if not region.users:
        gm.graph.erase_node(region)


def _copied(gm: GraphModule, inner: Node, mapped: dict[Node, Any], body: str) -> Node:
    """A node of a region in the graph around it; attributes are those of the region's module."""
    copy = gm.graph.node_copy(inner, mapped.__getitem__)
    if inner.op == "get_attr":
        copy.target = f"{body}.{inner.target}"
    return copy
