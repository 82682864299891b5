"""A compiled module as an exported program: its engines become calls of `tensorrt::execute_engine`."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch.export import Dim, ExportedProgram
from torch.export import export as torch_export
from torch.fx import GraphModule
from torch.utils import _pytree as pytree

from torch_tensorrt._errors import InputError
from torch_tensorrt._Input import Input

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def export(
    gm: GraphModule,
    *,
    arg_inputs: Any = None,
    kwarg_inputs: Any = None,
    dynamic_shapes: Any = None,
    cross_compile_module: bool = False,
    use_legacy_exporter: bool = False,
) -> ExportedProgram:
    """Exports a compiled module.

    Without inputs those are taken that it was compiled with. Axes that were dynamic at compilation, or are in
    the given `Input`s, stay dynamic, unless `dynamic_shapes` (as for torch.export) says otherwise.
    `use_legacy_exporter` is accepted: there is one exporter.
    """
    if cross_compile_module:
        raise NotImplementedError("cross-compiled modules cannot be made here; export for this platform")
    given = arg_inputs is not None or bool(kwarg_inputs)
    specs = (_as_tuple(arg_inputs), dict(kwarg_inputs or {})) if given else compiled_inputs(gm)
    if dynamic_shapes is None:
        dynamic_shapes = _dynamic_shapes(gm, specs)
    args, kwargs = pytree.tree_map(_example, specs, is_leaf=_is_spec)
    with torch.no_grad():
        return torch_export(gm, args, kwargs, dynamic_shapes=dynamic_shapes, strict=False)


def _is_spec(value: Any) -> bool:
    return isinstance(value, Input)


def _as_tuple(args: Any) -> tuple[Any, ...]:
    return () if args is None else tuple(args) if isinstance(args, (list, tuple)) else (args,)


def _example(spec: Any) -> Any:
    return spec.torch_tensor if isinstance(spec, Input) else spec


def _placeholder_values(gm: GraphModule) -> list[Any]:
    """What the module was compiled for: fake tensors and numbers, in the order of its flattened arguments."""
    return [node.meta.get("val") for node in gm.graph.nodes if node.op == "placeholder"]


def compiled_inputs(gm: Any) -> Arguments:
    """Arguments of the types and usual shapes that a module was compiled for; their values are zeros."""
    values = _placeholder_values(gm) if isinstance(gm, GraphModule) else [None]
    if any(value is None for value in values):
        raise InputError(
            "the inputs of the module are not known\n"
            "  Give them to save or export: inputs=[...], tensors or torch_tensorrt.Input"
        )
    leaves = [_real(value) for value in values]
    codegen = gm.graph._codegen
    if getattr(codegen, "pytree_info", None) is None:
        return tuple(leaves), {}
    args, kwargs = pytree.tree_unflatten(leaves, codegen.pytree_info.in_spec)
    return tuple(args), dict(kwargs)


def _real(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return torch.zeros([_hint(size) for size in value.shape], dtype=value.dtype, device=value.device)
    return _hint(value)


def _hint(size: Any) -> Any:
    """The length that a symbol stood for when the module was made."""
    return size.node.hint if isinstance(size, (torch.SymInt, torch.SymFloat, torch.SymBool)) else size


def _dynamic_shapes(gm: GraphModule, specs: Arguments) -> Any:
    """torch.export's `dynamic_shapes`: axes dynamic in the graph or the Inputs, nested as the arguments."""
    leaves, structure = pytree.tree_flatten(specs, is_leaf=_is_spec)
    values = _placeholder_values(gm)
    if len(values) != len(leaves):
        return None  # export says what is wrong with the inputs
    rows = [_dynamic_axes(leaf, value) for leaf, value in zip(leaves, values, strict=True)]
    if not any(rows):
        return None
    return _by_parameter(gm, *pytree.tree_unflatten(rows, structure))


def _dynamic_axes(spec: Any, compiled: Any) -> Any:
    if isinstance(compiled, torch.SymInt):
        return Dim.AUTO
    found = compiled.shape if isinstance(compiled, torch.Tensor) else ()
    axes = {axis for axis, size in enumerate(found) if isinstance(size, torch.SymInt)}
    if isinstance(spec, Input) and isinstance(spec.shape, dict):
        low, high = spec.shape["min_shape"], spec.shape["max_shape"]
        axes |= {axis for axis, ends in enumerate(zip(low, high, strict=True)) if ends[0] != ends[1]}
    return dict.fromkeys(sorted(axes), Dim.AUTO) or None


def _by_parameter(gm: GraphModule, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return (*args, *kwargs.values()) if not kwargs else {**_names(gm, args), **kwargs}


def _names(gm: GraphModule, args: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(inspect.signature(gm.forward).parameters, args, strict=False))
