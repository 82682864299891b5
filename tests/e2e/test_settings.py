"""Every compilation setting is accepted by every entry point, and what has no effect says so once."""

from __future__ import annotations

import dataclasses
import logging

import pytest
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt import EngineCapability, dynamo
from torch_tensorrt.dynamo import CompilationSettings, _settings

from tests.e2e.judge import assert_one_engine

OTHER = {
    "enabled_precisions": {torch.float16},
    "workspace_size": 1 << 24,
    "min_block_size": 1,
    "torch_executed_ops": {"torch.ops.aten.sin.default"},
    "pass_through_build_failures": True,
    "max_aux_streams": 1,
    "version_compatible": True,
    "optimization_level": 1,
    "use_python_runtime": True,
    "truncate_double": True,
    "use_fast_partitioner": False,
    "enable_experimental_decompositions": True,
    "device": torch_tensorrt.Device._current_device(),
    "require_full_compilation": True,
    "disable_tf32": True,
    "assume_dynamic_shape_support": True,
    "sparse_weights": True,
    "engine_capability": EngineCapability.STANDARD,
    "num_avg_timing_iters": 2,
    "dla_sram_size": 1 << 19,
    "dla_local_dram_size": 1 << 29,
    "dla_global_dram_size": 1 << 28,
    "dryrun": True,
    "hardware_compatible": True,
    "timing_cache_path": "timings.bin",
    "lazy_engine_init": True,
    "cache_built_engines": True,
    "reuse_cached_engines": True,
    "use_explicit_typing": False,
    "use_fp32_acc": True,
    "refit_identical_engine_weights": True,
    "strip_engine_weights": False,
    "immutable_weights": False,
    "enable_weight_streaming": False,
    "enable_cross_compile_for_windows": True,
    "tiling_optimization_level": "fast",
    "l2_limit_for_tiling": 1 << 20,
    "use_distributed_mode_trace": True,
    "offload_module_to_cpu": True,
    "enable_autocast": True,
    "autocast_low_precision_type": torch.bfloat16,
    "autocast_excluded_nodes": {"relu.*"},
    "autocast_excluded_ops": {torch.ops.aten.relu.default},
    "autocast_max_output_threshold": 100,
    "autocast_max_depth_of_reduction": 64,
    "autocast_calibration_dataloader": [1],
    "enable_resource_partitioning": True,
    "cpu_memory_budget": 1 << 30,
    "dynamically_allocate_resources": True,
    "decompose_attention": True,
    "attn_bias_is_causal": False,
    "disabled_constant_fold_exclusions": frozenset({"all"}),
    "fallback_data_dependent_ops": True,
}
"""A value of each field beside its default (where another one can be built on this machine)."""

MODEL = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4)).eval()


pytestmark = pytest.mark.usefixtures("nothing_said_before", "fresh_dynamo")


def said(caplog) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name.startswith("torch_tensorrt")]


def test_every_field_is_here():
    assert set(OTHER) == {f.name for f in dataclasses.fields(CompilationSettings)}


@pytest.fixture(scope="module")
def program():
    return torch.export.export(MODEL, (torch.randn(3, 8),))


@pytest.mark.filterwarnings("ignore:use_explicit_typing")
@pytest.mark.parametrize("name", OTHER)
def test_field(name, program, caplog, tmp_path, monkeypatch):
    """Accepted, the result is right, and a setting without effect is named once."""
    monkeypatch.chdir(tmp_path)
    x = torch.randn(3, 8)
    settings = {"min_block_size": 1, name: OTHER[name]}
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            compiled = dynamo.compile(program, inputs=[x], **settings)
    with torch.no_grad():
        torch.testing.assert_close(compiled(x), MODEL(x))
    if name != "dryrun":
        assert_one_engine(compiled)
    idle = [s for s in said(caplog) if f"'{name}'" in s and "no effect" in s]
    assert len(idle) == (name in _settings.NOT_YET_EFFECTIVE), said(caplog)


@pytest.mark.filterwarnings("ignore:use_explicit_typing")
def test_all_of_them_at_once(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    x = torch.randn(3, 8)
    settings = {**OTHER, "dryrun": False, "use_distributed_mode_trace": False}
    compiled = torch_tensorrt.compile(MODEL, ir="dynamo", inputs=[x], **settings)
    assert_one_engine(compiled)
    with torch.no_grad():
        torch.testing.assert_close(compiled(x), MODEL(x))


def test_defaults_say_nothing(program, caplog):
    with caplog.at_level(logging.WARNING):
        dynamo.compile(program, inputs=[torch.randn(3, 8)], min_block_size=1)
    assert not said(caplog)


def test_options_of_torch_compile(caplog):
    x = torch.randn(3, 8)
    options = {
        "min_block_size": 1,
        "pass_through_build_failures": True,
        "optimization_level": 2,
        "use_fp32_acc": True,
    }
    with caplog.at_level(logging.WARNING), torch.no_grad():
        compiled = torch.compile(MODEL, backend="torch_tensorrt", options=options)
        torch.testing.assert_close(compiled(x), MODEL(x))
    assert len([s for s in said(caplog) if "use_fp32_acc" in s]) == 1


@pytest.mark.parametrize(
    "old, value, new",
    [("truncate_long_and_double", True, "truncate_double"), ("make_refittable", True, "immutable_weights")],
)
def test_old_names_are_said_once(program, old, value, new, caplog):
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            compiled = dynamo.compile(program, min_block_size=1, **{old: value})
    assert len([s for s in said(caplog) if f"'{old}'" in s and f"'{new}'" in s]) == 1
    assert getattr(compiled.report.settings, new) is (value if new == "truncate_double" else not value)


def test_unknown_names_are_refused(program):
    with pytest.raises(TypeError, match="'min_blocksize' is not a compilation setting"):
        dynamo.compile(program, min_blocksize=1)


def test_the_engine_module_keeps_its_settings(program):
    compiled = dynamo.compile(program, min_block_size=1, optimization_level=2)
    assert assert_one_engine(compiled).settings.optimization_level == 2
