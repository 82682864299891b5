"""Which supported nodes share an engine: one walk over the graph by levels, or torch's global search."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch.fx import GraphModule, Node
from torch.fx.passes.infra.partitioner import CapabilityBasedPartitioner
from torch.fx.passes.operator_support import OperatorSupportBase

from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.lowering.passes.pass_utils import is_mutable
from torch_tensorrt.dynamo.partitioning._support import Support, is_compute, is_symbolic


@dataclass
class Group:
    """Nodes that become one submodule."""

    in_engine: bool
    nodes: list[Node] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(is_compute(n) for n in self.nodes)


def group_by_levels(gm: GraphModule, support: Support, settings: CompilationSettings) -> list[Group]:
    """Engines and PyTorch parts in turns.

    A node's level is the number of changes between PyTorch and engine on the longest way to it. Nodes of one
    level and kind never
    wait for each other through another level, so each level is one group, and groups run in the order of
    their levels.
    """
    smallest = 1 if settings.require_full_compilation else settings.min_block_size
    while True:
        groups = _levels(gm, support)
        small = [g for g in groups if g.in_engine and g.size < smallest]
        if not small:
            return groups
        # Only the smallest goes at a time: its nodes may join parts of PyTorch and let other engines grow
        # together.
        least = min(small, key=lambda g: g.size)
        for node in least.nodes:
            support.reject(
                node, f"its engine would have {least.size} operators, fewer than min_block_size={smallest}"
            )


def _levels(gm: GraphModule, support: Support) -> list[Group]:
    level: dict[Node, int] = {}
    found: dict[int, Group] = {}
    last: list[Node] = []
    for node in gm.graph.nodes:
        if node.op != "call_function":
            level[node] = -1
        elif is_symbolic(node):
            # Lengths are computed again in every group that uses them, so they only pass on what they wait
            # for.
            level[node] = max((level[n] for n in node.all_input_nodes), default=-1)
        elif is_mutable(node):
            last.append(node)
        else:
            level[node] = _level(node, level, node in support.converters)
            found.setdefault(level[node], Group(node in support.converters)).nodes.append(node)
    groups = [found[i] for i in sorted(found)]
    if last:  # what writes to a parameter runs after everything that may read it
        if not groups or groups[-1].in_engine:
            groups.append(Group(False))
        groups[-1].nodes += last
    return groups


def _level(node: Node, level: dict[Node, int], in_engine: bool) -> int:
    """Even levels are PyTorch, odd ones engines."""
    wanted = 1 if in_engine else 0
    highest = max((level.get(n, -1) for n in node.all_input_nodes), default=-1)
    highest = max(highest, wanted)
    return highest if highest % 2 == wanted else highest + 1


class _Supported(OperatorSupportBase):
    def __init__(self, support: Support) -> None:
        self.support = support

    def is_node_supported(self, submodules: Any, node: Node) -> bool:
        return node in self.support.converters and not is_symbolic(node)


def group_globally(gm: GraphModule, support: Support, settings: CompilationSettings) -> list[Group]:
    """Engines by torch's search over the whole graph; the rest of the graph is left where it is."""
    smallest = 1 if settings.require_full_compilation else settings.min_block_size
    partitioner = CapabilityBasedPartitioner(gm, _Supported(support), allows_single_node_partition=True)
    order = {n: i for i, n in enumerate(gm.graph.nodes)}
    groups = []
    for partition in partitioner.propose_partitions():
        group = Group(
            True, sorted((n for n in partition.nodes if n.op == "call_function"), key=order.__getitem__)
        )
        if group.size >= smallest:
            groups.append(group)
            continue
        for node in group.nodes:
            support.reject(
                node, f"its engine would have {group.size} operators, fewer than min_block_size={smallest}"
            )
    return sorted(groups, key=lambda g: order[g.nodes[0]])
