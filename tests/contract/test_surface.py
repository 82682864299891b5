"""The public surface: names, signatures and defaults of the interface that this package replaces."""

import inspect
from typing import Any

import pytest
import torch_tensorrt
from torch_tensorrt import Device, EngineCapability

REQUIRED = inspect.Parameter.empty

NAMES = """
compile cross_compile_for_windows load_cross_compiled_exported_program convert_method_to_trt_engine save load
Input Device DeviceType EngineCapability Platform dtype memory_format MutableTorchTensorRTModule
ENABLED_FEATURES tensorrt_package_name dynamo runtime logging ts __version__ __cuda_version__
TorchTensorRTModule set_multi_device_safe_mode set_cudagraphs_mode get_cudagraphs_mode
get_whole_cudagraphs_mode enable_cudagraphs enable_pre_allocated_outputs enable_output_allocator
weight_streaming
""".split()

ENTRY: dict[str, dict[str, Any]] = {
    "compile": dict(
        module=REQUIRED,
        ir="default",
        inputs=None,
        arg_inputs=None,
        kwarg_inputs=None,
        enabled_precisions=None,
    ),
    "convert_method_to_trt_engine": dict(
        module=REQUIRED,
        method_name="forward",
        inputs=None,
        arg_inputs=None,
        kwarg_inputs=None,
        ir="default",
        enabled_precisions=None,
    ),
    "cross_compile_for_windows": dict(
        module=REQUIRED,
        file_path=REQUIRED,
        inputs=None,
        arg_inputs=None,
        kwarg_inputs=None,
        enabled_precisions=None,
    ),
    "load_cross_compiled_exported_program": dict(file_path=""),
    "save": dict(
        module=REQUIRED,
        file_path="",
        extra_files=None,
        output_format="exported_program",
        inputs=None,
        arg_inputs=None,
        kwarg_inputs=None,
        retrace=True,
        use_legacy_exporter=None,
        pickle_protocol=2,
        dynamic_shapes=None,
    ),
    "load": dict(file_path="", extra_files=None, format=None),
}
KEYWORD_ONLY = {"save": set(ENTRY["save"]) - {"module", "file_path"}, "load": {"format"}}
NO_KWARGS = {"load_cross_compiled_exported_program"}

DLA = dict(dla_sram_size=1048576, dla_local_dram_size=1073741824, dla_global_dram_size=536870912)
TS_BUILD = dict(
    disable_tf32=False,
    sparse_weights=False,
    enabled_precisions=None,
    refit=False,
    debug=False,
    capability=EngineCapability.STANDARD,
    num_avg_timing_iters=1,
    workspace_size=0,
    **DLA,
    truncate_long_and_double=False,
)
TS: dict[str, dict[str, Any]] = {
    "compile": dict(
        module=REQUIRED,
        inputs=None,
        input_signature=None,
        device=Device._current_device(),
        **TS_BUILD,
        require_full_compilation=False,
        min_block_size=3,
        torch_executed_ops=None,
        torch_executed_modules=None,
        allow_shape_tensors=False,
    ),
    "convert_method_to_trt_engine": dict(
        module=REQUIRED,
        method_name="forward",
        inputs=None,
        device=Device._current_device(),
        **TS_BUILD,
        allow_shape_tensors=False,
    ),
    "embed_engine_in_new_module": dict(
        serialized_engine=REQUIRED,
        input_binding_names=None,
        output_binding_names=None,
        device=Device._current_device(),
    ),
    "check_method_op_support": dict(module=REQUIRED, method_name="forward"),
    "TensorRTCompileSpec": dict(
        inputs=None, input_signature=None, device=None, **TS_BUILD, allow_shape_tensors=False
    ),
}


def parameters(function: Any) -> dict[str, Any]:
    """Name -> default, in order; *args and **kwargs are left out."""
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    found = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in found if p.kind not in variable}


@pytest.mark.parametrize("name", NAMES)
def test_name_is_there(name: str) -> None:
    assert getattr(torch_tensorrt, name) is not None
    assert name in dir(torch_tensorrt)


@pytest.mark.parametrize("name", ENTRY)
def test_entry_functions(name: str) -> None:
    function = getattr(torch_tensorrt, name)
    assert list(parameters(function).items()) == list(ENTRY[name].items())
    found = inspect.signature(function).parameters.values()
    assert {p.name for p in found if p.kind is p.KEYWORD_ONLY} == KEYWORD_ONLY.get(name, set())
    assert any(p.kind is p.VAR_KEYWORD for p in found) is (name not in NO_KWARGS)


@pytest.mark.parametrize("name", TS)
def test_torchscript_functions(name: str) -> None:
    assert list(parameters(getattr(torch_tensorrt.ts, name)).items()) == list(TS[name].items())


def test_features_are_in_the_known_order() -> None:
    fields = torch_tensorrt.ENABLED_FEATURES._fields
    assert fields == (
        "torchscript_frontend",
        "torch_tensorrt_runtime",
        "dynamo_frontend",
        "fx_frontend",
        "refit",
        "qdp_plugin",
        "windows_cross_compile",
        "tensorrt_rtx",
        "trtllm_for_nccl",
        "native_trt_collectives",
        "complex_decomposition",
    )
    assert torch_tensorrt.ENABLED_FEATURES.refit and torch_tensorrt.ENABLED_FEATURES.dynamo_frontend
    assert all(type(value) is bool for value in torch_tensorrt.ENABLED_FEATURES)
