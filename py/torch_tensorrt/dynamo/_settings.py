"""Compilation settings: every field once, documented by the text under it; functions take the object."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from torch.fx.node import Target

from torch_tensorrt._Device import Device
from torch_tensorrt._enums import EngineCapability, dtype
from torch_tensorrt.dynamo import _defaults

logger = logging.getLogger(__name__)


@dataclass
class CompilationSettings:
    """What a compilation is asked to do. Treat it as a constant: use `replace` for another one."""

    enabled_precisions: set[dtype] = field(default_factory=lambda: set(_defaults.ENABLED_PRECISIONS))
    """Has no effect: networks are strongly typed and precision comes from the model
    (`model.to(torch.bfloat16)`, autocast).
    """

    workspace_size: int = _defaults.WORKSPACE_SIZE
    """Most bytes of scratch memory that the builder may use; 0 leaves it to the engine."""

    min_block_size: int = _defaults.MIN_BLOCK_SIZE
    """Fewest operators that are worth an engine of their own."""

    torch_executed_ops: Collection[Target | str] = field(default_factory=set)
    """Operators (targets, or their names such as `torch.ops.aten.add.Tensor`) that stay in PyTorch."""

    pass_through_build_failures: bool = _defaults.PASS_THROUGH_BUILD_FAILURES
    """Lets errors of torch.compile's backend escape instead of running the graph in PyTorch."""

    max_aux_streams: int | None = _defaults.MAX_AUX_STREAMS
    """Most auxiliary streams of an engine; None leaves it to the engine."""

    version_compatible: bool = _defaults.VERSION_COMPATIBLE
    """Engines that later versions of TensorRT can load."""

    optimization_level: int | None = _defaults.OPTIMIZATION_LEVEL
    """How long the builder looks for faster kernels, 0 (short) to 5; None leaves it to the engine."""

    use_python_runtime: bool | None = _defaults.USE_PYTHON_RUNTIME
    """Has no effect: one runtime serves Python and C++."""

    truncate_double: bool = _defaults.TRUNCATE_DOUBLE
    """Runs float64 as float32 inside engines (constants are range checked); results are float64 again at
    the border.
    """

    use_fast_partitioner: bool = _defaults.USE_FAST_PARTITIONER
    """True: neighbouring operators by one walk over the graph. False: the global search, slower, sometimes
    fewer parts.
    """

    enable_experimental_decompositions: bool = _defaults.ENABLE_EXPERIMENTAL_DECOMPOSITIONS
    """Decomposes with all of torch's core ATen table instead of our choice from it."""

    device: Device = field(default_factory=_defaults.default_device)
    """Where engines are built and run."""

    require_full_compilation: bool = _defaults.REQUIRE_FULL_COMPILATION
    """An error, not a fallback, when anything cannot be part of the engine."""

    disable_tf32: bool = _defaults.DISABLE_TF32
    """Float32 products in full precision on GPUs that would use TF32."""

    assume_dynamic_shape_support: bool = _defaults.ASSUME_DYNAMIC_SHAPE_SUPPORT
    """Uses user converters on dynamic shapes even where they do not say that they can."""

    sparse_weights: bool = _defaults.SPARSE_WEIGHTS
    """Lets the builder use kernels for 2:4 sparse weights."""

    engine_capability: EngineCapability = _defaults.ENGINE_CAPABILITY
    """Restricts kernels to those for safety or DLA runtimes."""

    num_avg_timing_iters: int = _defaults.NUM_AVG_TIMING_ITERS
    """How often the builder times a kernel."""

    dla_sram_size: int = _defaults.DLA_SRAM_SIZE
    """Bytes of software managed SRAM of a DLA."""

    dla_local_dram_size: int = _defaults.DLA_LOCAL_DRAM_SIZE
    """Bytes of host memory that a DLA shares between operations."""

    dla_global_dram_size: int = _defaults.DLA_GLOBAL_DRAM_SIZE
    """Bytes of host memory for the weights and state of a DLA."""

    dryrun: bool | str = _defaults.DRYRUN
    """Only reports what would be compiled; a string is also the file that the report is written to."""

    hardware_compatible: bool = _defaults.HARDWARE_COMPATIBLE
    """Engines that run on other GPUs from Ampere on."""

    timing_cache_path: str = _defaults.TIMING_CACHE_PATH
    """File of kernel timings, read before and written after a build."""

    lazy_engine_init: bool = _defaults.LAZY_ENGINE_INIT
    """Loads engines only after all of them are built."""

    cache_built_engines: bool = _defaults.CACHE_BUILT_ENGINES
    """Writes built engines to the engine cache."""

    reuse_cached_engines: bool = _defaults.REUSE_CACHED_ENGINES
    """Takes engines from the engine cache where one fits."""

    use_explicit_typing: bool = _defaults.USE_EXPLICIT_TYPING
    """Always in effect: the network is strongly typed; False only warns."""

    use_fp32_acc: bool = _defaults.USE_FP32_ACC
    """Accumulates products of half floats in float32 by casts in the graph."""

    refit_identical_engine_weights: bool = _defaults.REFIT_IDENTICAL_ENGINE_WEIGHTS
    """Promises that refitted weights are the same as those built with."""

    strip_engine_weights: bool = _defaults.STRIP_ENGINE_WEIGHTS
    """Serializes engines without their weights, to be refitted."""

    immutable_weights: bool = _defaults.IMMUTABLE_WEIGHTS
    """Weights cannot be refitted, which lets the builder fold them."""

    enable_weight_streaming: bool = _defaults.ENABLE_WEIGHT_STREAMING
    """Keeps weights on the host and streams them to the GPU."""

    enable_cross_compile_for_windows: bool = _defaults.ENABLE_CROSS_COMPILE_FOR_WINDOWS
    """Engines for Windows built on Linux."""

    tiling_optimization_level: str = _defaults.TILING_OPTIMIZATION_LEVEL
    """How hard the builder looks for tilings that stay in the L2 cache: none, fast, moderate, full."""

    l2_limit_for_tiling: int = _defaults.L2_LIMIT_FOR_TILING
    """Bytes of L2 cache that tilings may use; -1 leaves it to the engine."""

    use_distributed_mode_trace: bool = _defaults.USE_DISTRIBUTED_MODE_TRACE
    """Traces with aot_autograd, for DTensor models."""

    offload_module_to_cpu: bool = _defaults.OFFLOAD_MODULE_TO_CPU
    """Moves the model's weights to the host while engines are built."""

    enable_autocast: bool = _defaults.ENABLE_AUTOCAST
    """Rule based mixed precision."""

    autocast_low_precision_type: Any = _defaults.AUTOCAST_LOW_PRECISION_TYPE
    """torch.float16 or torch.bfloat16, for `enable_autocast`."""

    autocast_excluded_nodes: Collection[str] = field(default_factory=set)
    """Patterns of node names that autocast leaves in float32."""

    autocast_excluded_ops: Collection[Target] = field(default_factory=set)
    """Operators that autocast leaves in float32."""

    autocast_max_output_threshold: float = _defaults.AUTOCAST_MAX_OUTPUT_THRESHOLD
    """Autocast leaves nodes with larger results in float32."""

    autocast_max_depth_of_reduction: int | None = _defaults.AUTOCAST_MAX_DEPTH_OF_REDUCTION
    """Autocast leaves longer reductions in float32."""

    autocast_calibration_dataloader: Any = _defaults.AUTOCAST_CALIBRATION_DATALOADER
    """Data that autocast measures ranges on."""

    enable_resource_partitioning: bool = _defaults.ENABLE_RESOURCE_PARTITIONING
    """Splits engines so that building them fits into host memory."""

    cpu_memory_budget: int | None = _defaults.CPU_MEMORY_BUDGET
    """Bytes of host memory for `enable_resource_partitioning`; None: what is free."""

    dynamically_allocate_resources: bool = _defaults.DYNAMICALLY_ALLOCATE_RESOURCES
    """Allocates an engine's memory at each call instead of keeping it."""

    decompose_attention: bool = _defaults.DECOMPOSE_ATTENTION
    """Decomposes scaled dot product attention into products and a softmax before conversion."""

    attn_bias_is_causal: bool = _defaults.ATTN_BIAS_IS_CAUSAL
    """The bias of efficient attention may be taken for a causal mask."""

    disabled_constant_fold_exclusions: frozenset[str] = _defaults.DISABLED_CONSTANT_FOLD_EXCLUSIONS
    """Rules against constant folding that are switched off; there are none built in."""

    fallback_data_dependent_ops: bool = _defaults.FALLBACK_DATA_DEPENDENT_OPS
    """Operators whose result size depends on values run in PyTorch."""


