"""From an exported program to the graph that is partitioned: decompositions and passes."""

from torch_tensorrt.dynamo.lowering._decomposition_groups import (
    torch_disabled_decompositions,
    torch_enabled_decompositions,
)
from torch_tensorrt.dynamo.lowering._decompositions import (
    get_decompositions,
    register_torch_trt_decomposition,
)
from torch_tensorrt.dynamo.lowering.passes import (
    ATEN_POST_LOWERING_PASSES,
    ATEN_PRE_LOWERING_PASSES,
    post_lowering,
    pre_export_lowering,
)

__all__ = [
    "ATEN_POST_LOWERING_PASSES",
    "ATEN_PRE_LOWERING_PASSES",
    "get_decompositions",
    "post_lowering",
    "pre_export_lowering",
    "register_torch_trt_decomposition",
    "torch_disabled_decompositions",
    "torch_enabled_decompositions",
]
