"""CompilationSettings as JSON and back: what an engine was compiled with stays readable in its metadata."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

import torch

from torch_tensorrt import _enums
from torch_tensorrt._Device import Device
from torch_tensorrt._errors import EngineError
from torch_tensorrt.dynamo._settings import CompilationSettings

_KIND = "$"
_ENUMS = {
    cls.__name__: cls for cls in (_enums.dtype, _enums.EngineCapability, _enums.DeviceType, _enums.Platform)
}
_NOT_KEPT = {_KIND: "not kept"}
"""Stands for what JSON cannot carry (a data loader, a function); it reads back as the field's default."""


def encode_settings(settings: CompilationSettings) -> dict[str, Any]:
    """Field name -> JSON value."""
    return {f.name: _encode(getattr(settings, f.name)) for f in dataclasses.fields(settings)}


def decode_settings(document: Mapping[str, Any]) -> CompilationSettings:
    """Settings of this version; fields that it does not have are left out."""
    known = {f.name for f in dataclasses.fields(CompilationSettings)}
    kept = {name: value for name, value in document.items() if name in known and value != _NOT_KEPT}
    return CompilationSettings(**{name: _decode(name, value) for name, value in kept.items()})


def _encode(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)) and not isinstance(value, enum.Enum):
        return value
    if isinstance(value, enum.Enum) and type(value).__name__ in _ENUMS:
        return {_KIND: type(value).__name__, "value": value.name}
    if isinstance(value, torch.dtype):
        return {_KIND: "torch.dtype", "value": str(value).removeprefix("torch.")}
    if isinstance(value, Device):
        return _encode_device(value)
    if isinstance(value, (set, frozenset, list, tuple)):
        return _encode_many(value)
    if isinstance(value, (torch._ops.OpOverload, torch._ops.OpOverloadPacket)):
        return f"torch.ops.{value}"
    return _NOT_KEPT


def _encode_many(values: Any) -> Any:
    encoded = [_encode(value) for value in values]
    unordered = isinstance(values, (set, frozenset))
    kept = [value for value in encoded if value != _NOT_KEPT]
    return {_KIND: type(values).__name__, "value": sorted(kept, key=str) if unordered else kept}


def _encode_device(device: Device) -> dict[str, Any]:
    fields = {"type": device.device_type.name, "gpu_id": device.gpu_id, "dla_core": device.dla_core}
    return {_KIND: "Device", "value": {**fields, "allow_gpu_fallback": device.allow_gpu_fallback}}


_CONTAINERS = {"set": set, "frozenset": frozenset, "list": list, "tuple": tuple}


def _decode(name: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    kind: Any = value.get(_KIND)
    inner: Any = value.get("value")
    try:
        if kind in _ENUMS:
            return _ENUMS[kind][inner]
        if kind == "torch.dtype" and isinstance(found := getattr(torch, inner), torch.dtype):
            return found
        if kind == "Device":
            return _decode_device(inner)
        if kind in _CONTAINERS:
            return _CONTAINERS[kind](_decode(name, item) for item in inner)
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise EngineError(
        f"the setting '{name}' of a saved engine cannot be read: {str(value)[:200]}\n"
        "  The file was altered or written by another version; compile the model again"
    )


def _decode_device(fields: Mapping[str, Any]) -> Device:
    device = Device.__new__(Device)  # it may name a GPU that this machine does not have
    device.device_type = _enums.DeviceType[fields["type"]]
    device.gpu_id, device.dla_core = int(fields["gpu_id"]), int(fields["dla_core"])
    device.allow_gpu_fallback = bool(fields["allow_gpu_fallback"])
    return device
