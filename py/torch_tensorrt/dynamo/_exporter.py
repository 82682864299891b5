"""A compiled module as an exported program."""

from __future__ import annotations

from typing import Any

from torch.export import ExportedProgram
from torch.export import export as torch_export
from torch.fx import GraphModule


def export(
    gm: GraphModule,
    *,
    arg_inputs: Any = None,
    kwarg_inputs: Any = None,
    dynamic_shapes: Any = None,
    cross_compile_module: bool = False,
    use_legacy_exporter: bool = False,
) -> ExportedProgram:
    """Exports a compiled module again: its engines become calls of `tensorrt::execute_engine`."""
    from torch_tensorrt.dynamo.utils import get_torch_inputs

    args = tuple(get_torch_inputs(list(arg_inputs or ()), None))
    kwargs = get_torch_inputs(dict(kwarg_inputs or {}), None)
    return torch_export(gm, args, kwargs, dynamic_shapes=dynamic_shapes, strict=False)
