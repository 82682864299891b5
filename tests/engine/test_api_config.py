"""Options of a build: defaults, what is refused and with which code, and what a build makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import device
from tests.engine._members import needs, should_have
from tests.engine._memory import empty, run_context
from tests.engine._session import (
    Monitor,
    Recorder,
    Session,
    dynamic_relu,
    needs_version_10,
    needs_weak_types,
    on_device,
    relu_network,
)

Pool = trt.MemoryPoolType
MiB = 1 << 20


def recorded(session: Session) -> Recorder:
    """A recorder that the configuration of `session` reports to."""
    recorder = Recorder()
    session.builder.error_recorder = recorder
    session.config = session.builder.create_builder_config()
    return recorder


def test_defaults_of_memory_pools() -> None:
    config = Session().config
    assert config.get_memory_pool_limit(Pool.DLA_MANAGED_SRAM) == MiB
    assert config.get_memory_pool_limit(Pool.DLA_LOCAL_DRAM) == 1 << 30
    assert config.get_memory_pool_limit(Pool.DLA_GLOBAL_DRAM) == 512 * MiB
    everything = torch.cuda.mem_get_info()[1] if device().type == "cuda" else 1 << 40
    assert config.get_memory_pool_limit(Pool.WORKSPACE) >= everything
    assert config.get_memory_pool_limit(Pool.TACTIC_DRAM) >= everything
    assert 0 < config.get_memory_pool_limit(Pool.TACTIC_SHARED_MEMORY) < 1 << 30


@pytest.mark.parametrize(
    ("pool", "size"),
    [
        (Pool.WORKSPACE, 0),
        (Pool.WORKSPACE, 123),
        (Pool.DLA_MANAGED_SRAM, 4096),
        (Pool.TACTIC_SHARED_MEMORY, 49152),
    ],
    ids=str,
)
def test_sizes_that_pools_take(pool: Any, size: int) -> None:
    session = Session()
    session.config.set_memory_pool_limit(pool, size)
    assert session.config.get_memory_pool_limit(pool) == size and not session.logger.errors()
    session.config.reset()
    assert session.config.get_memory_pool_limit(pool) != size


@pytest.mark.parametrize(
    ("pool", "size", "code"),
    [
        (Pool.DLA_MANAGED_SRAM, 2048, trt.ErrorCodeTRT.INVALID_ARGUMENT),
        (Pool.DLA_LOCAL_DRAM, 5000, trt.ErrorCodeTRT.INVALID_ARGUMENT),
        (Pool.DLA_GLOBAL_DRAM, 0, trt.ErrorCodeTRT.INVALID_ARGUMENT),
        (Pool.TACTIC_SHARED_MEMORY, 1 << 30, trt.ErrorCodeTRT.UNSUPPORTED_STATE),
    ],
    ids=str,
)
def test_sizes_that_pools_refuse(pool: Any, size: int, code: Any) -> None:
    session = Session()
    recorder = recorded(session)
    before = session.config.get_memory_pool_limit(pool)
    session.config.set_memory_pool_limit(pool, size)
    assert [found for found, _ in recorder.found] == [code]
    assert session.config.get_memory_pool_limit(pool) == before


@pytest.mark.skipif(device().type != "cuda", reason="nothing bounds the memory of the CPU")
@pytest.mark.parametrize("pool", [Pool.WORKSPACE, Pool.TACTIC_DRAM], ids=str)
def test_pools_end_where_the_device_does(pool: Any) -> None:
    session = Session()
    recorder = recorded(session)
    most = session.config.get_memory_pool_limit(pool)
    session.config.set_memory_pool_limit(pool, most)
    assert not recorder.found
    session.config.set_memory_pool_limit(pool, most + 1)
    assert [found for found, _ in recorder.found] == [trt.ErrorCodeTRT.UNSUPPORTED_STATE]
    assert session.config.get_memory_pool_limit(pool) == most


def setting(name: str, value: Any) -> Callable[[Session], None]:
    return lambda session: setattr(session.config, name, value)


REFUSED = {
    "timing iterations": (setting("avg_timing_iterations", 0), "0 iterations"),
    "optimization level": (setting("builder_optimization_level", -1), "level -1"),
    "auxiliary streams": (setting("max_aux_streams", -1), "-1 auxiliary"),
    "tactics": (setting("max_num_tactics", 0), "0 tactics"),
    "L2 limit": (lambda s: s.config.__setattr__("l2_limit_for_tiling", -1), "-1 bytes"),
    "flags": (setting("flags", 1 << 31), "no builder flag"),
    **(
        {"quantization flags": (setting("quantization_flags", 2), "no quantization flag")}
        if should_have("IBuilderConfig.quantization_flags")
        else {}
    ),
    "tactic sources": (lambda s: s.config.set_tactic_sources(1 << 9), "no tactic source"),
    "profile": (
        lambda s: s.config.add_optimization_profile(s.builder.create_optimization_profile()),
        None,  # an empty profile is valid
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_values_that_are_refused(name: str) -> None:
    session = Session()
    change, text = REFUSED[name]
    change(session)
    if text is None:
        assert not session.logger.errors()
    else:
        assert text in session.logger.last_error()


def test_an_incomplete_profile_is_refused() -> None:
    session = relu_network((-1, 3))
    profile = session.builder.create_optimization_profile()
    profile.set_shape("x", (1, 3), (2, 3), (4, 3))
    assert session.config.add_optimization_profile(profile) == 0
    assert session.config.add_optimization_profile(profile) == 1
    assert session.config.num_optimization_profiles == 2


@needs_version_10
def test_calibration_has_no_effect_and_says_so_once() -> None:
    session = Session()
    session.config.quantization_flags = 1
    session.config.set_quantization_flag(trt.QuantizationFlag.CALIBRATE_BEFORE_FUSION)
    assert session.config.get_quantization_flag(trt.QuantizationFlag.CALIBRATE_BEFORE_FUSION)
    session.config.clear_quantization_flag(trt.QuantizationFlag.CALIBRATE_BEFORE_FUSION)
    assert session.config.quantization_flags == 0
    assert len(session.logger.warnings()) == 1


@pytest.mark.parametrize(
    "name", ["FP16", "BF16", "INT8", "FP8", "OBEY_PRECISION_CONSTRAINTS", "PREFER_PRECISION_CONSTRAINTS"]
)
@needs_weak_types
def test_precision_flags_are_for_weakly_typed_networks(name: str) -> None:
    session = relu_network()
    session.config.set_flag(getattr(trt.BuilderFlag, name))
    assert session.plan() is None
    assert f"k{name}" in session.logger.last_error()
    weak = relu_network(flags=0)
    weak.config.set_flag(getattr(trt.BuilderFlag, name))
    assert weak.plan() is not None


@pytest.mark.parametrize(
    "name",
    [
        "GPU_FALLBACK",
        "DISABLE_TIMING_CACHE",
        "SPARSE_WEIGHTS",
        "DIRECT_IO",
        pytest.param("REJECT_EMPTY_ALGORITHMS", marks=needs("BuilderFlag.REJECT_EMPTY_ALGORITHMS")),
        pytest.param("INT4", marks=needs("BuilderFlag.INT4")),
        pytest.param("FP4", marks=needs("BuilderFlag.FP4")),
    ]
    + ["ERROR_ON_TIMING_CACHE_MISS", "DISABLE_COMPILATION_CACHE", "STRICT_NANS", "MONITOR_MEMORY", "TF32"],
)
def test_flags_that_change_nothing_here(name: str) -> None:
    session = relu_network()
    flag = getattr(trt.BuilderFlag, name)
    session.config.set_flag(flag)
    assert session.config.get_flag(flag)
    x, y = on_device(torch.randn(2, 3)), empty((2, 3))
    assert run_context(session.engine().create_execution_context(), {"x": x}, {"y": y})
    assert torch.equal(y, x.relu())
    session.config.clear_flag(flag)
    assert not session.config.get_flag(flag)


@pytest.mark.parametrize(
    "capability", [trt.EngineCapability.SAFETY, trt.EngineCapability.DLA_STANDALONE], ids=str
)
def test_engines_are_standard(capability: Any) -> None:
    session = relu_network()
    session.config.engine_capability = capability
    assert session.config.engine_capability == capability
    assert session.plan() is None
    assert "capability" in session.logger.last_error()


def test_the_debug_flag_logs_each_layer() -> None:
    session = relu_network()
    session.config.set_flag(trt.BuilderFlag.DEBUG)
    assert session.plan() is not None
    assert any('"relu" is built' in text for _, text in session.logger.lines)


def test_debug_sync_logs_each_layer_that_has_run() -> None:
    session = relu_network()
    context = session.engine().create_execution_context()
    context.debug_sync = True
    session.logger.lines.clear()
    x, y = on_device(torch.randn(2, 3)), empty((2, 3))
    assert context.execute_v2([x.data_ptr(), y.data_ptr()])
    assert any('"relu" has run' in text for _, text in session.logger.lines)
    session.logger.lines.clear()
    assert run_context(context, {"x": x}, {"y": y})
    assert not session.logger.lines


@pytest.mark.parametrize("level", list(trt.HardwareCompatibilityLevel.__members__.values()), ids=str)
def test_hardware_compatibility_is_kept_in_the_plan(level: Any) -> None:
    session = relu_network()
    session.config.hardware_compatibility_level = level
    assert session.engine().hardware_compatibility_level == level


# ---- progress


def test_a_build_may_be_cancelled_after_every_step() -> None:
    session = relu_network()
    session.config.progress_monitor = whole = Monitor()
    assert session.plan() is not None
    steps = whole.calls[0][1]
    assert [call[1] for call in whole.calls if call[0] == "step"] == list(range(steps))
    for last in range(steps):
        session.config.progress_monitor = monitor = Monitor(cancel_at=last)
        assert session.plan() is None
        assert f"after step {last} of {steps}" in session.logger.last_error()
        assert monitor.calls[-2:] == [("step", last), whole.calls[-1]]  # the phase is finished all the same


def test_a_network_that_fails_completes_no_step() -> None:
    session = Session()
    session.network.add_identity(session.input("x", (2,)))
    session.config.progress_monitor = monitor = Monitor()
    assert session.plan() is None
    assert monitor.calls == []


# ---- contexts


def test_detail_of_nvtx_is_at_most_the_engine_s() -> None:
    session = relu_network()
    context = session.engine().create_execution_context()
    assert context.nvtx_verbosity == trt.ProfilingVerbosity.LAYER_NAMES_ONLY
    context.nvtx_verbosity = trt.ProfilingVerbosity.NONE
    assert context.nvtx_verbosity == trt.ProfilingVerbosity.NONE
    try:
        context.nvtx_verbosity = trt.ProfilingVerbosity.DETAILED
    except Exception:  # noqa: BLE001, S110  (newer bindings raise)
        pass
    assert context.nvtx_verbosity == trt.ProfilingVerbosity.NONE
    assert "above" in session.logger.last_error()


def test_limit_of_the_persistent_cache() -> None:
    context = relu_network().engine().create_execution_context()
    assert context.persistent_cache_limit == 0
    context.persistent_cache_limit = 4096
    assert context.persistent_cache_limit == 4096


@pytest.mark.parametrize(("streams", "text"), [([5, 5], "twice"), ([0], "default stream")], ids=str)
def test_auxiliary_streams_are_distinct_and_not_the_default(streams: list[int], text: str) -> None:
    session = relu_network()
    context = session.engine().create_execution_context()
    context.set_aux_streams([7, 8])
    context.set_aux_streams([])
    assert not session.logger.errors()
    context.set_aux_streams(streams)
    assert text in session.logger.last_error()


@pytest.mark.parametrize("missing", ["x", "y"])
def test_empty_tensors_need_addresses_too(missing: str) -> None:  # bindings c6
    session = relu_network((-1, 3))
    session.profile(x=((0, 3), (1, 3), (2, 3)))
    context = session.engine().create_execution_context()
    spare = empty((1,))
    assert context.set_input_shape("x", (0, 3))
    for name in {"x", "y"} - {missing}:
        assert context.set_tensor_address(name, spare.data_ptr())
    assert not context.execute_async_v3(0)
    assert f'"{missing}"' in session.logger.last_error()
    assert context.set_tensor_address(missing, spare.data_ptr())
    assert context.execute_async_v3(0)


def test_an_address_is_taken_back_by_null() -> None:
    session = dynamic_relu()
    context = session.engine().create_execution_context()
    x, y = on_device(torch.randn(2, 3)), empty((2, 3))
    assert run_context(context, {"x": x}, {"y": y})
    assert context.set_tensor_address("y", 0)
    assert not context.execute_async_v3(0)
    assert '"y"' in session.logger.last_error()


# ---- recorders


def test_recorders_are_inherited_at_creation_and_may_be_replaced() -> None:
    session = dynamic_relu()
    first, second = Recorder(), Recorder()
    runtime = trt.Runtime(session.logger)
    runtime.error_recorder = first
    engine = runtime.deserialize_cuda_engine(session.plan())
    runtime.error_recorder = second
    assert not engine.create_execution_context().set_input_shape("x", (99, 3))
    assert (len(first.found), len(second.found)) == (1, 0)
    engine.error_recorder = second
    context = engine.create_execution_context()
    assert not context.set_input_shape("x", (99, 3))
    assert (len(first.found), len(second.found)) == (1, 1)
    context.error_recorder = None
    assert not context.set_input_shape("x", (99, 3))
    assert (len(first.found), len(second.found)) == (1, 1)
    assert len(session.logger.errors()) == 3  # the logger hears of all


OBJECTS: dict[str, Callable[[Session], Any]] = {
    "builder": lambda s: s.builder,
    "network": lambda s: s.network,
    "engine": lambda s: s.engine(),
    "context": lambda s: s.engine().create_execution_context(),
    "inspector": lambda s: s.engine().create_engine_inspector(),
    "runtime": lambda s: trt.Runtime(s.logger),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_every_object_has_a_recorder(name: str) -> None:
    thing = OBJECTS[name](dynamic_relu())
    assert thing.error_recorder is None
    recorder = Recorder()
    thing.error_recorder = recorder
    assert thing.error_recorder is recorder
    thing.error_recorder = None
    assert thing.error_recorder is None
