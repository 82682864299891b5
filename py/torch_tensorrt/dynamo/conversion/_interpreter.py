"""A graph becomes a network, the network an engine."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import tensorrt as trt
import torch
from torch.fx import GraphModule, Node

from torch_tensorrt._enums import dtype as Dtype
from torch_tensorrt._errors import ConversionError, EngineError, InputError, UnsupportedOperatorError
from torch_tensorrt._Input import Input
from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.conversion import _registry
from torch_tensorrt.dynamo.conversion._build_config import add_profile, build_config
from torch_tensorrt.dynamo.conversion._builder import Builder
from torch_tensorrt.dynamo.conversion._context import ConversionContext
from torch_tensorrt.dynamo.conversion._dims import Dim
from torch_tensorrt.dynamo.conversion._dispatch import convert
from torch_tensorrt.dynamo.conversion._engine_log import EngineLog
from torch_tensorrt.dynamo.conversion._progress import progress_monitor
from torch_tensorrt.dynamo.conversion._source import describe, source_of
from torch_tensorrt.dynamo.conversion._types import network_dtype, short, to_trt
from torch_tensorrt.dynamo.conversion._verify import verify
from torch_tensorrt.dynamo.conversion._weights import Const

logger = logging.getLogger(__name__)


class BuiltEngine:
    """The serialized bytes of an engine that was just built."""

    def __init__(self, memory: trt.IHostMemory) -> None:
        self.memory = memory

    def serialize(self) -> trt.IHostMemory:
        """The engine's bytes, as an object with the buffer protocol."""
        return self.memory


@dataclass
class TRTInterpreterResult:
    """What a build gives."""

    engine: BuiltEngine
    input_names: list[str]
    output_names: list[str]
    weight_name_map: dict[str, Any] | None = None
    requires_output_allocator: bool = False
    requires_native_multidevice: bool = False
    aliased_io: dict[str, Any] = field(default_factory=dict)
    layers: int = 0
    weight_types: dict[str, int] = field(default_factory=dict)
    """Type -> bytes of constants and weights in the network."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Phase (network, build) -> time."""


