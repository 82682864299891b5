"""Builder, configuration, profiles, timing cache, and how builds fail."""

import numpy as np
import pytest
import tensorrt as trt

from tests.engine._session import (
    MAJOR,
    Logger,
    Monitor,
    Recorder,
    Session,
    dynamic_relu,
    needs_weak_types,
    relu_network,
)


def test_defaults_of_a_configuration() -> None:
    config = Session().config
    assert config.get_flag(trt.BuilderFlag.TF32) and not config.get_flag(trt.BuilderFlag.REFIT)
    assert config.builder_optimization_level == 3
    assert config.profiling_verbosity == trt.ProfilingVerbosity.LAYER_NAMES_ONLY
    assert config.engine_capability == trt.EngineCapability.STANDARD
    assert config.hardware_compatibility_level == trt.HardwareCompatibilityLevel.NONE
    assert config.avg_timing_iterations == 1
    assert config.DLA_core == -1 and config.default_device_type == trt.DeviceType.GPU
    assert config.num_optimization_profiles == 0
    assert config.progress_monitor is None


def test_a_configuration_answers_what_was_set_until_reset() -> None:
    config = Session().config
    config.set_flag(trt.BuilderFlag.DEBUG)
    config.clear_flag(trt.BuilderFlag.TF32)
    config.builder_optimization_level = 9
    config.max_aux_streams = 2
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, 1 << 20)
    config.set_preview_feature(trt.PreviewFeature.ALIASED_PLUGIN_IO_10_03, True)
    assert config.get_flag(trt.BuilderFlag.DEBUG) and not config.get_flag(trt.BuilderFlag.TF32)
    assert config.builder_optimization_level == 5
    assert config.max_aux_streams == 2
    assert config.profiling_verbosity == trt.ProfilingVerbosity.DETAILED
    assert config.get_memory_pool_limit(trt.MemoryPoolType.WORKSPACE) == 1 << 20
    assert config.get_preview_feature(trt.PreviewFeature.ALIASED_PLUGIN_IO_10_03)
    if MAJOR == 10:
        assert config.get_preview_feature(trt.PreviewFeature.PROFILE_SHARING_0806)
    config.reset()
    assert config.builder_optimization_level == 3 and config.get_flag(trt.BuilderFlag.TF32)


def test_bad_options_keep_the_old_ones() -> None:
    session = Session()
    session.config.builder_optimization_level = -1
    assert "optimization level" in session.logger.last_error()
    assert session.config.builder_optimization_level == 3
    session.builder.max_threads = 4
    assert session.builder.max_threads == 4


@needs_weak_types
def test_weak_precision_flags_fail_a_strongly_typed_build_by_name() -> None:
    session = relu_network()
    session.config.set_flag(trt.BuilderFlag.FP16)
    assert session.plan() is None
    assert "kFP16" in session.logger.last_error()


def test_refit_flags_exclude_each_other() -> None:
    session = relu_network()
    session.config.set_flag(trt.BuilderFlag.REFIT)
    session.config.set_flag(trt.BuilderFlag.REFIT_INDIVIDUAL)
    assert session.plan() is None
    assert "kREFIT_INDIVIDUAL" in session.logger.last_error()


def test_a_network_without_outputs_does_not_build() -> None:
    session = Session()
    session.network.add_identity(session.input("x", (2,)))
    assert session.plan() is None
    assert "has no outputs" in session.logger.last_error()


def test_a_dynamic_input_needs_a_profile() -> None:
    session = relu_network((-1, 3))
    assert session.plan() is None
    assert "x" in (error := session.logger.last_error()) and "profile" in error


def test_shape_violations_fail_the_build_with_the_layer_name() -> None:
    session = Session()
    layer = session.network.add_elementwise(
        session.input("a", (2, 3)), session.input("b", (2, 4)), trt.ElementWiseOperation.SUM
    )
    layer.name = "sum_of_both"
    session.network.mark_output(layer.get_output(0))
    assert session.plan() is None
    assert "sum_of_both" in session.logger.last_error()


def test_profile_answers_and_checks_each_call() -> None:
    session = relu_network((-1, 3))
    profile = session.builder.create_optimization_profile()
    profile.set_shape("x", (1, 3), (2, 3), (4, 3))
    assert [tuple(s) for s in profile.get_shape("x")] == [(1, 3), (2, 3), (4, 3)]
    assert profile.extra_memory_target == 1.0
    with pytest.raises((ValueError, RuntimeError)):
        profile.set_shape("x", (5, 3), (2, 3), (4, 3))
    assert [tuple(s) for s in profile.get_shape("x")] == [(1, 3), (2, 3), (4, 3)]