NOT_YET_EFFECTIVE = frozenset(
    {
        "use_python_runtime",
        "timing_cache_path",
        "lazy_engine_init",
        "cache_built_engines",
        "reuse_cached_engines",
        "use_fp32_acc",
        "enable_cross_compile_for_windows",
        "use_distributed_mode_trace",
        "offload_module_to_cpu",
        "enable_autocast",
        "autocast_low_precision_type",
        "autocast_excluded_nodes",
        "autocast_excluded_ops",
        "autocast_max_output_threshold",
        "autocast_max_depth_of_reduction",
        "autocast_calibration_dataloader",
        "enable_resource_partitioning",
        "cpu_memory_budget",
        "dynamically_allocate_resources",
        "attn_bias_is_causal",
    }
)
"""Accepted, but without effect so far; `announce` says so once."""

RENAMED = {"truncate_long_and_double": "truncate_double"}
"""Old keyword -> field."""

INVERTED = {"refit": "immutable_weights", "make_refittable": "immutable_weights"}
"""Old keyword -> field that holds the opposite."""

NOT_SETTINGS = {
    "torch_executed_modules": "torch_executed_modules has no effect here; use torch_executed_ops",
    "debug": "debug has no effect; use torch_tensorrt.logging.debug() to see more",
    "engine_cache_dir": "",
    "engine_cache_size": "",
    "custom_engine_cache": "",
}
"""Keywords that are accepted beside the fields, and what is said when they are used."""

