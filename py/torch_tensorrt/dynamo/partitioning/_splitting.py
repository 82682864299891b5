"""Cuts a graph into submodules: one per group, called from a graph that keeps the inputs and results of the
whole.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from torch.fx import Graph, GraphModule, Node
from torch.fx.node import map_arg

from torch_tensorrt.dynamo.lowering._unlift import lazy_module
from torch_tensorrt.dynamo.lowering.passes.pass_utils import written_attributes
from torch_tensorrt.dynamo.partitioning._grouping import Group
from torch_tensorrt.dynamo.partitioning._support import is_symbolic


def split(gm: GraphModule, groups: list[Group]) -> GraphModule:
    """A graph module whose submodules `_run_on_acc_N` and `_run_on_gpu_N` hold the groups' nodes, in the
    order of groups.
    """
    return _Split(gm, groups).run()


class _Split:
    def __init__(self, gm: GraphModule, groups: list[Group]) -> None:
        self.gm = gm
        self.groups = groups
        self.home = {n: g for g, group in enumerate(groups) for n in group.nodes}
        self.written = written_attributes(gm)
        self.outer = Graph()
        self.outer._codegen = gm.graph._codegen
        self.mapped: dict[Node, Node] = {}
        self.modules: dict[str, GraphModule] = {}
        self.done: set[int] = set()

    def run(self) -> GraphModule:
        nodes = list(self.gm.graph.nodes)
        for node in nodes:
            if node.op == "placeholder":
                self.mapped[node] = self.outer.node_copy(node)
        for g in range(len(self.groups)):
            self._emit_group(g)
        for node in nodes:
            if node.op == "output":
                self._need(node.all_input_nodes)
                self.outer.output(map_arg(node.args[0], self.mapped.__getitem__)).meta = node.meta
        result = GraphModule({**self.modules, **self._attributes()}, self.outer, "CompiledModule")
        for name in ("_in_spec", "_out_spec"):
            if hasattr(self.gm, name):
                setattr(result, name, getattr(self.gm, name))
        result.meta = dict(self.gm.meta)
        return result

    def _attributes(self) -> dict[str, Any]:
        found = {}
        for node in self.outer.nodes:
            if node.op == "get_attr":
                value: Any = self.gm
                for part in str(node.target).split("."):
                    value = getattr(value, part)
                found[str(node.target)] = value
        return found

    def _need(self, nodes: Iterable[Node]) -> None:
        """Makes sure that the outer graph has these nodes."""
        stack = list(nodes)
        while stack:
            node = stack[-1]
            if node in self.mapped:
                stack.pop()
            elif node in self.home:
                self._emit_group(self.home[node])
                stack.pop()
            elif missing := [n for n in node.all_input_nodes if n not in self.mapped]:
                stack += missing
            else:
                self.mapped[node] = self.outer.node_copy(node, self.mapped.__getitem__)
                stack.pop()

    def _emit_group(self, g: int) -> None:
        if g in self.done:
            return
        self.done.add(g)
        part = _Part(self, self.groups[g])
        self._need(part.inputs)
        name = f"_run_on_{'acc' if self.groups[g].in_engine else 'gpu'}_{g}"
        self.modules[name] = part.module(name)
        call = self.outer.call_module(name, tuple(self.mapped[n] for n in part.inputs))
        values = tuple(n.meta.get("val") for n in part.outputs)
        call.meta["val"] = values[0] if len(values) == 1 else values
        for i, node in enumerate(part.outputs):
            found = call
            if len(part.outputs) > 1:
                found = self.outer.call_function(operator.getitem, (call, i))
                found.meta = {k: v for k, v in node.meta.items() if k in ("val", "tensor_meta")}
            self.mapped[node] = found


class _Part:
    """One group's graph: what comes from outside is a placeholder, lengths and constants are taken along."""

    def __init__(self, whole: _Split, group: Group) -> None:
        self.whole = whole
        self.members = set(group.nodes)
        self.in_engine = group.in_engine
        self.graph = Graph()
        self.inputs: list[Node] = []
        self.mapped: dict[Node, Node] = {}
        self._find_inputs(group.nodes)
        for node in self.inputs:
            placeholder = self.graph.placeholder(node.name)
            placeholder.meta = {k: v for k, v in node.meta.items() if k in ("val", "tensor_meta")}
            self.mapped[node] = placeholder
        for node in group.nodes:
            self._copy(node)
        self.outputs = [n for n in group.nodes if self._leaves(n)]
        results = tuple(self.mapped[n] for n in self.outputs)
        self.graph.output(results[0] if len(results) == 1 else results)

    def _travels(self, node: Node) -> bool:
        """Whether a node from outside is copied into the group instead of being handed to it."""
        return is_symbolic(node) or (node.op == "get_attr" and node.target not in self.whole.written)

    def _find_inputs(self, nodes: list[Node]) -> None:
        seen: set[Node] = set()
        stack = [n for node in reversed(nodes) for n in reversed(node.all_input_nodes)]
        while stack:
            node = stack.pop()
            if node in seen or node in self.members:
                continue
            seen.add(node)
            if self._travels(node):
                stack += reversed(node.all_input_nodes)
            else:
                self.inputs.append(node)

    def _copy(self, node: Node) -> Node:
        for needed in node.all_input_nodes:
            if needed not in self.mapped:
                self._copy(needed)
        self.mapped[node] = self.graph.node_copy(node, self.mapped.__getitem__)
        return self.mapped[node]

    def _leaves(self, node: Node) -> bool:
        return any(u not in self.members and self._used_outside(u) for u in node.users)

    def _used_outside(self, user: Node) -> bool:
        """Whether a user outside the group is real: a length that is only taken into this group is none."""
        if not is_symbolic(user):
            return True
        return any(u not in self.members and self._used_outside(u) for u in user.users)

    def module(self, name: str) -> GraphModule:
        """The group as a module; parameters are shared with the whole model."""
        make = lazy_module if self.in_engine else GraphModule
        return make(self.whole.gm, self.graph, name)
