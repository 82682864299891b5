"""From a graph to a network: the builder, the converters and their registry, the interpreter."""

from torch_tensorrt._errors import UnsupportedOperatorError
from torch_tensorrt.dynamo.conversion import _symbolic as _symbolic
from torch_tensorrt.dynamo.conversion import converters as converters
from torch_tensorrt.dynamo.conversion import impl as impl
from torch_tensorrt.dynamo.conversion._conversion import (
    SerializedInterpreterResult,
    convert_module,
    infer_module_output_dtypes,
    interpret_module_to_result,
)
from torch_tensorrt.dynamo.conversion._ConverterRegistry import (
    DYNAMO_ATEN_CONVERTERS,
    DYNAMO_CONVERTERS,
    ConversionContext,
    ConverterPriority,
    ConverterRegistry,
    ConverterSupport,
    dynamo_tensorrt_converter,
    has_dynamic_shapes,
    has_dynamic_shapes_in_args,
    has_static_shapes_in_args,
)
from torch_tensorrt.dynamo.conversion._interpreter import TRTInterpreter, TRTInterpreterResult

UnsupportedOperatorException = UnsupportedOperatorError

__all__ = [
    "DYNAMO_ATEN_CONVERTERS",
    "DYNAMO_CONVERTERS",
    "ConversionContext",
    "ConverterPriority",
    "ConverterRegistry",
    "ConverterSupport",
    "dynamo_tensorrt_converter",
    "has_dynamic_shapes",
    "has_dynamic_shapes_in_args",
    "has_static_shapes_in_args",
    "SerializedInterpreterResult",
    "TRTInterpreter",
    "TRTInterpreterResult",
    "UnsupportedOperatorException",
    "convert_module",
    "infer_module_output_dtypes",
    "interpret_module_to_result",
]
