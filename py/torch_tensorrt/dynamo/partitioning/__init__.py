"""Which parts of a graph become engines."""

from torch_tensorrt.dynamo.partitioning._partition import (
    Partition,
    fast_partition,
    get_graph_converter_support,
    global_partition,
    partition,
)
from torch_tensorrt.dynamo.partitioning._ranges import (
    SymbolRanges,
    construct_dynamic_input,
    construct_submodule_inputs,
    get_input,
)

__all__ = [
    "Partition",
    "SymbolRanges",
    "construct_dynamic_input",
    "construct_submodule_inputs",
    "fast_partition",
    "get_graph_converter_support",
    "get_input",
    "global_partition",
    "partition",
]