class TRTInterpreter:
    """Converts one graph module. `run()` makes the network and builds it."""

    def __init__(
        self,
        module: GraphModule,
        input_specs: Sequence[Input],
        output_dtypes: Sequence[Dtype] | None = None,
        compilation_settings: CompilationSettings | None = None,
        engine_cache: Any = None,
        *,
        input_binding_names: Sequence[str] | None = None,
        output_binding_names: Sequence[str] | None = None,
        _debugger_config: Any = None,
    ) -> None:
        self.module = module
        self.specs = list(input_specs)
        self.output_dtypes = output_dtypes
        self.settings = compilation_settings or CompilationSettings()
        self.log = EngineLog()
        self.trt_builder = trt.Builder(self.log)
        self.network = self.trt_builder.create_network(
            1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
        )
        self.b = Builder(self.network, self.settings, self.log.take)
        self.ctx = ConversionContext(builder=self.b)
        self.input_names: list[str] = list(input_binding_names or ())
        self.output_names: list[str] = list(output_binding_names or ())
        self._names_given = bool(input_binding_names)
        self._values: dict[Node, Any] = {}
        self._inputs = 0

    def run(
        self,
        strict_type_constraints: bool = False,
        algorithm_selector: Any = None,
        tactic_sources: Any = None,
    ) -> TRTInterpreterResult:
        """Makes the network, checks it, builds the engine and lets the weights go."""
        begun = time.perf_counter()
        self.make_network()
        made = time.perf_counter()
        memory = self._build()
        result = TRTInterpreterResult(
            BuiltEngine(memory),
            self.input_names,
            self.output_names,
            dict(self.b.weight_names),
            self.ctx.requires_output_allocator,
            layers=self.network.num_layers,
            weight_types=self._weight_types(),
            seconds={"network": made - begun, "build": time.perf_counter() - made},
        )
        self.b.store.release()
        return result

    def make_network(self) -> trt.INetworkDefinition:
        """The network, verified; no engine yet."""
        graph = self.module.graph
        placeholders = [n for n in graph.nodes if n.op == "placeholder"]
        if len(placeholders) != len(self.specs):
            raise InputError(
                f"The graph has {len(placeholders)} inputs, {len(self.specs)} input specs were given"
            )
        with torch.no_grad():
            for node in graph.nodes:
                self._visit(node)
        verify(self.network, self.b.weight_names)
        return self.network

    def _visit(self, node: Node) -> None:
        if node.op == "call_function":
            entry, reason = _registry.choose(node, self.settings)
            if entry is None:
                raise UnsupportedOperatorError(
                    f"{node.target} cannot be converted: {reason}\n  at {source_of(node)}\n"
                    f"  inputs {describe(list(node.args))}\n"
                    "  To go on: register a converter for it "
                    "(torch_tensorrt.dynamo.conversion.dynamo_tensorrt_converter)"
                )
            self.ctx.requires_output_allocator |= entry.requires_output_allocator
            self._values[node] = convert(self.b, self.ctx, node, entry, self._values.__getitem__)
        elif node.op == "get_attr":
            self._values[node] = self._attribute(node)
        elif node.op == "placeholder":
            self._values[node] = self._input(node, self.specs[self._inputs])
            self._inputs += 1
        elif node.op == "output":
            self._mark_outputs(node)
        else:
            raise ConversionError(f"A {node.op} node cannot be converted\n  at {source_of(node)}")

    def _attribute(self, node: Node) -> Const:
        found: Any = self.module
        for part in str(node.target).split("."):
            found = getattr(found, part)
        if not isinstance(found, torch.Tensor):
            raise ConversionError(
                f"'{node.target}' is a {type(found).__name__}, a tensor is expected\n  at {source_of(node)}"
            )
        value = found.detach()
        const = Const(value, node.meta.get("source", str(node.target)), weak=value.dim() == 0)
        wanted = network_dtype(value.dtype, self.settings.truncate_double)
        return const if wanted is None else const.to(wanted)

    def _input(self, node: Node, spec: Input) -> Any:
        name = self._input_name(node)
        declared = spec.dtype.to(torch.dtype) if spec.dtype != Dtype.unknown else torch.float32
        if spec.is_shape_tensor:
            tensor = self.network.add_input(name, to_trt(torch.int64), (1,))
            return self.b.dim(("input", name), lambda: tensor)
        shape = _network_shape(spec)
        dtype = network_dtype(declared, self.settings.truncate_double)
        if dtype is None:
            to_trt(declared, f"Input '{name}'")
        tensor = self.network.add_input(name, to_trt(dtype or declared, f"Input '{name}'"), shape)
        if tensor is None:
            raise self.b.error(
                f"The engine refused the input '{name}' ({short(declared)} {list(shape)})", self.log.take()
            )
        value = node.meta.get("val")
        if isinstance(value, torch.Tensor) and len(value.shape) == len(shape):
            self.b.annotate(tensor, [n if isinstance(n, int) else n.node.expr for n in value.shape])
        return tensor

    def _input_name(self, node: Node) -> str:
        if not self._names_given:
            self.input_names.append(node.name)
        return self.input_names[self._inputs]

    def _mark_outputs(self, node: Node) -> None:
        self.b.at(node)
        returned = node.args[0] if isinstance(node.args[0], (tuple, list)) else (node.args[0],)
        names = self.output_names or [f"output{i}" for i in range(len(returned))]
        if len(names) != len(returned):
            raise InputError(f"{len(names)} output names were given, the graph has {len(returned)} results")
        self.output_names, marked = names, set()
        for i, result in enumerate(returned):
            tensor = self._output_tensor(result, i)
            if tensor.is_network_input or tensor in marked:
                tensor = self.b.emit(self.network.add_identity(tensor), "IDENTITY")
            tensor.name = names[i]
            marked.add(tensor)
            self.network.mark_output(tensor)

    def _output_tensor(self, result: Any, index: int) -> trt.ITensor:
        value = self._values[result] if isinstance(result, Node) else result
        if value is None or isinstance(value, (tuple, list)):
            raise ConversionError(f"Result {index} of the graph is no tensor: {describe(result)}")
        if isinstance(value, (Dim, int)) and not isinstance(value, bool):
            return self.b.length(value)
        tensor = self.b.tensor(value)
        if self.output_dtypes is not None and index < len(self.output_dtypes):
            wanted = self.output_dtypes[index].to(torch.dtype)
            tensor = self.b.tensor(tensor, network_dtype(wanted, self.settings.truncate_double) or wanted)
        # A constant is shared inside the network; as an output it needs a tensor of its own.
        is_constant = not isinstance(value, trt.ITensor)
        return self.b.emit(self.network.add_identity(tensor), "IDENTITY") if is_constant else tensor

    def _build(self) -> trt.IHostMemory:
        config = build_config(self.trt_builder, self.settings)
        add_profile(self.trt_builder, config, list(zip(self.input_names, self.specs, strict=False)))
        monitor = progress_monitor()
        if monitor is not None:
            config.progress_monitor = monitor
        try:
            memory = build_engine(self.trt_builder, self.network, config)
        finally:
            if monitor is not None:
                monitor.close()
        if memory is None:
            raise EngineError(
                f"The engine could not be built ({self.network.num_layers} layers)\n"
                f"  {self.log.take() or 'no reason was given'}\n"
                "  inputs "
                f"{', '.join(f'{n}: {s}' for n, s in zip(self.input_names, self.specs, strict=False))}\n"
                f"  To go on: keep the operator named above in PyTorch with torch_executed_ops"
            )
        return memory

    def _weight_types(self) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for value in {t.data_ptr(): t for t in self.b.store.held}.values():
            sizes[short(value.dtype)] = (
                sizes.get(short(value.dtype), 0) + value.numel() * value.element_size()
            )
        return sizes


def build_engine(
    builder: trt.Builder, network: trt.INetworkDefinition, config: trt.IBuilderConfig
) -> trt.IHostMemory | None:
    """The engine's own work, apart from ours."""
    return builder.build_serialized_network(network, config)


def _network_shape(spec: Input) -> tuple[int, ...]:
    if not isinstance(spec.shape, dict):
        return tuple(spec.shape)
    low, high = spec.shape["min_shape"], spec.shape["max_shape"]
    return tuple(a if a == b else -1 for a, b in zip(low, high, strict=False))
