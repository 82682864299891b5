"""What not every release of the bindings has: a test that needs it is skipped by its name, and no other.

A member is `Class.member` of the module `tensorrt`; an argument of one is `Class.member(argument)`.
test_members.py holds the table to the installed bindings, so a name that is wrong, or has come, fails there.
"""

from __future__ import annotations

import pytest
import tensorrt as trt

VERSION = tuple(int(part) for part in trt.__version__.split(".")[:2])
STATS_10_14 = (
    "the bindings 10.14 hold the engine for as long as the number that get_engine_stat returns: TypeError"
)
Release = tuple[int, int]

OPTIONAL_AXES = "INetworkDefinition.add_squeeze(axes: tensorrt_bindings.tensorrt.ITensor = None)"

# The first releases of version 10 and of version 11 that have it; None: no release has it.
SINCE: dict[str, tuple[Release | None, Release | None]] = {
    "EngineStat": ((10, 14), (11, 0)),
    "ICudaEngine.get_engine_stat": ((10, 14), (11, 0)),
    "INMSLayer.indices_type": ((10, 14), (11, 0)),
    "INetworkDefinition.add_attention": ((10, 14), (11, 0)),
    "INetworkDefinition.add_nms(indices_type)": ((10, 14), (11, 0)),
    "INetworkDefinition.add_non_zero(indices_type)": ((10, 14), (11, 0)),
    "INetworkDefinition.add_topk(indices_type)": ((10, 14), (11, 0)),
    "INonZeroLayer.indices_type": ((10, 14), (11, 0)),
    "ITopKLayer.indices_type": ((10, 14), (11, 0)),
    "SerializationFlag.INCLUDE_REFIT": ((10, 14), (11, 0)),
    "IAttention.metadata": ((10, 15), (11, 0)),
    "ICudaEngine.get_aliased_input_tensor": ((10, 15), (11, 0)),
    "INetworkDefinition.add_normalization_v2": ((10, 15), (11, 0)),
    "IQuantizeLayer.block_shape": ((10, 15), (11, 0)),
    "IRotaryEmbeddingLayer": ((10, 15), (11, 0)),
    "KVCacheMode": ((10, 15), (11, 0)),
    "CollectiveOperation": ((10, 16), (11, 0)),
    "IAttention.num_ranks": ((10, 16), (11, 0)),
    "MoEActType": ((10, 16), (11, 0)),
    "DLAWorkspaceAllocationStrategy": (None, (11, 4)),
    OPTIONAL_AXES: (None, (11, 4)),
    "IBuilderConfig.build_route": (None, (11, 1)),
    "IOptimizationProfile.profile_stream": (None, (11, 4)),
    # removed by version 11
    "BuilderFlag.FP4": ((10, 13), None),
    "BuilderFlag.INT4": ((10, 13), None),
    "BuilderFlag.REJECT_EMPTY_ALGORITHMS": ((10, 13), None),
    "IBuilderConfig.quantization_flags": ((10, 13), None),
    "IStreamReader": ((10, 13), None),
}


def should_have(name: str) -> bool:
    """Whether the installed bindings have it, by the table."""
    since = SINCE[name][0 if VERSION < (11, 0) else 1]
    return since is not None and VERSION >= since


def needs(*names: str) -> pytest.MarkDecorator:
    """Skips a test, naming what of it the installed bindings lack."""
    lacking = [name for name in names if not should_have(name)]
    return pytest.mark.skipif(
        bool(lacking), reason=f"not in bindings {trt.__version__}: {', '.join(lacking)}"
    )
