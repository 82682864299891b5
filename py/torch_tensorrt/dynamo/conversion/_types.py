"""Torch and TensorRT data types, both ways: reads the one table of types that core owns."""

from __future__ import annotations

from functools import cache

import tensorrt as trt
import torch

from torch_tensorrt import _C
from torch_tensorrt._errors import UnsupportedDtypeError


@cache
def _tables() -> tuple[dict[torch.dtype, trt.DataType], dict[trt.DataType, torch.dtype]]:
    to_trt: dict[torch.dtype, trt.DataType] = {}
    for _, torch_name, trt_name, *_ in _C.dtype_table():
        ours = getattr(torch, torch_name, None) if torch_name else None
        theirs = getattr(trt.DataType, trt_name.removeprefix("k"), None) if trt_name else None
        if ours is not None and theirs is not None:
            to_trt[ours] = theirs
    return to_trt, {theirs: ours for ours, theirs in to_trt.items()}


def short(dtype: torch.dtype) -> str:
    """`torch.bfloat16` as `bfloat16`."""
    return str(dtype).removeprefix("torch.")


def has_twin(dtype: torch.dtype) -> bool:
    """Whether tensors of this type can live inside a network (uint8 only crosses its border)."""
    return dtype in _tables()[0] and dtype is not torch.uint8


def network_dtype(dtype: torch.dtype, truncate_double: bool = False) -> torch.dtype | None:
    """The torch type that stands for `dtype` inside a network, or None where there is none."""
    if dtype is torch.float64 and truncate_double:
        return torch.float32
    return dtype if has_twin(dtype) else None


def to_trt(dtype: torch.dtype, what: str = "A tensor") -> trt.DataType:
    """TensorRT's twin of a torch type; never a neighbour of it."""
    found = _tables()[0].get(dtype)
    if found is None:
        raise UnsupportedDtypeError(no_twin_message(what, dtype))
    return found


def to_torch(dtype: trt.DataType) -> torch.dtype:
    """Torch's twin of a TensorRT type."""
    found = _tables()[1].get(dtype)
    if found is None:
        raise UnsupportedDtypeError(
            f"TensorRT's {dtype} has no torch type\n  To go on: cast the tensor to another type first"
        )
    return found


def no_twin_message(what: str, dtype: torch.dtype) -> str:
    """Why `dtype` cannot stand in a network, and the way out."""
    ways = {
        torch.float64: "Set truncate_double=True to run it as float32 (range checked), or use model.float()",
        torch.uint8: "Convert it with .to(torch.int32) in the model; uint8 only crosses an engine's border",
        torch.int16: "Convert it with .to(torch.int32) in the model",
        torch.float8_e5m2: "Use torch.float8_e4m3fn, the 8 bit float that TensorRT has",
    }
    way = ways.get(dtype, "Use real numbers (torch.view_as_real)" if dtype.is_complex else "Use another type")
    return (
        f"{what} has dtype {short(dtype)}, which TensorRT does not support\n"
        f"  To go on: {way}, or keep the operator in PyTorch with torch_executed_ops"
    )
