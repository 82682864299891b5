"""Memory behind addresses that the engine hands to callbacks,
and runs of engines with any number of tensors."""

from __future__ import annotations

import ctypes
from typing import Any

import tensorrt as trt
import torch

from tests.engine._case import TORCH_OF, device


def address_of(capsule: Any) -> int:
    """Bindings pass addresses as numbers or as capsules."""
    if isinstance(capsule, int):
        return capsule
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, None)


class _Bytes:
    """Device memory as PyTorch takes it over from others."""

    def __init__(self, address: int, size: int) -> None:
        self.__cuda_array_interface__ = {
            "data": (address, False),
            "shape": (size,),
            "typestr": "|u1",
            "version": 3,
        }


def read_memory(address: Any, dtype: trt.DataType, shape: Any) -> torch.Tensor:
    """A copy on the CPU of memory where the engine runs."""
    kind, lengths = TORCH_OF[dtype], tuple(shape)
    size = torch.Size(lengths).numel() * kind.itemsize
    if size == 0:
        return torch.empty(lengths, dtype=kind)
    if device().type == "cuda":
        raw = torch.as_tensor(_Bytes(address_of(address), size), device="cuda").cpu()
    else:
        raw = torch.frombuffer(bytearray(ctypes.string_at(address_of(address), size)), dtype=torch.uint8)
    return raw.view(kind).reshape(lengths).clone()


def run_context(
    context: trt.IExecutionContext, inputs: dict[str, torch.Tensor], outputs: dict[str, torch.Tensor]
) -> bool:
    """Runs with tensors on the engine's device, and waits."""
    for name, x in inputs.items():
        if tuple(context.get_tensor_shape(name)) != tuple(x.shape):
            assert context.set_input_shape(name, tuple(x.shape))
    for name, x in {**inputs, **outputs}.items():
        assert context.set_tensor_address(name, x.data_ptr())
    stream = torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0
    done = context.execute_async_v3(stream)
    if device().type == "cuda":
        torch.cuda.synchronize()
    return done


def empty(shape: Any, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """A tensor on the engine's device, filled with what no test expects."""
    raw = torch.full((max(1, torch.Size(shape).numel() * dtype.itemsize),), 0x5A, dtype=torch.uint8)
    return raw[: torch.Size(shape).numel() * dtype.itemsize].view(dtype).reshape(tuple(shape)).to(device())
