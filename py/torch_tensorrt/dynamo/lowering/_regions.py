"""Regions of a program with a grad mode or an autocast of their own become plain nodes again."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch.fx import Graph, GraphModule, Node

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
    found: Any = gm
    for part in node.args[_BODY[node.target]].target.split("."):  # type: ignore[union-attr, index]
        found = getattr(found, part)
    return found


def _inline(gm: GraphModule, node: Node) -> None:
    place = _BODY[node.target]  # type: ignore[index]
    attribute, given = node.args[place], list(node.args[place + 1 :])
    body = _body_of(gm, node)
    mapped: dict[Node, Any] = {}
    with gm.graph.inserting_before(node):
        for inner in body.graph.nodes:
            if inner.op == "placeholder":
                mapped[inner] = given[len(mapped)]
            elif inner.op == "output":
                results = torch.fx.map_arg(inner.args[0], mapped.__getitem__)
            else:
                mapped[inner] = _copied(gm, inner, mapped, str(attribute.target))  # type: ignore[union-attr]
    _replace(gm.graph, node, results)
    if not attribute.users:  # type: ignore[union-attr]
        gm.graph.erase_node(attribute)  # type: ignore[arg-type]


def _copied(gm: GraphModule, inner: Node, mapped: dict[Node, Any], body: str) -> Node:
    """A node of a region in the graph around it; attributes are those of the region's module."""
    copy = gm.graph.node_copy(inner, mapped.__getitem__)
    if inner.op == "get_attr":
        copy.target = f"{body}.{inner.target}"
    return copy


def _replace(graph: Graph, node: Node, results: Any) -> None:
    if isinstance(results, Node):
        node.replace_all_uses_with(results)
    for user in list(node.users):
        if user.target is not operator.getitem:
            raise TypeError(f"{user.name} uses all results of {node.name} at once")
        user.replace_all_uses_with(results[user.args[1]])
        graph.erase_node(user)
    graph.erase_node(node)
