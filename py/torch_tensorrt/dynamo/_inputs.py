"""The user's inputs against what the exported program was made for: count, names, types, ranks, lengths,
devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind

from torch_tensorrt._enums import dtype as Dtype
from torch_tensorrt._errors import InputError
from torch_tensorrt._Input import Input
from torch_tensorrt.dynamo.conversion._source import describe
from torch_tensorrt.dynamo.partitioning import SymbolRanges
from torch_tensorrt.dynamo.utils import prepare_inputs

_PYTREE = torch.utils._pytree


def placeholders(program: ExportedProgram) -> dict[str, Any]:
    """The user's inputs of a program: name -> what export knows of it (numbers are constants)."""
    known = {n.name: n.meta.get("val") for n in program.graph.nodes if n.op == "placeholder"}
    given = [s.arg for s in program.graph_signature.input_specs if s.kind is InputKind.USER_INPUT]
    return {a.name: known.get(a.name, getattr(a, "value", None)) for a in given}


def checked_ranges(
    program: ExportedProgram, args: Sequence[Any] | None, kwargs: dict[str, Any] | None
) -> SymbolRanges:
    """Ranges of the program's symbols as the user's Inputs give them; raises InputError for inputs that do
    not fit.
    """
    ranges = SymbolRanges()
    if args is None and kwargs is None:
        return ranges
    expected = placeholders(program)
    specs = _flat(program, prepare_inputs(args), prepare_inputs(kwargs or {}))
    if len(specs) != len(expected):
        raise InputError(
            f"{len(specs)} inputs were given to compile with\n  at the inputs of the exported program\n"
            f"  expected {len(expected)}: {', '.join(f'{n} ({describe(v)})' for n, v in expected.items())}\n"
            f"  To go on: give one for each, nested as the module's forward takes them"
        )
    for spec, (name, value) in zip(specs, expected.items(), strict=False):
        if isinstance(spec, Input):
            _check(name, spec, value)
            ranges.learn(value, spec)
    return ranges


def _flat(program: ExportedProgram, args: Any, kwargs: dict[str, Any]) -> list[Any]:
    """Leaves in the order of the program's placeholders."""
    positional = tuple(args) if isinstance(args, (list, tuple)) else () if args is None else (args,)
    names = (
        program.call_spec.in_spec.child(1).context if hasattr(program.call_spec.in_spec, "child") else None
    )
    if names is None:
        names = program.call_spec.in_spec.children_specs[1].context
    if set(names) != set(kwargs) and kwargs:
        raise InputError(
            f"The keyword inputs are {sorted(kwargs)}\n  at the inputs of the exported program\n"
            f"  expected {sorted(names)}\n"
            f"  To go on: give kwarg_inputs with exactly these names"
        )
    ordered = [kwargs[k] for k in names if k in kwargs]
    return _PYTREE.tree_leaves((positional, ordered), is_leaf=lambda x: isinstance(x, Input))


def _check(name: str, spec: Input, value: Any) -> None:
    if not isinstance(value, torch.Tensor):
        return
    declared = None if spec.dtype == Dtype.unknown else spec.dtype.to(torch.dtype)
    if declared is not None and declared != value.dtype:
        raise _wrong(
            name,
            f"has dtype {declared}",
            value,
            f"cast it (.to({value.dtype})), or export the model again for {declared}",
        )
    corner = spec.shape if not isinstance(spec.shape, dict) else spec.shape["opt_shape"]
    if spec.is_shape_tensor:
        return
    if len(corner) != value.dim():
        raise _wrong(name, f"has rank {len(corner)} (shape {tuple(corner)})", value, "reshape it")
    _check_lengths(name, spec, value)
    example = spec._given_example
    if example is not None and example.device.type != value.device.type:
        raise _wrong(name, f"is on {example.device}", value, f"move it to {value.device}")


def _check_lengths(name: str, spec: Input, value: torch.Tensor) -> None:
    low, high = (
        (spec.shape["min_shape"], spec.shape["max_shape"])
        if isinstance(spec.shape, dict)
        else (spec.shape,) * 2
    )
    for axis, length in enumerate(value.shape):
        if isinstance(length, int):
            if (low[axis], high[axis]) != (length, length):
                shown = str(low[axis]) if low[axis] == high[axis] else f"{low[axis]}..{high[axis]}"
                way = f"export with a dynamic length for axis {axis}, or give the length {length}"
                raise _wrong(name, f"has length {shown} at axis {axis}", value, way)


def _wrong(name: str, actual: str, value: torch.Tensor, way: str) -> InputError:
    return InputError(
        f"Input '{name}' {actual}\n  at the inputs of the exported program\n"
        f"  expected {describe(value)} on {value.device}\n  To go on: {way}"
    )
