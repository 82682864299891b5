"""Builder configuration from settings, and the optimization profile from input specs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorrt as trt

from torch_tensorrt._enums import DeviceType, EngineCapability
from torch_tensorrt._errors import EngineError
from torch_tensorrt._Input import Input
from torch_tensorrt.dynamo._settings import CompilationSettings

Flag = trt.BuilderFlag


def build_config(builder: trt.Builder, settings: CompilationSettings) -> trt.IBuilderConfig:
    """A configuration that says what the settings say."""
    config = builder.create_builder_config()
    _set_flags(config, settings)
    _set_limits(config, settings)
    _set_device(config, settings)
    return config


def _set_flags(config: trt.IBuilderConfig, settings: CompilationSettings) -> None:
    wanted = {
        Flag.VERSION_COMPATIBLE: settings.version_compatible,
        Flag.EXCLUDE_LEAN_RUNTIME: settings.version_compatible,
        Flag.SPARSE_WEIGHTS: settings.sparse_weights,
        Flag.STRIP_PLAN: settings.strip_engine_weights,
        Flag.WEIGHT_STREAMING: settings.enable_weight_streaming,
        Flag.REFIT_IDENTICAL: settings.refit_identical_engine_weights and not settings.immutable_weights,
        Flag.REFIT: not settings.immutable_weights and not settings.refit_identical_engine_weights,
    }
    for flag, on in wanted.items():
        if on:
            config.set_flag(flag)
    if settings.disable_tf32:
        config.clear_flag(Flag.TF32)


def _set_limits(config: trt.IBuilderConfig, settings: CompilationSettings) -> None:
    config.profiling_verbosity = trt.ProfilingVerbosity.LAYER_NAMES_ONLY
    if settings.workspace_size:
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, settings.workspace_size)
    if settings.max_aux_streams is not None:
        config.max_aux_streams = settings.max_aux_streams
    if settings.optimization_level is not None:
        config.builder_optimization_level = settings.optimization_level
    if settings.hardware_compatible:
        config.hardware_compatibility_level = trt.HardwareCompatibilityLevel.AMPERE_PLUS
    if settings.num_avg_timing_iters != 1:
        config.avg_timing_iterations = settings.num_avg_timing_iters
    if settings.engine_capability != EngineCapability.STANDARD:
        config.engine_capability = settings.engine_capability.to(trt.EngineCapability)
    if settings.tiling_optimization_level != "none":
        level = settings.tiling_optimization_level.upper()
        config.tiling_optimization_level = getattr(trt.TilingOptimizationLevel, level)
    if settings.l2_limit_for_tiling != -1:
        config.l2_limit_for_tiling = settings.l2_limit_for_tiling


def _set_device(config: trt.IBuilderConfig, settings: CompilationSettings) -> None:
    if settings.device.device_type != DeviceType.DLA:
        return
    config.default_device_type = trt.DeviceType.DLA
    config.DLA_core = settings.device.dla_core
    if settings.device.allow_gpu_fallback:
        config.set_flag(Flag.GPU_FALLBACK)
    pools = {
        trt.MemoryPoolType.DLA_MANAGED_SRAM: settings.dla_sram_size,
        trt.MemoryPoolType.DLA_LOCAL_DRAM: settings.dla_local_dram_size,
        trt.MemoryPoolType.DLA_GLOBAL_DRAM: settings.dla_global_dram_size,
    }
    for pool, size in pools.items():
        config.set_memory_pool_limit(pool, size)


def add_profile(builder: trt.Builder, config: trt.IBuilderConfig, specs: Sequence[tuple[str, Input]]) -> None:
    """One optimization profile with the ranges of all dynamic inputs; none where every input is static."""
    dynamic = [(name, spec) for name, spec in specs if isinstance(spec.shape, dict) or spec.is_shape_tensor]
    if not dynamic:
        return
    profile = builder.create_optimization_profile()
    for name, spec in dynamic:
        low, usual, high = _corners(spec)
        setter = profile.set_shape_input if spec.is_shape_tensor else profile.set_shape
        setter(name, low, usual, high)
    if config.add_optimization_profile(profile) < 0:
        ranges = ", ".join(f"{name}: {spec}" for name, spec in dynamic)
        raise EngineError(
            f"The engine refused the ranges of the inputs\n  {ranges}\n  To go on: check min <= opt <= max"
        )


def _corners(spec: Input) -> tuple[Any, Any, Any]:
    if isinstance(spec.shape, dict):
        return spec.shape["min_shape"], spec.shape["opt_shape"], spec.shape["max_shape"]
    return spec.shape, spec.shape, spec.shape


__all__ = ["add_profile", "build_config"]
