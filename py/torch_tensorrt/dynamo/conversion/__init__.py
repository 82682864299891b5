"""From a graph to a network: the builder, the converters and their registry, the interpreter."""

from torch_tensorrt.dynamo.conversion import _symbolic as _symbolic
from torch_tensorrt.dynamo.conversion import converters as _converters
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
]
