"""What tests of plugins share: the compiled library of plugins, memory by address, building and running."""

from __future__ import annotations

import ctypes
import functools
import gc
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorrt as trt
import torch

from tests.engine._case import TORCH_OF, device

ROOT = Path(__file__).resolve().parents[2]
HEADERS = ROOT / "third_party" / "tensorrt" / "include"
REGISTRY = trt.get_plugin_registry()
KEPT: list[np.ndarray] = []


class _Interface:
    """Memory at an address as torch takes it."""

    def __init__(self, address: int, shape: tuple[int, ...], typestr: str) -> None:
        self.__cuda_array_interface__ = {
            "shape": shape,
            "typestr": typestr,
            "data": (address, False),
            "version": 3,
        }


def tensor_at(address: int, shape: Sequence[int], dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """The tensor that an engine passes to a plugin by its address."""
    count = int(np.prod(tuple(shape)))
    if count == 0:
        return torch.empty(tuple(shape), dtype=dtype, device=device())
    if device().type == "cuda":
        return (
            torch.as_tensor(_Interface(address, (count * dtype.itemsize,), "|u1"), device="cuda")
            .view(dtype)
            .view(tuple(shape))
        )
    raw = (ctypes.c_uint8 * (count * dtype.itemsize)).from_address(address)
    return torch.frombuffer(raw, dtype=dtype).view(tuple(shape))


def descs(tensors: Sequence[Any], addresses: Sequence[int]) -> list[torch.Tensor]:
    """Tensors for descriptors and addresses of an enqueue."""
    return [
        tensor_at(address, tuple(desc.dims), TORCH_OF[desc.type])
        for desc, address in zip(tensors, addresses, strict=True)
    ]


class Library:
    """plugin_library.cpp, compiled."""

    def __init__(self, *flags: str) -> None:
        self.path = Path(tempfile.mkdtemp()) / "libplugins_of_tests.so"
        major = trt.__version__.split(".")[0]
        command = [
            "g++",
            "-std=c++17",
            "-shared",
            "-fPIC",
            f"-I{HEADERS / major}",
            f"-I{HEADERS / 'cuda'}",
            *flags,
        ]
        try:
            subprocess.run(
                [*command, str(ROOT / "tests" / "engine" / "plugin_library.cpp"), "-o", str(self.path)],
                check=True,
                capture_output=True,
                text=True,
            )
        except FileNotFoundError:
            pytest.skip("needs g++")
        self.handle = ctypes.CDLL(str(self.path))
        self.handle.take_log.restype = ctypes.c_char_p

    def log(self) -> list[str]:
        """The calls since the last time."""
        return self.handle.take_log().decode().splitlines()

    @property
    def alive(self) -> int:
        gc.collect()
        return self.handle.live_objects()


@functools.cache
def library() -> Library:
    """Its plugins are registered in the registry of the process, once."""
    loaded = Library()
    assert REGISTRY.load_library(str(loaded.path)) is not None
    return loaded


def field(name: str, value: np.ndarray, kind: trt.PluginFieldType) -> trt.PluginField:
    """Fields refer to the memory of their arrays, so it is kept."""
    KEPT.append(value)
    return trt.PluginField(name, value, kind)


def library_fields(scale: float = 2.0, fail: str = "") -> trt.PluginFieldCollection:
    on_cuda = device().type == "cuda"
    fields = [
        field("scale", np.array([scale], dtype=np.float32), trt.PluginFieldType.FLOAT32),
        field("cuda", np.array([on_cuda], dtype=np.int8), trt.PluginFieldType.CHAR),
    ]
    if fail:
        fields.append(field("fail", np.frombuffer(fail.encode(), dtype=np.int8), trt.PluginFieldType.CHAR))
    return trt.PluginFieldCollection(fields)


def library_plugin(name: str, scale: float = 2.0, fail: str = "") -> Any:
    """A plugin of the library. C++ plugins made from Python are their creator's caller's,
    to the end of the process."""
    library()
    creator = REGISTRY.get_creator(name, "1", "library")
    fields = library_fields(scale, fail)
    if name == "Three":
        return creator.create_plugin("made by the test", fields, trt.TensorRTPhase.BUILD)
    return creator.create_plugin("made by the test", fields)


def stream() -> int:
    return torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0


def wait() -> None:
    if device().type == "cuda":
        torch.cuda.synchronize()


class Runner:
    """An execution context with the memory of its tensors."""

    def __init__(self, engine: trt.ICudaEngine) -> None:
        self.engine = engine
        self.context = engine.create_execution_context()
        self.memory: dict[str, torch.Tensor] = {}
        self._spare = torch.zeros(64, device=device())

    def __call__(self, **inputs: torch.Tensor) -> list[torch.Tensor]:
        """The outputs, in order, on the CPU."""
        assert self.start(**inputs)
        wait()
        names = [self.engine.get_tensor_name(i) for i in range(self.engine.num_io_tensors)]
        outputs = [n for n in names if self.engine.get_tensor_mode(n) == trt.TensorIOMode.OUTPUT]
        return [self.memory[n].cpu() for n in outputs]

    def start(self, **inputs: torch.Tensor) -> bool:
        for name, value in inputs.items():
            host = self.engine.get_tensor_location(name) == trt.TensorLocation.HOST
            kept = self.memory.get(name)
            value = value if host else value.to(device())
            if kept is not None and kept.shape == value.shape:
                kept.copy_(value)
            else:
                self.memory[name] = value.clone()
            assert self.context.set_input_shape(name, tuple(value.shape))
            self.context.set_tensor_address(name, self._address(name))
        for i in range(self.engine.num_io_tensors):
            name = self.engine.get_tensor_name(i)
            if self.engine.get_tensor_mode(name) == trt.TensorIOMode.OUTPUT:
                self._bind_output(name)
        return self.context.execute_async_v3(stream())

    def _bind_output(self, name: str) -> None:
        shape = tuple(self.context.get_tensor_shape(name))
        dtype = TORCH_OF[self.engine.get_tensor_dtype(name)]
        if min(shape, default=0) < 0:  # depends on data
            count = self.context.get_max_output_size(name)
            self.memory[name] = torch.zeros(count, dtype=torch.uint8, device=device()).view(dtype)
        elif name not in self.memory or self.memory[name].shape != shape:
            self.memory[name] = torch.zeros(shape, dtype=dtype, device=device())
        self.context.set_tensor_address(name, self._address(name))

    def _address(self, name: str) -> int:
        """Empty tensors have none; the engine wants one."""
        return self.memory[name].data_ptr() or self._spare.data_ptr()
