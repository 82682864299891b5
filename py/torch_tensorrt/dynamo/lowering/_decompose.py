"""Decomposition of a program: node by node where few need it, by torch's whole retrace where many do.

Most operators have converters, so a typical program has next to nothing to decompose; a retrace costs as much
as the export.
"""

from __future__ import annotations

import logging
import operator
from typing import Any

import torch
from torch._dispatch.python import enable_python_dispatcher
from torch._subclasses.fake_tensor import FakeTensor
from torch.export import ExportedProgram
from torch.fx import GraphModule, Node
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree

from torch_tensorrt.dynamo.lowering._unlift import unlifted
from torch_tensorrt.dynamo.lowering.passes.pass_utils import is_mutable

logger = logging.getLogger(__name__)
Table = dict[Any, Any]

_FEW = 32
"""More nodes than this are decomposed by a retrace."""


def decompose(program: ExportedProgram, table: Table, apart: frozenset[Any] = frozenset()) -> GraphModule:
    """The program's graph without operators of the table, with parameters as attributes.

    `apart`: operators that may not stay either, although the table does not know them; a retrace takes them
    apart.
    """
    calls = [n for n in program.graph.nodes if n.op == "call_function"]
    writing = [n for n in calls if is_mutable(n)]
    retrace = any(n.target in apart and n.target not in table for n in calls)
    if not retrace and sum(n.target in table for n in calls) <= _FEW and all(_is_private(n) for n in writing):
        try:
            return _node_by_node(unlifted(program), table)
        except Exception as error:
            logger.debug("Decomposition node by node failed, torch retraces the program: %s", error)
    return unlifted(program.run_decompositions(table))


def _node_by_node(gm: GraphModule, table: Table) -> GraphModule:
    for node in list(gm.graph.nodes):
        if node.op == "call_function" and is_mutable(node):
            _make_functional(gm, node)
    while hits := [n for n in gm.graph.nodes if n.op == "call_function" and n.target in table]:
        for node in hits:
            _expand(gm, node, table)
    gm.recompile()
    return gm


def _is_view(node: Node) -> bool:
    """Whether a result shares memory with an argument (or is taken out of one that may)."""
    if node.op != "call_function" or node.target is operator.getitem:
        return True
    schema = getattr(node.target, "_schema", None)
    return schema is None or any(r.alias_info is not None for r in schema.returns)


def _is_private(node: Node) -> bool:
    """Whether a write like x.add_(y) is seen by nobody but the node's own users: x was just computed and
    has no views.
    """
    target = node.args[0] if node.args else None
    if _functional_twin(node) is None or not isinstance(target, Node) or _is_view(target):
        return False
    return not any(_is_view(u) for u in target.users if u is not node and u.op == "call_function")


def _functional_twin(node: Node) -> Any:
    """add.Tensor for add_.Tensor; None where there is none with the same arguments."""
    target: Any = node.target
    name, overload = target._schema.name.removeprefix("aten::"), target._overloadname
    writes = [a for a in target._schema.arguments if a.alias_info is not None and a.alias_info.is_write]
    if not name.endswith("_") or len(writes) != 1 or target.namespace != "aten":
        return None
    return getattr(getattr(torch.ops.aten, name.removesuffix("_"), None), overload, None)


def _make_functional(gm: GraphModule, node: Node) -> None:
    """x.add_(y)  ->  x2 = x + y, and x2 for x from there on"""
    twin, written = _functional_twin(node), node.args[0]
    later, seen = set(), False
    for other in gm.graph.nodes:
        if seen:
            later.add(other)
        seen = seen or other is node
    node.target = twin
    written.replace_all_uses_with(node, delete_user_cb=lambda user: user in later)  # type: ignore[union-attr]
    value = node.meta["val"]
    if isinstance(value, torch.Tensor) and value.dtype != written.meta["val"].dtype:  # type: ignore[union-attr]
        raise TypeError(f"{twin} does not keep the type of what {node.name} writes to")


def _expand(gm: GraphModule, node: Node, table: Table) -> None:
    """Puts what an operator is made of in its place."""
    leaves, spec = _pytree.tree_flatten((node.args, node.kwargs))
    given = list(dict.fromkeys(leaf for leaf in leaves if isinstance(leaf, Node)))

    def body(*values: Any) -> Any:
        by_node = dict(zip(given, values, strict=True))
        filled = [by_node[x] if isinstance(x, Node) else x for x in leaves]
        args, kwargs = _pytree.tree_unflatten(filled, spec)
        return table[node.target](*args, **kwargs)

    fakes = [n.meta["val"] for n in given]
    mode = next((f.fake_mode for f in fakes if isinstance(f, FakeTensor)), None)
    if mode is None:
        raise TypeError(f"{node.name} has no tensor argument")
    with mode, enable_python_dispatcher():
        inner = make_fx(body, decomposition_table=table)(*fakes)
    _inline(gm, node, inner, given)


def _inline(gm: GraphModule, node: Node, inner: GraphModule, given: list[Node]) -> None:
    mapped: dict[Node, Any] = {}
    places = iter(given)
    kept = {k: v for k, v in node.meta.items() if k in ("nn_module_stack", "stack_trace", "from_node")}
    with gm.graph.inserting_before(node):
        for part in inner.graph.nodes:
            if part.op == "placeholder":
                mapped[part] = next(places)
            elif part.op == "output":
                _replace(gm, node, torch.fx.map_arg(part.args[0], mapped.__getitem__))
            else:
                copy = gm.graph.node_copy(part, mapped.__getitem__)
                copy.meta = {**part.meta, **kept}
                if part.op == "get_attr":
                    copy.target = f"_{node.name}_{part.target}"
                    gm.register_buffer(copy.target, getattr(inner, str(part.target)))
                mapped[part] = copy


def _replace(gm: GraphModule, node: Node, result: Any) -> None:
    if isinstance(result, Node):
        node.replace_all_uses_with(result)
    else:
        for user in list(node.users):
            if user.target is not operator.getitem:
                raise TypeError(f"{user.name} uses all results of {node.name} at once")
            user.replace_all_uses_with(result[user.args[1]])
            gm.graph.erase_node(user)
    gm.graph.erase_node(node)
