"""Nodes whose arguments are all constants are computed now, by torch, in their own types."""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch.fx import GraphModule, Node
from torch.utils._python_dispatch import _disable_current_modes

from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.lowering.passes.pass_utils import (
    attribute,
    clean_up_graph_after_modifications,
    is_mutable,
    written_attributes,
)

logger = logging.getLogger(__name__)
_BIGGEST_GROWTH = 16 * 1024 * 1024
"""A fold may make at most this many bytes more than went into it."""


def constant_fold(gm: GraphModule, settings: CompilationSettings) -> GraphModule:
    """f(constants)  ->  _frozen_param<N>

    Valid for functions without side effects, randomness or run-time lengths; parameters that a node writes to
    are no constants.
    """
    folds = _Folds(gm)
    for node in list(gm.graph.nodes):
        folds.visit(node)
    return clean_up_graph_after_modifications(gm) if folds.replace() else gm


class _Folds:
    def __init__(self, gm: GraphModule) -> None:
        self.gm = gm
        self.written = written_attributes(gm)
        self.values: dict[Node, Any] = {}
        self.sources: dict[Node, tuple[str, ...]] = {}

    def visit(self, node: Node) -> None:
        """Computes the node if everything it needs is known."""
        if node.op == "get_attr" and node.target not in self.written:
            value = attribute(self.gm, str(node.target))
            if isinstance(value, torch.Tensor):
                self.values[node] = value
                self.sources[node] = (node.meta.get("source", str(node.target)),)
        elif node.op == "call_function" and self._foldable(node):
            self._compute(node)

    def _foldable(self, node: Node) -> bool:
        if any(n not in self.values for n in node.all_input_nodes) or is_mutable(node):
            return False
        if isinstance(node.target, torch._ops.OpOverload):
            if torch.Tag.nondeterministic_seeded in node.target.tags or node.target.namespace not in (
                "aten",
                "prims",
            ):
                return False
        grown = _bytes(node.meta.get("val")) - sum(_bytes(self.values[n]) for n in node.all_input_nodes)
        return grown <= _BIGGEST_GROWTH and _is_static(node.meta.get("val"))

    def _compute(self, node: Node) -> None:
        look_up = self.values.__getitem__
        args, kwargs = torch.fx.map_arg(node.args, look_up), torch.fx.map_arg(node.kwargs, look_up)
        try:
            with torch.no_grad(), _disable_current_modes():
                self.values[node] = node.target(*args, **kwargs)  # type: ignore[operator]
        except Exception as error:  # what cannot be computed now is computed at run time
            logger.debug("%s was not folded: %s", node.name, error)
            return
        self.sources[node] = tuple(dict.fromkeys(s for n in node.all_input_nodes for s in self.sources[n]))

    def replace(self) -> bool:
        """Puts a constant in the place of each computed tensor that the rest of the graph uses."""
        made = [n for n in self.values if n.op == "call_function"]
        count = 0
        for node in made:
            value = self.values[node]
            if isinstance(value, torch.Tensor) and any(u not in self.values for u in node.users):
                while hasattr(self.gm, f"_frozen_param{count}"):
                    count += 1
                self._put(node, f"_frozen_param{count}", value)
        return bool(made)

    def _put(self, node: Node, name: str, value: torch.Tensor) -> None:
        self.gm.register_buffer(name, value.detach())
        with self.gm.graph.inserting_before(node):
            constant = self.gm.graph.get_attr(name)
        constant.meta = {**node.meta, "source": ", ".join(self.sources[node]) or node.name}
        node.replace_all_uses_with(constant, delete_user_cb=lambda user: user not in self.values)


def _bytes(value: Any) -> int:
    if isinstance(value, (tuple, list)):
        return sum(_bytes(v) for v in value)
    return (
        value.numel() * value.element_size() if isinstance(value, torch.Tensor) and _is_static(value) else 0
    )


def _is_static(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(_is_static(v) for v in value)
    if isinstance(value, torch.Tensor):
        return all(isinstance(n, int) for n in value.shape)
    return not isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool))
