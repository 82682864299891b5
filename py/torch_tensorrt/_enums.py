"""The enums of the public interface: dtype, memory_format, DeviceType, EngineCapability, Platform."""

import functools
import platform
import sys
from collections.abc import Mapping
from enum import auto
from typing import Any

import torch

import torch_tensorrt._C as _C
from torch_tensorrt._errors import UnsupportedDtypeError
from torch_tensorrt._twins import TwinEnum, Twins

_SHORT = {
    "uint8": "u8",
    "int8": "i8",
    "int32": "i32",
    "int64": "i64",
    "float16": "f16",
    "float32": "f32",
    "float64": "f64",
    "bool": "b",
    "bfloat16": "bf16",
    "float8_e4m3fn": "f8",
    "float4_e2m1fn": "f4",
}
"""Name in the dtype table -> our short name. Rows that are not here cannot be an input, output or weight."""

_ROWS = {_SHORT[row[0]]: row for row in _C.dtype_table() if row[0] in _SHORT}
_TORCH_DTYPES: dict[str, torch.dtype] = {short: getattr(torch, row[1]) for short, row in _ROWS.items()}


def _members(enum: type, words: Mapping[str, str | None]) -> dict[type, dict[str, Any]]:
    """Twins in a foreign enum, as far as its release has them."""
    return {enum: {name: getattr(enum, word) for name, word in words.items() if word and hasattr(enum, word)}}


def _tensorrt(enum_name: str, words: Mapping[str, str | None]) -> dict[type, dict[str, Any]]:
    import tensorrt

    return _members(getattr(tensorrt, enum_name), words)


def _extension(enum_name: str, words: Mapping[str, str | None]) -> dict[type, dict[str, Any]]:
    enum = getattr(_C, enum_name, None)
    return {} if enum is None else _members(enum, words)


class dtype(TwinEnum):
    """Data types of inputs, outputs and weights: `dtype._from(torch.half)`, `dtype.f16.to(torch.dtype)`."""

    unknown = auto()
    """Not declared: the compiler finds the type from the model or the example."""
    u8 = auto()
    i8 = auto()
    i32 = auto()
    i64 = auto()
    f16 = auto()
    f32 = auto()
    f64 = auto()
    b = auto()
    bf16 = auto()
    f8 = auto()
    """torch.float8_e4m3fn"""
    f4 = auto()
    """torch.float4_e2m1fn_x2"""

    uint8 = u8
    int8 = i8
    int32 = i32
    long = i64
    int64 = i64
    float8 = f8
    fp8 = f8
    float4 = f4
    fp4 = f4
    half = f16
    fp16 = f16
    float16 = f16
    fp32 = f32
    float32 = f32
    double = f64
    fp64 = f64
    float64 = f64
    bfloat16 = bf16
    int = i32
    float = f32
    bool = b

    @classmethod
    def _twins(cls) -> Twins:
        return _dtype_twins()

    @classmethod
    def _error(cls, message: str) -> Exception:
        return UnsupportedDtypeError(message)

    @classmethod
    def _normal(cls, value: Any) -> Any:
        return _numpy_normal(value)

    def _declared(self) -> "dtype":
        return dtype.f32 if self is dtype.unknown else self

    def _hash_twin(self) -> Any:
        return _TORCH_DTYPES.get(self.name, self.name)


_NUMPY_NAMES = ("u8", "i8", "i32", "i64", "f16", "f32", "f64", "b")
"""What numpy has; bfloat16, fp8 and fp4 cannot travel through it."""


@functools.cache
def _numpy() -> Any:
    """The module, or None: torch works without it."""
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def _numpy_normal(value: Any) -> Any:
    numpy = _numpy()
    if numpy is not None and isinstance(value, type) and issubclass(value, numpy.generic):
        return numpy.dtype(value)
    return value


def _numpy_twins() -> dict[type, dict[str, Any]]:
    numpy = _numpy()
    if numpy is None:
        return {}
    return {numpy.dtype: {short: numpy.dtype(_ROWS[short][1]) for short in _NUMPY_NAMES}}


