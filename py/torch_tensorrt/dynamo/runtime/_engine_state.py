"""EngineState: how a module with an engine is written and read: metadata, state dict, pickle, deep copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from torch_tensorrt import _metadata
from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.runtime import _engine_info as places
from torch_tensorrt.dynamo.runtime._settings_codec import decode_settings, encode_settings


def _flag(value: bool) -> str:
    return str(int(bool(value)))


class EngineState(torch.nn.Module):
    """Part of TorchTensorRTModule."""

    name: str
    engine: Any
    settings: CompilationSettings
    input_binding_names: list[str]
    output_binding_names: list[str]
    symbolic_shape_expressions: dict[str, Any] | None
    aliased_io: list[str]
    hardware_compatible: bool
    requires_output_allocator: bool
    requires_native_multidevice: bool
    dynamically_allocate_resources: bool
    _pending: bytes | None
    _unowned: bool

    def _take_engine(self, engine: Any) -> None:
        raise NotImplementedError

    def _drop_engine(self) -> None:
        raise NotImplementedError

    def _info(self, plan: Any) -> list[Any]:
        """The info list with `plan` (bytes, or their text) in its place."""
        info: list[Any] = [""] * places.SERIALIZATION_LEN
        info[places.ABI_TARGET_IDX] = places.ABI_VERSION
        info[places.NAME_IDX] = self.name
        info[places.DEVICE_IDX] = self.settings.device._to_serialized_rt_device()
        info[places.ENGINE_IDX] = plan
        info[places.INPUT_BINDING_NAMES_IDX] = places.DELIMITER.join(self.input_binding_names)
        info[places.OUTPUT_BINDING_NAMES_IDX] = places.DELIMITER.join(self.output_binding_names)
        info[places.HW_COMPATIBLE_IDX] = _flag(self.hardware_compatible)
        info[places.SERIALIZED_METADATA_IDX] = self.encode_metadata(self._metadata())
        info[places.TARGET_PLATFORM_IDX] = places.current_platform()
        info[places.REQUIRES_OUTPUT_ALLOCATOR_IDX] = _flag(self.requires_output_allocator)
        info[places.RESOURCE_ALLOCATION_STRATEGY_IDX] = _flag(self.dynamically_allocate_resources)
        info[places.REQUIRES_NATIVE_MULTIDEVICE_IDX] = _flag(self.requires_native_multidevice)
        info[places.ALIASED_IO_IDX] = places.DELIMITER.join(self.aliased_io)
        return info

    def _metadata(self) -> dict[str, Any]:
        return {
            "settings": self.settings,
            "inout_symexprs": self.symbolic_shape_expressions,
            "output_tensors_are_unowned": self._unowned,
        }

    def encode_metadata(self, metadata: Mapping[str, Any]) -> str:
        """Field 7 of the info list: base64 of JSON."""
        document = dict(metadata)
        if isinstance(document.get("settings"), CompilationSettings):
            document["settings"] = encode_settings(document["settings"])
        return _metadata.encode(document)

    @staticmethod
    def decode_metadata(encoded_metadata: str | bytes) -> dict[str, Any]:
        """What `encode_metadata` took; raises EngineError where it cannot be read."""
        document = _metadata.decode(encoded_metadata)
        if isinstance(document.get("settings"), Mapping):
            document["settings"] = decode_settings(document["settings"])
        return document

    def get_extra_state(self) -> tuple[str, list[str] | None, list[str], list[str]]:
        """For state dicts: name, info list as text (None without an engine), input and output names."""
        info = None
        if self.engine is not None:
            info = list(self.engine.info_as_text())
        elif self._pending is not None:
            info = self._info(places.plan_to_text(self._pending))
        return (self.name, info, list(self.input_binding_names), list(self.output_binding_names))

    def set_extra_state(self, state: Any) -> None:
        """Takes over name, engine, settings and names of another module."""
        name, info, inputs, outputs = state
        if info is not None:
            places.check_length(info, name)
        self._drop_engine()
        self.name, self.input_binding_names, self.output_binding_names = name, list(inputs), list(outputs)
        if info is not None:
            self._take_metadata(info)
            self._restore_engine(info)

    def _restore_engine(self, info: Sequence[str]) -> None:
        plan = places.plan_from_text(info[places.ENGINE_IDX], info[places.NAME_IDX])
        raw: list[Any] = list(info)
        raw[places.ENGINE_IDX] = plan
        self._take_engine(torch.classes.tensorrt.Engine(raw))

    def _take_metadata(self, info: Sequence[str]) -> None:
        metadata = self.decode_metadata(info[places.SERIALIZED_METADATA_IDX])
        self.settings = metadata.get("settings") or CompilationSettings()
        self.symbolic_shape_expressions = metadata.get("inout_symexprs")
        self._unowned = bool(metadata.get("output_tensors_are_unowned", False))
        self.hardware_compatible = info[places.HW_COMPATIBLE_IDX] == "1"
        self.requires_output_allocator = info[places.REQUIRES_OUTPUT_ALLOCATOR_IDX] == "1"
        self.dynamically_allocate_resources = info[places.RESOURCE_ALLOCATION_STRATEGY_IDX] == "1"
        self.requires_native_multidevice = info[places.REQUIRES_NATIVE_MULTIDEVICE_IDX] == "1"
        self.aliased_io = [entry for entry in info[places.ALIASED_IO_IDX].split(places.DELIMITER) if entry]

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and deepcopy: the engine as its info list, so that a copy has an engine of its own."""
        state = {**self.__dict__, "engine": None, "_recorder": None, "_pending": None}
        return {**state, "_info_as_text": self.get_extra_state()[1], "_loaded": self.engine is not None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Undoes `__getstate__`."""
        kept = dict(state)
        info, loaded = kept.pop("_info_as_text"), kept.pop("_loaded")
        super().__setstate__(kept)
        if info is None:
            return
        if loaded:
            self._restore_engine(info)
        else:
            self._pending = places.plan_from_text(info[places.ENGINE_IDX], self.name)
