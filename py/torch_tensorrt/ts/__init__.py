"""TorchScript front end: modules that torch.jit.script or torch.jit.trace made become engines."""

from torch_tensorrt import logging
from torch_tensorrt.ts._buffers import int64_buffers_to_int32
from torch_tensorrt.ts._compile_spec import TensorRTCompileSpec, TorchScriptDevice, TorchScriptInput
from torch_tensorrt.ts._compiler import (
    check_method_op_support,
    compile,
    convert_method_to_trt_engine,
    embed_engine_in_new_module,
)
from torch_tensorrt.ts._report import DtypeReport, DtypeRow, last_dtype_report

__all__ = [
    "DtypeReport",
    "DtypeRow",
    "TensorRTCompileSpec",
    "TorchScriptDevice",
    "TorchScriptInput",
    "check_method_op_support",
    "compile",
    "convert_method_to_trt_engine",
    "embed_engine_in_new_module",
    "int64_buffers_to_int32",
    "last_dtype_report",
    "logging",
]
