"""torch_tensorrt: PyTorch models become TensorRT engines, with an engine of its own where NVIDIA's is not."""

import importlib
from typing import Any

import torch  # noqa: F401  (first: our libraries link against it)

from torch_tensorrt import _native

_native.load()  # torch_tensorrt._C, which registers torch.classes.tensorrt and torch.ops.tensorrt

import torch_tensorrt._C as _C  # noqa: E402, F401
from torch_tensorrt._provider import Provider, provider  # noqa: E402

provider()  # from here on `import tensorrt` works

import torch_tensorrt._fake_execute  # noqa: E402, F401  programs with engines can be traced and loaded
from torch_tensorrt import logging  # noqa: E402
from torch_tensorrt._backends import register as _register_backends  # noqa: E402
from torch_tensorrt._compile import (  # noqa: E402
    compile,
    convert_method_to_trt_engine,
    cross_compile_for_windows,
    load,
    load_cross_compiled_exported_program,
    save,
)
from torch_tensorrt._Device import Device  # noqa: E402
from torch_tensorrt._enums import DeviceType, EngineCapability, Platform, dtype, memory_format  # noqa: E402
from torch_tensorrt._features import ENABLED_FEATURES  # noqa: E402
from torch_tensorrt._Input import Input  # noqa: E402
from torch_tensorrt._version import __cuda_version__, __version__  # noqa: E402

_register_backends()

tensorrt_package_name = "tensorrt"

_SUBPACKAGES = ("dynamo", "runtime", "ts")

# Note [Lazy names]: the front ends import torch._dynamo and much more, which takes seconds. They load when
# one of their names is first used; torch.compile finds our backends through the distribution's entry points.
_LAZY_NAMES = {
    "MutableTorchTensorRTModule": "torch_tensorrt.dynamo.runtime",
    **dict.fromkeys(
        (
            "TorchTensorRTModule",
            "PythonTorchTensorRTModule",
            "set_multi_device_safe_mode",
            "set_cudagraphs_mode",
            "get_cudagraphs_mode",
            "get_whole_cudagraphs_mode",
            "enable_cudagraphs",
            "enable_pre_allocated_outputs",
            "enable_output_allocator",
            "weight_streaming",
            "optimization_profile",
            "RuntimeSettings",
            "runtime_config",
            "set_dynamic_shapes_kernel_strategy",
            "RuntimeCache",
            "runtime_cache",
        ),
        "torch_tensorrt.runtime",
    ),
}

__all__ = [
    "Device",
    "DeviceType",
    "ENABLED_FEATURES",
    "EngineCapability",
    "Input",
    "Platform",
    "Provider",
    "compile",
    "convert_method_to_trt_engine",
    "cross_compile_for_windows",
    "dtype",
    "load",
    "load_cross_compiled_exported_program",
    "logging",
    "memory_format",
    "provider",
    "save",
    "tensorrt_package_name",
    "__cuda_version__",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _LAZY_NAMES:
        value = getattr(importlib.import_module(_LAZY_NAMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_SUBPACKAGES, *_LAZY_NAMES})
