"""Parameters that torch.compile hands over as inputs become constants again; open lengths get a limit with
a guard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy
import torch
from torch.fx import GraphModule

from torch_tensorrt.dynamo.partitioning import SymbolRanges
from torch_tensorrt.dynamo.partitioning._ranges import finite

_GROWTH = 4
_LEAST_LIMIT = 64
_NO_LIMIT = 2**31


def static_inputs(gm: GraphModule, sample_inputs: Sequence[Any]) -> set[int]:
    """Positions of inputs that are parameters or buffers of the user's module."""
    found = set()
    for i, (node, value) in enumerate(
        zip([n for n in gm.graph.nodes if n.op == "placeholder"], sample_inputs, strict=False)
    ):
        if (
            isinstance(value, torch.nn.Parameter)
            or getattr(value, "_dynamo_static_input_type", None) is not None
        ):
            found.add(i)
        elif isinstance(value, torch.Tensor) and _is_module_state(node):
            found.add(i)
    return found


def _is_module_state(node: Any) -> bool:
    source = getattr(node.meta.get("grapharg"), "source", None)
    guard = source.guard_source if source is not None else None
    guard = guard() if callable(guard) else guard
    names = ("is_unspecialized_nn_module", "is_specialized_nn_module")
    return any(callable(getattr(guard, n, None)) and getattr(guard, n)() for n in names)


def bake_static_inputs(gm: GraphModule, sample_inputs: Sequence[Any], static: set[int]) -> GraphModule:
    """The graph with these inputs as constants of their present values."""
    for i, node in enumerate([n for n in gm.graph.nodes if n.op == "placeholder"]):
        if i not in static:
            continue
        name = f"_param_{i}"
        gm.register_buffer(name, sample_inputs[i].detach())
        with gm.graph.inserting_before(node):
            constant = gm.graph.get_attr(name)
        constant.meta = {**node.meta, "source": node.name}
        node.replace_all_uses_with(constant)
        gm.graph.erase_node(node)
    gm.graph.lint()
    gm.recompile()
    return gm


def length_guards(gm: GraphModule) -> SymbolRanges:
    """Ranges for lengths without a limit: several times the present one. A guard makes torch.compile start
    again beyond it.
    """
    ranges = SymbolRanges()
    for node in gm.graph.nodes:
        if node.op != "placeholder":
            continue
        value = node.meta.get("val")
        lengths = value.shape if isinstance(value, torch.Tensor) else [value]
        for length in lengths:
            if isinstance(length, torch.SymInt) and isinstance(length.node.expr, sympy.Symbol):
                _limit(ranges, length)
    return ranges


def _limit(ranges: SymbolRanges, length: torch.SymInt) -> None:
    symbol, env = length.node.expr, length.node.shape_env
    bounds = env.var_to_range[symbol]
    hint = length.node.hint
    if symbol in ranges.given or hint is None:
        return
    low, high = finite(bounds.lower, 2), finite(bounds.upper, _NO_LIMIT)
    if high >= _NO_LIMIT:
        high = max(int(hint) * _GROWTH, _LEAST_LIMIT)
        torch._check(length <= high)
        bool(length <= high)
    ranges.given[symbol] = (min(low, int(hint)), int(hint), high)
