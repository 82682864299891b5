"""The dynamo front end: torch.export and torch.compile graphs become engines."""

from torch_tensorrt.dynamo import backend, conversion, lowering, partitioning
from torch_tensorrt.dynamo._compiler import (
    compile,
    convert_exported_program_to_serialized_trt_engine,
    cross_compile_for_windows,
    load_cross_compiled_exported_program,
    save_cross_compiled_exported_program,
)
from torch_tensorrt.dynamo._exporter import export
from torch_tensorrt.dynamo._refit import refit_module_weights
from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo._SourceIR import SourceIR
from torch_tensorrt.dynamo._tracer import trace

__all__ = [
    "CompilationSettings",
    "SourceIR",
    "backend",
    "compile",
    "conversion",
    "convert_exported_program_to_serialized_trt_engine",
    "cross_compile_for_windows",
    "export",
    "load_cross_compiled_exported_program",
    "lowering",
    "partitioning",
    "refit_module_weights",
    "save_cross_compiled_exported_program",
    "trace",
]