def test_profile_values_of_a_shape_tensor() -> None:
    profile = Session().builder.create_optimization_profile()
    profile.set_shape_input("dims", (1, 2), (2, 2), (4, 2))
    assert [tuple(v) for v in profile.get_shape_input("dims")] == [(1, 2), (2, 2), (4, 2)]


def test_profile_of_the_engine() -> None:
    engine = dynamic_relu().engine()
    assert engine.num_optimization_profiles == 1
    assert [tuple(s) for s in engine.get_tensor_profile_shape("x", 0)] == [(1, 3), (2, 3), (8, 3)]


def test_errors_go_to_logger_and_recorder_which_children_inherit() -> None:
    logger = Logger()
    builder = trt.Builder(logger)
    recorder = Recorder()
    builder.error_recorder = recorder
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    config = builder.create_builder_config()
    network.add_identity(network.add_input("x", trt.float32, (2,)))
    assert builder.build_serialized_network(network, config) is None
    assert len(logger.errors()) == 1
    description = recorder.found[0][1]
    assert description.startswith("kINVALID_CONFIG - IBuilder::buildSerializedNetwork: network ")
    assert description.split(": ", 1)[1] in logger.errors()[0] and len(logger.errors()) == 1
    assert recorder.found[0][0] == trt.ErrorCodeTRT.INVALID_CONFIG
    builder.error_recorder = None
    assert builder.build_serialized_network(network, config) is None
    assert len(recorder.found) == 1


def test_progress_monitor_sees_steps_and_may_cancel() -> None:
    session = relu_network()
    monitor = Monitor()
    session.config.progress_monitor = monitor
    assert session.plan() is not None
    names = [call[0] for call in monitor.calls]
    assert names[0] == "start" and names[-1] == "finish" and set(names[1:-1]) == {"step"}
    assert len(names) - 2 == monitor.calls[0][1]
    cancelling = Monitor(cancel_at=0)
    session.config.progress_monitor = cancelling
    assert session.plan() is None
    assert "cancelled" in session.logger.last_error()
    assert cancelling.calls[-1][0] == "finish"


def test_a_network_is_checked_without_being_built() -> None:
    session = relu_network()
    monitor = Monitor()
    session.config.progress_monitor = monitor
    assert session.builder.is_network_supported(session.network, session.config)
    assert monitor.calls == [] and session.logger.errors() == []
    session.config.set_flag(trt.BuilderFlag.REFIT_INDIVIDUAL)
    session.config.set_flag(trt.BuilderFlag.REFIT)
    assert not session.builder.is_network_supported(session.network, session.config)
    assert "excludes kREFIT" in session.logger.last_error()


def test_timing_cache_round_trip() -> None:
    config = Session().config
    cache = config.create_timing_cache(b"")
    blob = cache.serialize()
    assert blob.nbytes > 0
    assert config.set_timing_cache(cache, ignore_mismatch=False)
    again = config.create_timing_cache(memoryview(blob).tobytes())
    assert memoryview(again.serialize()).tobytes() == memoryview(blob).tobytes()
    assert again.combine(cache, ignore_mismatch=False) and again.reset()


def test_a_foreign_timing_cache_is_refused() -> None:
    session = Session()
    assert session.config.create_timing_cache(b"something else entirely") is None
    assert "not a timing cache" in session.logger.last_error()


def test_engine_without_serialization() -> None:
    session = relu_network()
    engine = session.builder.build_engine_with_config(session.network, session.config)
    assert engine is not None and engine.num_io_tensors == 2
    assert session.builder.is_network_supported(session.network, session.config)


def test_memory_of_weights_may_go_after_the_build() -> None:
    session = Session()
    values = np.full(3, 7, dtype=np.float32)
    constant = session.network.add_constant((3,), trt.Weights(trt.float32, values.ctypes.data, 3))
    total = session.network.add_elementwise(
        session.input("x", (3,)), constant.get_output(0), trt.ElementWiseOperation.SUM
    )
    total.get_output(0).name = "y"
    session.network.mark_output(total.get_output(0))
    plan = bytes(session.plan())
    values[:] = 0
    assert np.full(3, 7, dtype=np.float32).tobytes() in plan
