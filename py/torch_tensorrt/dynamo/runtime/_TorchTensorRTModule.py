"""TorchTensorRTModule: an nn.Module around one engine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from torch_tensorrt import _C, _shape_expressions
from torch_tensorrt._errors import EngineError, InputError
from torch_tensorrt._fake_execute import execute_engine_fake  # noqa: F401  (registered by the import)
from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.runtime._engine_controls import EngineControls, engine_modules
from torch_tensorrt.dynamo.runtime._engine_info import (  # places that other code imports from here
    ABI_TARGET_IDX,
    ABI_VERSION,
    ALIASED_IO_IDX,
    DEVICE_IDX,
    ENGINE_IDX,
    HW_COMPATIBLE_IDX,
    INPUT_BINDING_NAMES_IDX,
    NAME_IDX,
    OUTPUT_BINDING_NAMES_IDX,
    REQUIRES_NATIVE_MULTIDEVICE_IDX,
    REQUIRES_OUTPUT_ALLOCATOR_IDX,
    RESOURCE_ALLOCATION_STRATEGY_IDX,
    SERIALIZATION_LEN,
    SERIALIZED_METADATA_IDX,
    TARGET_PLATFORM_IDX,
)
from torch_tensorrt.dynamo.runtime._engine_state import EngineState
from torch_tensorrt.dynamo.runtime._graph_recorder import GraphRecorder

__all__ = [
    "ABI_TARGET_IDX",
    "ABI_VERSION",
    "ALIASED_IO_IDX",
    "DEVICE_IDX",
    "ENGINE_IDX",
    "HW_COMPATIBLE_IDX",
    "INPUT_BINDING_NAMES_IDX",
    "NAME_IDX",
    "OUTPUT_BINDING_NAMES_IDX",
    "REQUIRES_NATIVE_MULTIDEVICE_IDX",
    "REQUIRES_OUTPUT_ALLOCATOR_IDX",
    "RESOURCE_ALLOCATION_STRATEGY_IDX",
    "SERIALIZATION_LEN",
    "SERIALIZED_METADATA_IDX",
    "TARGET_PLATFORM_IDX",
    "TorchTensorRTModule",
    "engine_modules",
]

_EXECUTE = torch.ops.tensorrt.execute_engine.default
# The same operator, some 15 microseconds sooner: Note [Direct calls] in csrc/runtime.cpp.
_RUN = _C.rt.execute
_is_compiling = torch.compiler.is_compiling
_tracing_state = torch._C._get_tracing_state
_SUBGRAPH = 1


def _bytes_of(plan: Any) -> bytes | None:
    """`plan` as bytes; anything with the buffer protocol (tensorrt.IHostMemory) will do."""
    if plan is None or isinstance(plan, bytes):
        return plan
    try:
        return bytes(memoryview(plan))
    except TypeError:
        raise InputError(f"serialized_engine is the bytes of an engine, got {type(plan).__name__}") from None


class TorchTensorRTModule(EngineState, EngineControls):
    """Runs one engine; takes and returns tensors on the engine's device.

    Arguments:
        serialized_engine: bytes of the plan; None makes an empty module for `load_state_dict`.
        input_binding_names, output_binding_names: in order of arguments and results; None: the engine's own.
        name: appears in messages and in files.
        settings: what the engine was compiled with.
        weight_name_map: accepted; kept as an attribute.
        requires_output_allocator: an output's size depends on values.
        symbolic_shape_expressions: sizes of outputs in terms of inputs, `torch_tensorrt._shape_expressions`.
        aliased_io: entries (output, input, kind), or their text `out@in@kind`.
    """

    # What `bindings_json` of the engine says; nothing where there is no engine.
    _inputs: list[dict[str, Any]]
    _device: torch.device | None
    _recorder: GraphRecorder | None

    def __init__(
        self,
        serialized_engine: bytes | None = None,
        input_binding_names: Sequence[str] | None = None,
        output_binding_names: Sequence[str] | None = None,
        *,
        name: str = "",
        settings: CompilationSettings | None = None,
        weight_name_map: Mapping[Any, Any] | None = None,
        requires_output_allocator: bool = False,
        requires_native_multidevice: bool = False,
        symbolic_shape_expressions: Mapping[str, Any] | None = None,
        aliased_io: Sequence[Any] | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.settings = CompilationSettings() if settings is None else settings
        self.input_binding_names = list(input_binding_names or [])
        self.output_binding_names = list(output_binding_names or [])
        self.weight_name_map = weight_name_map
        self.requires_output_allocator = requires_output_allocator
        self.requires_native_multidevice = requires_native_multidevice
        self.symbolic_shape_expressions = _shape_expressions.normalize(symbolic_shape_expressions)
        self.aliased_io = [entry if isinstance(entry, str) else "@".join(entry) for entry in aliased_io or ()]
        self.hardware_compatible = self.settings.hardware_compatible
        self.dynamically_allocate_resources = self.settings.dynamically_allocate_resources
        self.engine: Any = None
        self._pending = _bytes_of(serialized_engine)
        self._unowned = False
        self._forget_engine_facts()
        if self._pending is not None and not self.settings.lazy_engine_init:
            self.setup_engine()

    # ---- the engine

    def setup_engine(self) -> None:
        """Loads the engine, if it is not; done by the constructor unless `settings.lazy_engine_init`."""
        if self.engine is not None or self._pending is None:
            return
        self._take_engine(torch.classes.tensorrt.Engine(self._info(self._pending)))

    def get_engine(self) -> Any:
        """The torch.classes.tensorrt.Engine; loads it where that was put off."""
        self.setup_engine()
        if self.engine is None:
            raise EngineError(
                f"the module '{self.name}' has no engine yet\n"
                "  Give serialized_engine to the constructor, or load_state_dict first"
            )
        return self.engine

    @property
    def serialized_engine(self) -> bytes | None:
        """Bytes of the plan."""
        if self.engine is None:
            return self._pending
        return self.engine.serialized_engine_tensor().numpy().tobytes()

    def _take_engine(self, engine: Any) -> None:
        self.engine = engine
        self._pending = None  # the engine holds the bytes
        described = json.loads(engine.bindings_json())
        self.input_binding_names = [row["name"] for row in described["inputs"]]
        self.output_binding_names = [row["name"] for row in described["outputs"]]
        self._inputs = described["inputs"]
        self._host_inputs = any(row["host"] for row in described["inputs"])
        self._single = len(described["outputs"]) == 1
        device = torch.device(described["device"])
        self._device = device
        self._on_cuda = device.type == "cuda"
        self._on_cpu = not self._on_cuda
        self._recorder = None
        engine.set_output_tensors_as_unowned(self._unowned)

    def _drop_engine(self) -> None:
        self.engine, self._pending = None, None
        self._forget_engine_facts()

    def _forget_engine_facts(self) -> None:
        self._inputs = []
        self._host_inputs = self._single = self._on_cuda = self._on_cpu = False
        self._device = None
        self._recorder = None

    # ---- calls

    def forward(self, *inputs: Any) -> Any:
        """One tensor, or a tuple where the engine has several outputs. Numbers become tensors."""
        engine = self.engine
        if engine is None:
            engine = self.get_engine()
        if self._on_cpu and not _is_compiling() and _tracing_state() is None:
            outputs = _RUN(engine, inputs)
            if outputs is not None:
                return outputs
        return self._call(inputs, engine)

    def _call(self, inputs: Sequence[Any], engine: Any) -> Any:
        """A call that is traced, takes numbers, or runs on CUDA."""
        tensors = self._as_tensors(inputs)
        outputs = self._run_on_cuda(tensors, engine) if self._on_cuda else _EXECUTE(tensors, engine)
        return outputs[0] if self._single else tuple(outputs)

    def _as_tensors(self, inputs: Sequence[Any]) -> list[torch.Tensor]:
        return [
            value if isinstance(value, torch.Tensor) else self._number(i, value)
            for i, value in enumerate(inputs)
        ]

    def _number(self, position: int, value: Any) -> torch.Tensor:
        if not isinstance(value, (bool, int, float, complex, torch.SymInt, torch.SymFloat, torch.SymBool)):
            name = self.input_binding_names[position] if position < len(self.input_binding_names) else "?"
            raise InputError(
                f"Input '{name}' (argument {position} of engine '{self.name}'): a tensor or a number is "
                f"expected, got {type(value).__name__}."
            )
        number: Any = value  # torch's annotation leaves the symbolic ones out
        if position >= len(self._inputs):
            return torch.scalar_tensor(number)  # execute_engine says what is wrong
        row = self._inputs[position]
        tensor = torch.scalar_tensor(number, dtype=getattr(torch, row["dtype"]))
        tensor = tensor.reshape([1] * len(row["shape"]))
        return tensor if row["host"] else tensor.to(self._device)

    def _run_on_cuda(self, tensors: list[torch.Tensor], engine: Any) -> Sequence[torch.Tensor]:
        if _is_compiling() or _tracing_state() is not None:
            return _EXECUTE(tensors, engine)
        if _C.rt.multi_device_safe_mode():
            tensors = [tensor.to(self._device) for tensor in tensors]
        if _C.rt.cudagraphs_mode() == _SUBGRAPH and self._can_record(engine):
            return self._replay(tensors, engine)
        return self._results(engine, tensors)

    def _results(self, engine: Any, tensors: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        outputs = _RUN(engine, tuple(tensors))
        return (outputs,) if self._single else outputs

    def _can_record(self, engine: Any) -> bool:
        """Sizes that depend on values, and values read by the host, cannot be replayed."""
        return not (
            self.requires_output_allocator or self._host_inputs or engine.use_output_allocator_outputs
        )

    def _replay(self, tensors: list[torch.Tensor], engine: Any) -> list[torch.Tensor]:
        if self._recorder is None:
            self._recorder = GraphRecorder(lambda inputs: self._results(engine, inputs))
        outputs = self._recorder(tensors)
        return [output.clone() for output in outputs] if self._unowned else list(outputs)
