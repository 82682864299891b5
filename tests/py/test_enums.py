"""dtype, memory_format, DeviceType, EngineCapability, Platform and their conversions."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import tensorrt as trt
import torch
import torch_tensorrt._C as _C
from torch_tensorrt import DeviceType, EngineCapability, Platform, dtype, memory_format
from torch_tensorrt._errors import UnsupportedDtypeError

# member, torch, numpy, TensorRT
DTYPES = [
    ("u8", torch.uint8, np.uint8, "UINT8"),
    ("i8", torch.int8, np.int8, "INT8"),
    ("i32", torch.int32, np.int32, "INT32"),
    ("i64", torch.int64, np.int64, "INT64"),
    ("f16", torch.float16, np.float16, "HALF"),
    ("f32", torch.float32, np.float32, "FLOAT"),
    ("f64", torch.float64, np.float64, None),
    ("b", torch.bool, np.bool_, "BOOL"),
    ("bf16", torch.bfloat16, None, "BF16"),
    ("f8", torch.float8_e4m3fn, None, "FP8"),
    ("f4", torch.float4_e2m1fn_x2, None, "FP4"),
]

ALIASES = {
    "u8": ["uint8"],
    "i8": ["int8"],
    "i32": ["int32", "int"],
    "i64": ["long", "int64"],
    "f8": ["float8", "fp8"],
    "f4": ["float4", "fp4"],
    "f16": ["half", "fp16", "float16"],
    "f32": ["float", "fp32", "float32"],
    "f64": ["double", "fp64", "float64"],
    "bf16": ["bfloat16"],
    "b": ["bool"],
}


def test_members_and_aliases_are_those_of_the_public_interface() -> None:
    assert [member.name for member in dtype] == "unknown u8 i8 i32 i64 f16 f32 f64 b bf16 f8 f4".split()
    assert {name for name in dtype.__members__} == {
        "unknown",
        *ALIASES,
        *(alias for aliases in ALIASES.values() for alias in aliases),
    }
    for name, aliases in ALIASES.items():
        assert all(dtype[alias] is dtype[name] for alias in aliases)


@pytest.mark.parametrize(("name", "torch_type", "numpy_type", "engine_type"), DTYPES)
def test_dtype_conversions_go_both_ways(
    name: str, torch_type: Any, numpy_type: Any, engine_type: Any
) -> None:
    member = dtype[name]
    engine = None if engine_type is None else getattr(trt.DataType, engine_type)
    numpy = None if numpy_type is None else np.dtype(numpy_type)
    for target, twin in ((torch.dtype, torch_type), (np.dtype, numpy), (trt.DataType, engine)):
        if twin is None:
            assert member.try_to(target) is None
            with pytest.raises(UnsupportedDtypeError, match=f"dtype.{name} has no equivalent in"):
                member.to(target)
        else:
            assert member.to(target) == member.try_to(target) == twin
            assert dtype._from(twin) is dtype.try_from(twin) is member
    assert dtype._from(member) is member and member.to(dtype) is member


@pytest.mark.parametrize(("name", "torch_type", "numpy_type", "engine_type"), DTYPES)
def test_a_default_never_replaces_what_cannot_be_represented(
    name: str, torch_type: Any, numpy_type: Any, engine_type: Any
) -> None:
    if numpy_type is None:
        assert dtype[name].try_to(np.dtype, use_default=True) is None
        with pytest.raises(UnsupportedDtypeError):
            dtype[name].to(np.dtype, use_default=True)
    else:
        assert dtype[name].to(np.dtype, use_default=True) == np.dtype(numpy_type)


def test_unknown_is_float32_only_where_the_default_is_asked_for() -> None:
    assert dtype.unknown.try_to(torch.dtype) is None
    with pytest.raises(UnsupportedDtypeError):
        dtype.unknown.to(torch.dtype)
    assert dtype.unknown.to(torch.dtype, use_default=True) == torch.float32
    assert dtype.unknown.to(trt.DataType, use_default=True) == trt.DataType.FLOAT
    assert dtype.unknown.to(np.dtype, use_default=True) == np.float32


@pytest.mark.parametrize(
    "foreign", [torch.int16, torch.complex64, torch.float8_e5m2, np.int16, np.dtype("uint16")]
)
def test_types_without_a_member_are_refused(foreign: Any) -> None:
    assert dtype.try_from(foreign) is None
    assert dtype.try_from(foreign, use_default=True) is None
    for use_default in (False, True):
        with pytest.raises(UnsupportedDtypeError, match="has no equivalent in torch_tensorrt.dtype"):
            dtype._from(foreign, use_default=use_default)
    for builtin in (TypeError, ValueError):
        with pytest.raises(builtin):
            dtype._from(foreign)


@pytest.mark.parametrize("foreign", [None, 3, "float32", float, torch.float32.__class__, object()])
def test_what_is_no_dtype_is_refused(foreign: Any) -> None:
    assert dtype.try_from(foreign) is None
    with pytest.raises(UnsupportedDtypeError):
        dtype._from(foreign)


def test_unknown_targets_are_refused() -> None:
    assert dtype.f32.try_to(int) is None
    with pytest.raises(UnsupportedDtypeError, match="Types that can be asked for: torch.dtype, numpy.dtype"):
        dtype.f32.to(int)


def test_numpy_scalar_classes_are_dtypes_too() -> None:
    assert dtype._from(np.float32) is dtype.f32 and dtype._from(np.bool_) is dtype.b
    assert dtype._from(np.dtype("<i8")) is dtype.i64


def test_members_equal_their_twins_and_share_sets_with_torchs() -> None:
    assert dtype.f32 == torch.float32 and torch.float32 == dtype.f32
    assert dtype.f16 == trt.DataType.HALF and dtype.i8 == np.int8
    assert dtype.f32 != torch.float16 and dtype.f32 != dtype.f16 and dtype.f32 != "f32"
    assert {torch.float32, dtype.f32, dtype.float} == {dtype.f32}
    assert torch.bfloat16 in {dtype.bf16} and dtype.bf16 in {torch.bfloat16: 1}


@pytest.mark.parametrize("member", [*dtype, *memory_format, *DeviceType, *EngineCapability, *Platform])
def test_members_survive_pickle_and_copy(member: Any) -> None:
    assert pickle.loads(pickle.dumps(member)) is member
    assert copy.deepcopy(member) is member
    assert type(member)._from(member) is member and hash(member) == hash(type(member)[member.name])


@pytest.mark.parametrize("member", memory_format)
def test_memory_format_conversions(member: memory_format) -> None:
    twin = getattr(trt.TensorFormat, member.name.upper())
    assert member.to(trt.TensorFormat) == twin and memory_format._from(twin) is member


def test_memory_format_in_torch() -> None:
    assert memory_format.contiguous is memory_format.linear
    assert memory_format.channels_last is memory_format.hwc
    assert memory_format.channels_last_3d is memory_format.dhwc
    for name in ("contiguous_format", "channels_last", "channels_last_3d"):
        layout = getattr(torch, name)
        assert memory_format._from(layout).to(torch.memory_format) == layout
    assert memory_format.try_from(torch.preserve_format) is None
    assert memory_format.chw32.try_to(torch.memory_format) is None
    with pytest.raises(ValueError, match="memory_format.chw32 has no equivalent in torch.memory_format"):
        memory_format.chw32.to(torch.memory_format)
    with pytest.raises(TypeError, match="Use one of linear, chw2"):
        memory_format._from(torch.preserve_format)
    assert torch.channels_last in {memory_format.channels_last}


def test_device_type() -> None:
    for name in ("GPU", "DLA"):
        assert DeviceType._from(getattr(trt.DeviceType, name)) is DeviceType[name]
        assert DeviceType[name].to(trt.DeviceType) == getattr(trt.DeviceType, name)
    assert DeviceType.UNKNOWN.try_to(trt.DeviceType) is DeviceType.CPU.try_to(trt.DeviceType) is None


@pytest.mark.parametrize("member", EngineCapability)
def test_engine_capability(member: EngineCapability) -> None:
    twin = getattr(trt.EngineCapability, member.name)
    assert member.to(trt.EngineCapability) == twin and EngineCapability._from(twin) is member
    assert [m.name for m in EngineCapability] == ["STANDARD", "SAFETY", "DLA_STANDALONE"]


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("linux", "x86_64", Platform.LINUX_X86_64),
        ("linux", "aarch64", Platform.LINUX_AARCH64),
        ("win32", "AMD64", Platform.WIN_X86_64),
        ("win32", "ARM64", Platform.WIN_ARM64),
        ("darwin", "arm64", Platform.UNKNOWN),
    ],
)
def test_platform(monkeypatch: pytest.MonkeyPatch, system: str, machine: str, expected: Platform) -> None:
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert Platform.current_platform() is expected


def test_platform_names_in_saved_engines() -> None:
    names = ["linux_x86_64", "linux_aarch64", "windows_x86_64", "windows_arm64", "unknown"]
    assert [member.to(str) for member in Platform] == names
    assert [Platform._from(name) for name in names] == list(Platform)
    assert (
        Platform.current_platform()._to_serialized_rt_platform() == torch.ops.tensorrt.get_current_platform()
    )
    with pytest.raises(ValueError):
        Platform._from("beos_ppc")


@pytest.mark.skipif(not hasattr(_C, "dtype"), reason="this build of _C has no TorchScript front end")
def test_the_extensions_enums() -> None:
    for name in ("float32", "float16", "int8", "int32", "int64", "float64", "bool", "unknown"):
        twin = getattr(_C.dtype, name)
        assert dtype._from(twin) is dtype[name] and dtype[name].to(_C.dtype) == twin
    assert memory_format._from(_C.TensorFormat.channels_last) is memory_format.channels_last
    assert DeviceType._from(_C.DeviceType.DLA) is DeviceType.DLA
    assert EngineCapability.STANDARD.to(_C.EngineCapability) == _C.EngineCapability.STANDARD
