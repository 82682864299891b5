"""TorchTensorRTModule: construction, calls, state, copies, metadata, controls."""

from __future__ import annotations

import base64
import copy
import io
import json

import pytest
import torch
import torch_tensorrt
from torch_tensorrt import _metadata
from torch_tensorrt._errors import EngineError, InputError
from torch_tensorrt.dynamo._settings import CompilationSettings

from tests.py.runtime import engines
from tests.py.runtime.engines import ROWS, TWO_ROWS, TorchTensorRTModule, module, randn


@pytest.fixture
def held():
    return module(engines.relu(), name="part")


def test_one_output_is_a_tensor_several_are_a_tuple(held):
    x, y = randn(2, 3), randn(2, 3)
    torch.testing.assert_close(held(x), x.relu())
    both = module(engines.sum_and_product, TWO_ROWS)
    outputs = both(x, y)
    assert isinstance(outputs, tuple) and len(outputs) == 2


def test_numbers_become_tensors_of_the_bindings_type():
    def scaled(network):
        import tensorrt as trt

        x, factor = network.add_input("x", trt.float32, (2,)), network.add_input("f", trt.float32, (1,))
        engines.returned(
            network, network.add_elementwise(x, factor, trt.ElementWiseOperation.PROD).get_output(0)
        )

    x = randn(2)
    torch.testing.assert_close(module(scaled)(x, 3), x * 3)
    with pytest.raises(InputError, match="'f' .*tensor or a number is expected, got str"):
        module(scaled)(x, "3")


def test_names_come_from_the_engine(held):
    assert held.input_binding_names == ["x"] and held.output_binding_names == ["out0"]


def test_lazy_engines_load_at_the_first_call():
    held = module(engines.relu(), settings=CompilationSettings(lazy_engine_init=True))
    assert held.engine is None
    x = randn(2, 3)
    torch.testing.assert_close(held(x), x.relu())
    assert held.engine is not None


def test_an_empty_module_says_so():
    with pytest.raises(EngineError, match="has no engine yet"):
        TorchTensorRTModule(name="part")(randn(2, 3))


def test_state_dict_round_trip(held):
    held.settings.min_block_size = 7
    file = io.BytesIO()
    settings = CompilationSettings(torch_executed_ops={"torch.ops.aten.add.Tensor"}, workspace_size=3)
    source = module(engines.relu(), name="part", settings=settings)
    torch.save(source.state_dict(), file)
    file.seek(0)
    other = TorchTensorRTModule()
    other.load_state_dict(torch.load(file, weights_only=True))
    x = randn(2, 3)
    assert torch.equal(other(x), source(x))
    assert other.name == "part" and other.settings == settings


def test_state_of_another_version_is_refused(held):
    name, info, inputs, outputs = held.get_extra_state()
    with pytest.raises(EngineError, match="11 fields, expected 13"):
        TorchTensorRTModule().set_extra_state((name, info[:11], inputs, outputs))
    with pytest.raises(EngineError, match="ABI 8"):
        TorchTensorRTModule().set_extra_state((name, ["8", *info[1:]], inputs, outputs))


@pytest.mark.parametrize("lazy", [False, True])
def test_copies_have_engines_of_their_own(lazy):
    held = module(engines.relu(), settings=CompilationSettings(lazy_engine_init=lazy))
    x = randn(2, 3)
    for other in (copy.deepcopy(held), pickled(held)):
        assert (other.engine is None) == lazy
        assert torch.equal(other(x), x.relu())
        assert other.engine is not held.engine


