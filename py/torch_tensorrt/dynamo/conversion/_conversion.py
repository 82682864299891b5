"""From a submodule to the module that holds its engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.fx import GraphModule

from torch_tensorrt._enums import dtype as Dtype
from torch_tensorrt._Input import Input
from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.conversion._interpreter import TRTInterpreter
from torch_tensorrt.dynamo.conversion._types import network_dtype


@dataclass
class SerializedInterpreterResult:
    """The bytes of an engine and what a runtime module needs beside them."""

    serialized_engine: bytes
    input_names: Sequence[str]
    output_names: Sequence[str]
    weight_name_map: dict[str, Any] | None = None
    requires_output_allocator: bool = False
    requires_native_multidevice: bool = False
    aliased_io: dict[str, Any] = field(default_factory=dict)
    layers: int = 0
    weight_types: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def infer_module_output_dtypes(module: GraphModule, truncate_double: bool = False) -> list[Dtype]:
    """Types of a graph's tensor results, as its engine has to give them."""
    output = next(iter(reversed(module.graph.nodes)))
    values = [n.meta.get("val") for n in output.all_input_nodes]
    return [
        Dtype._from(network_dtype(v.dtype, truncate_double) or v.dtype)
        for v in values
        if isinstance(v, torch.Tensor)
    ]


def interpret_module_to_result(
    module: GraphModule,
    inputs: Sequence[Input],
    settings: CompilationSettings | None = None,
    arg_inputs: Sequence[Input] | None = None,
    kwarg_inputs: dict[str, Any] | None = None,
    engine_cache: Any = None,
    **names: Any,
) -> SerializedInterpreterResult:
    """Builds a graph as one engine."""
    result = TRTInterpreter(
        module, inputs, compilation_settings=settings or CompilationSettings(), **names
    ).run()
    return SerializedInterpreterResult(
        bytes(result.engine.serialize()),
        result.input_names,
        result.output_names,
        result.weight_name_map,
        result.requires_output_allocator,
        result.requires_native_multidevice,
        result.aliased_io,
        result.layers,
        result.weight_types,
        result.seconds,
    )


def convert_module(
    module: GraphModule,
    inputs: Sequence[Input],
    settings: CompilationSettings | None = None,
    name: str = "",
    engine_cache: Any = None,
) -> Any:
    """A graph as a TorchTensorRTModule."""
    return runtime_module(interpret_module_to_result(module, inputs, settings), module, settings, name)


def runtime_module(
    result: SerializedInterpreterResult, module: GraphModule, settings: CompilationSettings | None, name: str
) -> Any:
    """The module that runs an engine in the place of a graph."""
    from torch_tensorrt.dynamo.runtime import TorchTensorRTModule

    return TorchTensorRTModule(
        serialized_engine=result.serialized_engine,
        input_binding_names=list(result.input_names),
        output_binding_names=list(result.output_names),
        name=name,
        settings=settings or CompilationSettings(),
        weight_name_map=result.weight_name_map,
        requires_output_allocator=result.requires_output_allocator,
        symbolic_shape_expressions=symbolic_shapes(module, result.input_names, result.output_names),
    )


def symbolic_shapes(
    module: GraphModule, inputs: Sequence[str], outputs: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Shapes of inputs and outputs as expressions of symbols: what a fake kernel computes with."""
    nodes = list(module.graph.nodes)
    given = [n.meta.get("val") for n in nodes if n.op == "placeholder"]
    returned = nodes[-1].args[0] if isinstance(nodes[-1].args[0], (tuple, list)) else (nodes[-1].args[0],)
    results = [n.meta.get("val") if isinstance(n, torch.fx.Node) else n for n in returned]
    return {
        "inputs": [_symbolic(v, n) for v, n in zip(given, inputs, strict=False)],
        "outputs": [_symbolic(v, n) for v, n in zip(results, outputs, strict=False)],
    }


def _symbolic(value: Any, name: str) -> dict[str, Any]:
    if isinstance(value, torch.Tensor):
        return {"name": name, "shape_exprs": list(value.shape), "dtype": value.dtype}
    return {"name": name, "shape_exprs": [1], "dtype": torch.int64}
