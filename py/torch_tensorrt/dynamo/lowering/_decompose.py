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
from torch.export import ExportedProgram
from torch.fx import GraphModule, Node
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import free_unbacked_symbols
from torch.utils import _pytree

from torch_tensorrt.dynamo.conversion._registry import TABLE
from torch_tensorrt.dynamo.lowering._decomposition_groups import torch_disabled_decompositions
from torch_tensorrt.dynamo.lowering._lstm_states import correct_lstm_states
from torch_tensorrt.dynamo.lowering._regions import calls, casts_by_itself, inline_regions
from torch_tensorrt.dynamo.lowering._unlift import unlifted
from torch_tensorrt.dynamo.lowering.passes.pass_utils import fake_mode_of, is_mutable, replace_by_results
from torch_tensorrt.dynamo.lowering.passes.remove_detach import remove_detach

logger = logging.getLogger(__name__)
aten = torch.ops.aten
Table = dict[Any, Any]

_FEW = 32
"""Where more operators than this, and more than a quarter of all, are to be decomposed, a retrace does it."""


def decompose(program: ExportedProgram, table: Table, apart: frozenset[Any] = frozenset()) -> GraphModule:
    """The program's graph without operators of the table, with parameters as attributes.

    `apart`: operators that may not stay either, although the table does not know them; a retrace takes them
    apart.
    """
    found = calls(program.graph_module)
    retrace = any(n.target in apart and n.target not in table for n in found)
    retrace = retrace or casts_by_itself(program.graph_module)
    if not retrace:
        try:
            return _node_by_node(unlifted(program), table)
        except Exception as error:
            logger.debug("Decomposition node by node failed, torch retraces the program: %s", error)
    gm = unlifted(program.run_decompositions({**_RETURNS_ARGUMENT, **table}))
    correct_lstm_states(gm)
    return gm


_RETURNS_ARGUMENT: Table = {
    op: op.decompose
    for op in (
        aten.dropout.default,
        aten.feature_dropout.default,
        aten.alpha_dropout.default,
        aten.type_as.default,
    )
}
"""Operators that may return their argument although their schemas do not say so: torch must see what they are
made of, or a write to their result is none to their argument.
"""