_FIELDS = {f.name: f for f in dataclasses.fields(CompilationSettings)}
_said: set[str] = set()


def say_once(text: str) -> None:
    """A warning in the log, the first time only."""
    if text not in _said:
        _said.add(text)
        logger.warning(text)


def settings_from(options: dict[str, Any]) -> CompilationSettings:
    """Settings from keyword arguments of any spelling; unknown names are a TypeError."""
    fields: dict[str, Any] = {}
    for name, value in options.items():
        if name in RENAMED:
            say_once(f"'{name}' is now called '{RENAMED[name]}'")
            fields[RENAMED[name]] = value
        elif name in INVERTED:
            say_once(f"'{name}' is now the opposite of '{INVERTED[name]}'")
            fields[INVERTED[name]] = not value
        elif name in NOT_SETTINGS:
            if value and NOT_SETTINGS[name]:
                say_once(NOT_SETTINGS[name])
        elif name in _FIELDS:
            fields[name] = value
        else:
            raise TypeError(
                f"'{name}' is not a compilation setting\n"
                "  To go on: see help(torch_tensorrt.dynamo.CompilationSettings)"
            )
    settings = CompilationSettings(**{name: _normal(name, value) for name, value in fields.items()})
    announce(settings)
    return settings


def _normal(name: str, value: Any) -> Any:
    if name == "enabled_precisions":
        return {dtype._from(item) for item in value} if value else set(_defaults.ENABLED_PRECISIONS)
    if name == "device":
        return Device._from(value) if value is not None else _defaults.default_device()
    if name == "engine_capability":
        return EngineCapability._from(value)
    if name in ("torch_executed_ops", "autocast_excluded_nodes", "autocast_excluded_ops"):
        return set() if value is None else set(value)
    return value


def announce(settings: CompilationSettings) -> None:
    """Says once about each setting that was changed although it has no effect so far."""
    for name in sorted(NOT_YET_EFFECTIVE):
        if getattr(settings, name) != default_of(name):
            say_once(f"The setting '{name}' is accepted but has no effect yet")


def default_of(name: str) -> Any:
    """A field's default value."""
    found = _FIELDS[name]
    make = found.default_factory
    return found.default if make is dataclasses.MISSING else make()


def replace(settings: CompilationSettings, **changes: Any) -> CompilationSettings:
    """Other settings with some fields changed."""
    return dataclasses.replace(settings, **changes)


def takes_settings(function: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a function whose last parameter is `settings` every field as a keyword, old spellings
    included."""
    own = inspect.signature(function)
    known = [p for p in own.parameters.values() if p.name != "settings"]
    shown = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default_of(name), annotation=f.type)
        for name, f in _FIELDS.items()
    ]
    names = {p.name for p in known}

    @functools.wraps(function)
    def wrapped(*args: Any, settings: CompilationSettings | None = None, **keywords: Any) -> Any:
        options = {k: v for k, v in keywords.items() if k not in names}
        if settings is not None and options:
            raise TypeError(f"settings were given as an object and also as keywords: {', '.join(options)}")
        arguments = {k: v for k, v in keywords.items() if k in names}
        return function(*args, settings=settings or settings_from(options), **arguments)

    rest = inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)
    wrapped.__signature__ = own.replace(parameters=[*known, *shown, rest])  # type: ignore[attr-defined]
    return wrapped