@functools.cache
def _dtype_twins() -> Twins:
    names = {short: row[1] for short, row in _ROWS.items()}
    return {
        torch.dtype: _TORCH_DTYPES,
        **_numpy_twins(),
        **_tensorrt("DataType", {short: row[2] for short, row in _ROWS.items()}),
        **_extension("dtype", {**names, "unknown": "unknown"}),
    }


_TORCH_FORMATS = {
    "linear": torch.contiguous_format,
    "hwc": torch.channels_last,
    "dhwc": torch.channels_last_3d,
}


class memory_format(TwinEnum):
    """Layouts of a tensor at the border of an engine."""

    linear = auto()
    chw2 = auto()
    hwc8 = auto()
    chw4 = auto()
    chw16 = auto()
    chw32 = auto()
    dhwc8 = auto()
    cdhw32 = auto()
    hwc = auto()
    dla_linear = auto()
    dla_hwc4 = auto()
    hwc16 = auto()
    dhwc = auto()

    contiguous = linear
    channels_last = hwc
    channels_last_3d = dhwc

    @classmethod
    def _twins(cls) -> Twins:
        return _memory_format_twins()

    def _hash_twin(self) -> Any:
        return _TORCH_FORMATS.get(self.name, self.name)


@functools.cache
def _memory_format_twins() -> Twins:
    return {
        torch.memory_format: _TORCH_FORMATS,
        **_tensorrt("TensorFormat", {name: name.upper() for name in _names(memory_format)}),
        **_extension("TensorFormat", {"linear": "contiguous", "hwc": "channels_last"}),
    }


class DeviceType(TwinEnum):
    """Kinds of device an engine is built for."""

    UNKNOWN = auto()
    GPU = auto()
    DLA = auto()
    CPU = auto()
    """The embedded engine on a machine without CUDA."""

    @classmethod
    def _twins(cls) -> Twins:
        return _device_type_twins()


@functools.cache
def _device_type_twins() -> Twins:
    words = {"GPU": "GPU", "DLA": "DLA", "CPU": "CPU"}
    return {**_tensorrt("DeviceType", words), **_extension("DeviceType", words)}


class EngineCapability(TwinEnum):
    """Restrictions on what an engine may contain."""

    STANDARD = auto()
    SAFETY = auto()
    DLA_STANDALONE = auto()

    @classmethod
    def _twins(cls) -> Twins:
        return _engine_capability_twins()


@functools.cache
def _engine_capability_twins() -> Twins:
    words = {name: name for name in _names(EngineCapability)}
    return {**_tensorrt("EngineCapability", words), **_extension("EngineCapability", words)}


class Platform(TwinEnum):
    """Systems an engine runs on. The value is the name that stands in a saved engine; its twin is `str`."""

    LINUX_X86_64 = "linux_x86_64"
    LINUX_AARCH64 = "linux_aarch64"
    WIN_X86_64 = "windows_x86_64"
    WIN_ARM64 = "windows_arm64"
    UNKNOWN = "unknown"

    @classmethod
    def current_platform(cls) -> "Platform":
        """The platform of this process."""
        machine = platform.machine().lower()
        system = "windows" if sys.platform.startswith("win") else sys.platform
        return _PLATFORMS.get((system, _MACHINES.get(machine, machine)), cls.UNKNOWN)

    @classmethod
    def _twins(cls) -> Twins:
        return {str: {member.name: member.value for member in cls}}

    def _to_serialized_rt_platform(self) -> str:
        return str(self.value)


_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_PLATFORMS = {
    ("linux", "x86_64"): Platform.LINUX_X86_64,
    ("linux", "aarch64"): Platform.LINUX_AARCH64,
    ("windows", "x86_64"): Platform.WIN_X86_64,
    ("windows", "aarch64"): Platform.WIN_ARM64,
}


def _names(enum: type[TwinEnum]) -> list[str]:
    return [member.name for member in enum]