def _node_by_node(gm: GraphModule, table: Table) -> GraphModule:
    inline_regions(gm)
    correct_lstm_states(gm)
    remove_detach(gm)
    for node in list(gm.graph.nodes):
        if node.op == "call_function" and is_mutable(node):
            if not _is_private(node):
                raise TypeError(f"what {node.name} writes to may be seen elsewhere")
            _make_functional(gm, node)
    traced: dict[str, GraphModule] = {}
    rest = max(_FEW, len(gm.graph.nodes) // 4)
    while hits := [n for n in gm.graph.nodes if n.op == "call_function" and made_of(n.target, table)]:
        rest -= len(hits)
        if rest < 0:
            raise TypeError(f"it has many operators to decompose, {hits[0].target} among them")
        for node in hits:
            _expand(gm, node, table, traced)
    gm.recompile()
    return gm


_NEW: frozenset[Any] = frozenset(
    {
        aten.linear.default,
        aten.matmul.default,
        aten.batch_norm.default,
        aten.layer_norm.default,
        aten.group_norm.default,
        aten.instance_norm.default,
        aten.softmax.int,
        aten.scaled_dot_product_attention.default,
        *(getattr(aten, f"conv{n}d").default for n in (1, 2, 3)),
        *(getattr(aten, f"conv{n}d").padding for n in (1, 2, 3)),
        aten.conv_transpose1d.default,
        aten.conv_transpose2d.input,
        aten.conv_transpose3d.input,
        aten.adaptive_avg_pool2d.default,
        aten.max_pool2d.default,
    }
)
"""Composed operators whose results are new tensors; others, such as dropout outside training, may return an
argument, and their schemas do not say so.
"""


def _is_view(node: Node) -> bool:
    """Whether a result may share memory with an argument (or is taken out of one that may)."""
    if node.op != "call_function" or not isinstance(node.target, torch._ops.OpOverload):
        return True
    if any(r.alias_info is not None for r in node.target._schema.returns):
        return True
    return _is_composed(node.target) and node.target not in _NEW


def _is_private(node: Node) -> bool:
    """Whether a write like x.add_(y) is seen by nobody but the node's own users: x was just computed and
    nothing else looks at its memory.
    """
    target = node.args[0] if node.args else None
    if _functional_twin(node) is None or not isinstance(target, Node):
        return False
    if any(_is_view(u) for u in target.users if u is not node and u.op == "call_function"):
        return False
    while _is_view(target):
        if target.op != "call_function" or target.target is operator.getitem or len(target.args) == 0:
            return False
        source = target.args[0]
        if not isinstance(source, Node) or target.all_input_nodes != [source] or len(source.users) > 1:
            return False
        target = source
    return True


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


def made_of(target: Any, table: Table) -> Any:
    """What an operator is decomposed by, or None. Torch's tables leave out composed operators that give views
    of their arguments, such as movedim: a retrace sees through them.
    """
    if target in table:
        return table[target]
    if not isinstance(target, torch._ops.OpOverload) or target in TABLE:
        return None
    return target.decompose if _is_composed(target) and target not in torch_disabled_decompositions else None


def _is_composed(target: torch._ops.OpOverload) -> bool:
    return torch._C._dispatch_has_kernel_for_dispatch_key(target.name(), "CompositeImplicitAutograd")


def _expand(gm: GraphModule, node: Node, table: Table, traced: dict[str, GraphModule]) -> None:
    """Puts what an operator is made of in its place; equal calls are `traced` once."""
    leaves, spec = _pytree.tree_flatten((node.args, node.kwargs))
    given = list(dict.fromkeys(leaf for leaf in leaves if isinstance(leaf, Node)))
    shown = [_shown(given.index(x), x) if isinstance(x, Node) else f"{type(x)} {x}" for x in leaves]
    key = f"{node.target} {spec} {shown}"
    inner = traced.get(key)
    if inner is None:
        inner = _traced(node, made_of(node.target, table), leaves, spec, given, table)
        if not _has_own_lengths(inner):
            traced[key] = inner
    _inline(gm, node, inner, given)


def _has_own_lengths(inner: GraphModule) -> bool:
    """Whether lengths in it depend on values: those of another call are others."""
    return any(free_unbacked_symbols(n.meta.get("val")) for n in inner.graph.nodes)


def _shown(place: int, node: Node) -> str:
    """What tells arguments apart for a decomposition."""
    value = node.meta["val"]
    if not isinstance(value, torch.Tensor):
        return f"{place} {type(value)} {value}"
    return f"{place} {value.dtype} {tuple(value.shape)} {value.stride()} {value.device}"


def _traced(
    node: Node, function: Any, leaves: list[Any], spec: Any, given: list[Node], table: Table
) -> GraphModule:
    def body(*values: Any) -> Any:
        by_node = dict(zip(given, values, strict=True))
        filled = [by_node[x] if isinstance(x, Node) else x for x in leaves]
        args, kwargs = _pytree.tree_unflatten(filled, spec)
        return function(*args, **kwargs)

    fakes = [n.meta["val"] for n in given]
    mode = fake_mode_of(fakes)
    if mode is None:
        raise TypeError(f"{node.name} has no tensor argument")
    with mode, enable_python_dispatcher():
        inner = make_fx(body, decomposition_table=table)(*fakes)
    if any(is_mutable(n) for n in inner.graph.nodes):
        raise TypeError(f"{node.target} is made of operators that write to their arguments")
    return inner


def _inline(gm: GraphModule, node: Node, inner: GraphModule, given: list[Node]) -> None:
    mapped: dict[Node, Any] = {}
    places = iter(given)
    kept = {k: v for k, v in node.meta.items() if k in ("nn_module_stack", "stack_trace", "from_node")}
    with gm.graph.inserting_before(node):
        for part in inner.graph.nodes:
            if part.op == "placeholder":
                mapped[part] = next(places)
            elif part.op == "output":
                replace_by_results(node, torch.fx.map_arg(part.args[0], mapped.__getitem__))
            else:
                copy = gm.graph.node_copy(part, mapped.__getitem__)
                copy.meta = {**part.meta, **kept}
                if part.op == "get_attr":
                    copy.target = f"_{node.name}_{part.target}"
                    gm.register_buffer(copy.target, getattr(inner, str(part.target)))
                mapped[part] = copy
