"""Settings: every field with its default and its documentation; old spellings; what has no effect says so
once.
"""

import ast
import dataclasses
import inspect
import logging

import pytest
import torch
from torch_tensorrt import EngineCapability, dtype, dynamo
from torch_tensorrt.dynamo import CompilationSettings
from torch_tensorrt.dynamo._settings import settings_from, takes_settings

DEFAULTS = {
    "workspace_size": 0,
    "min_block_size": 5,
    "torch_executed_ops": set(),
    "pass_through_build_failures": False,
    "max_aux_streams": None,
    "version_compatible": False,
    "optimization_level": None,
    "use_python_runtime": False,
    "truncate_double": False,
    "use_fast_partitioner": True,
    "enable_experimental_decompositions": False,
    "require_full_compilation": False,
    "disable_tf32": False,
    "assume_dynamic_shape_support": False,
    "sparse_weights": False,
    "engine_capability": EngineCapability.STANDARD,
    "num_avg_timing_iters": 1,
    "dla_sram_size": 1048576,
    "dla_local_dram_size": 1073741824,
    "dla_global_dram_size": 536870912,
    "dryrun": False,
    "hardware_compatible": False,
    "lazy_engine_init": False,
    "cache_built_engines": False,
    "reuse_cached_engines": False,
    "use_explicit_typing": True,
    "use_fp32_acc": False,
    "refit_identical_engine_weights": False,
    "strip_engine_weights": False,
    "immutable_weights": True,
    "enable_weight_streaming": False,
    "enable_cross_compile_for_windows": False,
    "tiling_optimization_level": "none",
    "l2_limit_for_tiling": -1,
    "use_distributed_mode_trace": False,
    "offload_module_to_cpu": False,
    "enable_autocast": False,
    "autocast_low_precision_type": None,
    "autocast_excluded_nodes": set(),
    "autocast_excluded_ops": set(),
    "autocast_max_output_threshold": 512,
    "autocast_max_depth_of_reduction": None,
    "autocast_calibration_dataloader": None,
    "enable_resource_partitioning": False,
    "cpu_memory_budget": None,
    "dynamically_allocate_resources": False,
    "decompose_attention": False,
    "attn_bias_is_causal": True,
    "disabled_constant_fold_exclusions": frozenset(),
    "fallback_data_dependent_ops": False,
}


pytestmark = pytest.mark.usefixtures("nothing_said_before")


@pytest.mark.parametrize("name", DEFAULTS)
def test_default(name):
    assert getattr(CompilationSettings(), name) == DEFAULTS[name]


def test_precisions_default_to_float32():
    assert CompilationSettings().enabled_precisions == {dtype.f32}


def test_every_field_is_documented_under_it():
    body = ast.parse(inspect.getsource(CompilationSettings)).body[0].body
    documented = {
        field.target.id
        for field, text in zip(body, body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }
    assert documented == {f.name for f in dataclasses.fields(CompilationSettings)}


def test_old_spellings():
    settings = settings_from({"truncate_long_and_double": True, "refit": True})
    assert settings.truncate_double and not settings.immutable_weights


def test_unknown_name_is_refused():
    with pytest.raises(TypeError, match="min_block_sise"):
        settings_from({"min_block_sise": 1})


def test_no_effect_is_said_once(caplog):
    with caplog.at_level(logging.WARNING):
        settings_from({"cache_built_engines": True})
        settings_from({"cache_built_engines": True})
    said = [r.message for r in caplog.records if "cache_built_engines" in r.message]
    assert len(said) == 1 and "no effect yet" in said[0]


def test_default_values_say_nothing(caplog):
    with caplog.at_level(logging.WARNING):
        settings_from({"cache_built_engines": False, "min_block_size": 2})
    assert not caplog.records


def test_values_of_any_spelling():
    settings = settings_from(
        {"enabled_precisions": {torch.half, dtype.bf16}, "device": "cpu", "torch_executed_ops": ["a"]}
    )
    assert settings.enabled_precisions == {dtype.f16, dtype.bf16}
    assert settings.torch_executed_ops == {"a"}


@pytest.mark.parametrize(
    "function", [dynamo.compile, dynamo.convert_exported_program_to_serialized_trt_engine]
)
def test_signature_lists_every_field(function):
    names = set(inspect.signature(function).parameters)
    assert {f.name for f in dataclasses.fields(CompilationSettings)} <= names
    assert {"exported_program", "inputs", "arg_inputs", "kwarg_inputs"} <= names


def test_settings_object_excludes_keywords():
    @takes_settings
    def function(x, *, settings):
        return settings

    given = CompilationSettings(min_block_size=3)
    assert function(1, settings=given) is given
    assert function(1, min_block_size=2).min_block_size == 2
    with pytest.raises(TypeError, match="min_block_size"):
        function(1, settings=given, min_block_size=2)