def pickled(held):
    file = io.BytesIO()
    torch.save(held, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


def test_metadata_is_json(held):
    text = held.get_engine().get_serialized_metadata()
    document = json.loads(base64.b64decode(text))
    assert document["format"] == 1 and document["settings"]["min_block_size"] == 5
    assert TorchTensorRTModule.decode_metadata(text)["settings"] == held.settings


def test_settings_survive_metadata():
    settings = CompilationSettings(
        torch_executed_ops={torch.ops.aten.add.Tensor, "a.b"},
        enabled_precisions={torch_tensorrt.dtype.f16, torch_tensorrt.dtype.f32},
        autocast_low_precision_type=torch.bfloat16,
        dryrun="file",
        optimization_level=None,
        autocast_calibration_dataloader=object(),
        disabled_constant_fold_exclusions=frozenset({"rule"}),
    )
    held = TorchTensorRTModule(settings=settings)
    found = held.decode_metadata(held.encode_metadata({"settings": settings}))["settings"]
    assert found.torch_executed_ops == {"torch.ops.aten.add.Tensor", "a.b"}
    assert found.autocast_calibration_dataloader is None
    for name in (
        "enabled_precisions",
        "autocast_low_precision_type",
        "dryrun",
        "device",
        "engine_capability",
    ):
        assert getattr(found, name) == getattr(settings, name)
    assert found.disabled_constant_fold_exclusions == frozenset({"rule"})


@pytest.mark.parametrize(
    "text", ["!!", "aGVsbG8=", base64.b64encode(b"[]").decode(), _metadata.encode({"format": 99})]
)
def test_metadata_that_cannot_be_read_is_refused(text):
    with pytest.raises(EngineError, match="SERIALIZED_METADATA"):
        TorchTensorRTModule.decode_metadata(text)


def test_metadata_does_not_run_code():
    import pickle

    class Evil:
        def __reduce__(self):
            return (pytest.fail, ("code of the file was run",))

    with pytest.raises(EngineError):
        TorchTensorRTModule.decode_metadata(base64.b64encode(pickle.dumps(Evil())))


def test_unowned_outputs_are_remembered(held):
    held.set_output_tensors_as_unowned(True)
    assert held.are_output_tensors_unowned() and held.engine.are_output_tensors_unowned()
    other = TorchTensorRTModule()
    other.load_state_dict(held.state_dict())
    assert other.are_output_tensors_unowned() and other.engine.are_output_tensors_unowned()


def test_serialized_engine_is_the_plan():
    plan = engines.build(engines.relu())
    assert TorchTensorRTModule(plan).serialized_engine == plan


def test_profiling_writes_files(held, tmp_path):
    held.enable_profiling(str(tmp_path))
    held(randn(2, 3))
    held.disable_profiling()
    written = {path.name for path in tmp_path.iterdir()}
    assert {
        f"part_{phase}_profile.trace" for phase in ("input", "output", "enqueue", "engine_execution")
    } <= written
    assert json.loads((tmp_path / "part_enqueue_profile.trace").read_text())[0]["name"] == "enqueue"


def test_layer_information_is_json(held, tmp_path):
    assert "Layers" in json.loads(held.get_layer_info())
    held.dump_layer_info(str(tmp_path / "layers.json"))
    assert json.loads((tmp_path / "layers.json").read_text()) == json.loads(held.get_layer_info())


def test_scratch_memory_can_be_brought_at_each_call(held):
    x = randn(2, 3)
    held.use_dynamically_allocated_resources(True)
    torch.testing.assert_close(held(x), x.relu())
    assert held.get_extra_state()[1][10] == "1"
    held.use_dynamically_allocated_resources(False)
    torch.testing.assert_close(held(x), x.relu())


def test_pre_allocated_outputs(held):
    x = randn(2, 3)
    held.set_pre_allocated_outputs(True)
    held(x)
    (ahead,) = held.pre_allocated_outputs
    out = held(x)
    assert out.data_ptr() == ahead.data_ptr()
    torch.testing.assert_close(out, x.relu())


def test_output_allocator():
    held = module(engines.doubled_rows, ROWS)
    held.set_use_output_allocator(True)
    for rows in (1, 5, 5):
        x = randn(rows, 3)
        torch.testing.assert_close(held(x), torch.cat([x, x]))
    held.set_use_output_allocator(False)
    torch.testing.assert_close(held(x), torch.cat([x, x]))


def test_the_old_python_runtime_is_an_alias():
    from torch_tensorrt.runtime import PythonTorchTensorRTModule

    x = randn(2, 3)
    with pytest.warns(DeprecationWarning):
        held = PythonTorchTensorRTModule(engines.build(engines.relu()))
    torch.testing.assert_close(held(x), x.relu())
