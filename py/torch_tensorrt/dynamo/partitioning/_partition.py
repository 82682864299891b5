"""Partitioning in one call: support, groups, submodules, and what the report says about them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from torch.fx import GraphModule, Node
from torch.fx.node import Target

from torch_tensorrt._errors import UnsupportedOperatorError
from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.conversion._source import describe, source_of
from torch_tensorrt.dynamo.partitioning._grouping import Group, group_by_levels, group_globally
from torch_tensorrt.dynamo.partitioning._splitting import split
from torch_tensorrt.dynamo.partitioning._support import Support, find_support, is_compute

logger = logging.getLogger(__name__)


@dataclass
class Partition:
    """A graph cut into engines and PyTorch parts."""

    module: GraphModule
    groups: list[Group]
    support: Support
    operators: int
    """Operators in the whole graph."""
    in_engines: int
    """Operators that became part of an engine."""
    supported: int = 0
    """Operators that an engine could take, before min_block_size."""
    left_out: list[tuple[Node, str]] = field(default_factory=list)
    """Operators in PyTorch, and why."""

    @property
    def engines(self) -> list[Group]:
        return [g for g in self.groups if g.in_engine]


def partition(gm: GraphModule, settings: CompilationSettings) -> Partition:
    """Cuts the graph; `require_full_compilation` raises for the first operators that have to stay in
    PyTorch.
    """
    support = find_support(gm, settings)
    compute = [n for n in gm.graph.nodes if is_compute(n)]
    supported = sum(n in support.converters for n in compute)
    if settings.require_full_compilation and (missing := [n for n in compute if n in support.reasons]):
        raise unsupported(missing, support)
    grouping = group_by_levels if settings.use_fast_partitioner else group_globally
    groups = grouping(gm, support, settings)
    left_out = [(n, support.reasons[n]) for n in compute if n in support.reasons]
    return Partition(
        split(gm, groups), groups, support, len(compute), len(compute) - len(left_out), supported, left_out
    )


def unsupported(missing: list[Node], support: Support) -> UnsupportedOperatorError:
    """The error of a full compilation: the first operator in detail, the others by name."""
    first = missing[0]
    others = Counter(str(n.target) for n in missing[1:])
    more = f"\n  and also: {', '.join(f'{t} ({n}x)' for t, n in others.items())}" if others else ""
    targets = ", ".join(f"'{t}'" for t in dict.fromkeys(str(n.target) for n in missing))
    return UnsupportedOperatorError(
        f"{first.target} cannot be converted: {support.reasons[first]}\n"
        f"  at {source_of(first)}\n"
        f"  inputs {describe(list(first.args))}{more}\n"
        f"  To leave it in PyTorch: require_full_compilation=False (and torch_executed_ops={{{targets}}} "
        "to say so)"
    )


def fast_partition(
    gm: GraphModule,
    min_block_size: int = 5,
    torch_executed_ops: Collection[Target | str] = frozenset(),
    require_full_compilation: bool = False,
    skip_fusion: bool = False,
) -> tuple[GraphModule, Partition]:
    """Engines by one walk over the graph."""
    settings = _settings(min_block_size, torch_executed_ops, require_full_compilation)
    found = partition(gm, settings)
    return found.module, found


def global_partition(
    gm: GraphModule,
    min_block_size: int = 5,
    torch_executed_ops: Collection[Target | str] = frozenset(),
    require_full_compilation: bool = False,
) -> tuple[GraphModule, Partition]:
    """Engines by the search over the whole graph."""
    settings = _settings(
        min_block_size, torch_executed_ops, require_full_compilation, use_fast_partitioner=False
    )
    found = partition(gm, settings)
    return found.module, found


def _settings(min_block_size: int, ops: Collection[Any], full: bool, **more: Any) -> CompilationSettings:
    return CompilationSettings(
        min_block_size=min_block_size, torch_executed_ops=set(ops), require_full_compilation=full, **more
    )


def get_graph_converter_support(
    graph_module: GraphModule, torch_executed_ops: Collection[Target | str] = frozenset()
) -> tuple[int, int]:
    """(operators with a converter, all operators)"""
    support = find_support(graph_module, CompilationSettings(torch_executed_ops=set(torch_executed_ops)))
    compute = [n for n in graph_module.graph.nodes if is_compute(n)]
    return sum(n in support.converters for n in compute), len(compute)
