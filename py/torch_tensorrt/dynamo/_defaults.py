"""Default values of the compilation settings, under the names that other code imports."""

from __future__ import annotations

import getpass
import os
import tempfile
from typing import Any

from torch_tensorrt._Device import Device
from torch_tensorrt._enums import EngineCapability, dtype

ENABLED_PRECISIONS = {dtype.f32}
WORKSPACE_SIZE = 0
MIN_BLOCK_SIZE = 5
PASS_THROUGH_BUILD_FAILURES = False
MAX_AUX_STREAMS = None
VERSION_COMPATIBLE = False
OPTIMIZATION_LEVEL = None
USE_PYTHON_RUNTIME = False
TRUNCATE_DOUBLE = False
USE_FAST_PARTITIONER = True
ENABLE_EXPERIMENTAL_DECOMPOSITIONS = False
REQUIRE_FULL_COMPILATION = False
DISABLE_TF32 = False
ASSUME_DYNAMIC_SHAPE_SUPPORT = False
SPARSE_WEIGHTS = False
ENGINE_CAPABILITY = EngineCapability.STANDARD
NUM_AVG_TIMING_ITERS = 1
DLA_SRAM_SIZE = 1048576
DLA_LOCAL_DRAM_SIZE = 1073741824
DLA_GLOBAL_DRAM_SIZE = 536870912
DRYRUN = False
HARDWARE_COMPATIBLE = False
ENGINE_CACHE_DIR = os.path.join(tempfile.gettempdir(), "torch_tensorrt_engine_cache")
TIMING_CACHE_PATH = os.path.join(ENGINE_CACHE_DIR, "timing_cache.bin")
ENGINE_CACHE_SIZE = 5368709120
CUSTOM_ENGINE_CACHE = None
LAZY_ENGINE_INIT = False
CACHE_BUILT_ENGINES = False
REUSE_CACHED_ENGINES = False
USE_EXPLICIT_TYPING = True
USE_FP32_ACC = False
REFIT_IDENTICAL_ENGINE_WEIGHTS = False
STRIP_ENGINE_WEIGHTS = False
IMMUTABLE_WEIGHTS = True
ENABLE_WEIGHT_STREAMING = False
ENABLE_CROSS_COMPILE_FOR_WINDOWS = False
TILING_OPTIMIZATION_LEVEL = "none"
L2_LIMIT_FOR_TILING = -1
USE_DISTRIBUTED_MODE_TRACE = False
OFFLOAD_MODULE_TO_CPU = False
ENABLE_AUTOCAST = False
AUTOCAST_LOW_PRECISION_TYPE = None
AUTOCAST_EXCLUDED_NODES: set[str] = set()
AUTOCAST_EXCLUDED_OPS: set[Any] = set()
AUTOCAST_MAX_OUTPUT_THRESHOLD = 512
AUTOCAST_MAX_DEPTH_OF_REDUCTION = None
AUTOCAST_CALIBRATION_DATALOADER = None
ENABLE_RESOURCE_PARTITIONING = False
CPU_MEMORY_BUDGET = None
DYNAMICALLY_ALLOCATE_RESOURCES = False
DECOMPOSE_ATTENTION = False
ATTN_BIAS_IS_CAUSAL = True
DISABLED_CONSTANT_FOLD_EXCLUSIONS: frozenset[str] = frozenset()
FALLBACK_DATA_DEPENDENT_OPS = False
SUPPORTED_KERNEL_PRECISIONS = {dtype.f32, dtype.f16, dtype.bf16, dtype.i8, dtype.f8, dtype.f4}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user in this container
        return str(os.getuid())


DEBUG_LOGGING_DIR = os.path.join(tempfile.gettempdir(), f"torch_tensorrt_{_user()}", "debug_logs")
RUNTIME_CACHE_PATH = os.path.join(tempfile.gettempdir(), f"torch_tensorrt_{_user()}", "runtime_cache.bin")


def default_device() -> Device:
    """The present CUDA device, or the CPU where there is none."""
    return Device._current_device()
