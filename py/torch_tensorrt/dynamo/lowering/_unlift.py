"""A program's graph as a module with parameters as attributes; its code is made when it is first run."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, OutputKind
from torch.fx import Graph, GraphModule

_LIFTED = (InputKind.PARAMETER, InputKind.BUFFER, InputKind.CONSTANT_TENSOR)


def lazy_module(root: Any, graph: Graph, name: str) -> GraphModule:
    """A GraphModule that makes its Python code at its first run: passes change graphs much more often."""
    try:
        from torch.fx._lazy_graph_module import _LazyGraphModule
    except ImportError:
        return GraphModule(root, graph, name)
    return _LazyGraphModule(root, graph, name)


def unlifted(program: ExportedProgram) -> GraphModule:
    """The program's graph; nodes are copies, parameters are shared."""
    signature = program.graph_signature
    plain = all(s.kind is InputKind.USER_INPUT or s.kind in _LIFTED for s in signature.input_specs) and all(
        s.kind is OutputKind.USER_OUTPUT for s in signature.output_specs
    )
    codegen = _codegen(program) if plain else None
    if codegen is None:
        has_guards = "check_guards" in inspect.signature(program.module).parameters
        return program.module(**({"check_guards": False} if has_guards else {}))
    graph, attributes, mapped = Graph(), {}, {}
    placeholders = (n for n in program.graph.nodes if n.op == "placeholder")
    for node, spec in zip(placeholders, signature.input_specs, strict=True):
        if spec.kind in _LIFTED:
            attributes[spec.target] = _value(program, spec.target)
            mapped[node] = graph.get_attr(spec.target)
            mapped[node].meta = dict(node.meta)
    for node in program.graph.nodes:  # constants inside the graph module, such as submodules of control flow
        if node.op == "get_attr":
            attributes.setdefault(node.target, getattr(program.graph_module, node.target))
    results: Any = graph.graph_copy(program.graph, mapped)
    graph.output(tuple(results))
    graph._codegen = codegen
    module = lazy_module(attributes, graph, "Lowered")
    module._in_spec, module._out_spec = program.call_spec.in_spec, program.call_spec.out_spec
    module.meta.update(program.graph_module.meta)
    return module


def _value(program: ExportedProgram, name: str) -> torch.Tensor:
    return program.state_dict[name] if name in program.state_dict else program.constants[name]


def _codegen(program: ExportedProgram) -> Any:
    """What makes the module take and return the user's nested structures; None where torch has no way."""
    try:
        from torch.export._unlift import _get_codegen

        signature = program.module_call_graph[0].signature
        names = getattr(signature, "forward_arg_names", None) if signature else None
        return _get_codegen(program.call_spec.in_spec, program.call_spec.out_spec, names)
    except (ImportError, TypeError):
        return None
