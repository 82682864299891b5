"""torch_tensorrt.runtime: modes of the process and context managers over a module's engines."""

from __future__ import annotations

import logging

import pytest
import torch
import torch_tensorrt

import tensorrt as trt  # isort: skip  (torch_tensorrt says whose it is)
from torch_tensorrt._errors import InputError
from torch_tensorrt.runtime import _weight_streaming

from tests.py.runtime import engines
from tests.py.runtime.engines import module, randn

runtime = torch_tensorrt.runtime


class Pair(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self._run_on_acc_0, self._run_on_acc_1 = module(engines.relu()), module(engines.relu())

    def forward(self, x):
        return self._run_on_acc_1(self._run_on_acc_0(x))


@pytest.fixture(scope="module")
def pair():
    return Pair()


def test_cudagraphs_mode_is_kept_and_says_when_it_has_no_effect(caplog):
    with caplog.at_level(logging.WARNING, "torch_tensorrt"):
        runtime.set_cudagraphs_mode(True)
    assert ("no CUDA device" in caplog.text) == (not torch.cuda.is_available())
    assert runtime.get_cudagraphs_mode() and not runtime.get_whole_cudagraphs_mode()
    runtime.set_cudagraphs_mode(False)
    assert torch.ops.tensorrt.get_cudagraphs_mode() == 0
    with pytest.raises(InputError):
        runtime.set_cudagraphs_mode(9)


def test_enable_cudagraphs_restores_the_mode(pair):
    x = randn(2, 3)
    with runtime.enable_cudagraphs(pair) as graphed:
        assert runtime.get_cudagraphs_mode()
        for _ in range(3):
            torch.testing.assert_close(graphed(x), x.relu())
    assert not runtime.get_cudagraphs_mode()
    with pytest.raises(NotImplementedError, match="RTX"):
        runtime.enable_cudagraphs(pair, cuda_graph_strategy="whole_graph_capture")


def test_safe_mode_is_restored():
    with runtime.set_multi_device_safe_mode(True):
        assert torch.ops.tensorrt.get_multi_device_safe_mode()
    assert not torch.ops.tensorrt.get_multi_device_safe_mode()
    with pytest.raises(InputError):
        runtime.set_multi_device_safe_mode("yes")


@pytest.mark.parametrize(
    "switch, option",
    [
        (runtime.enable_pre_allocated_outputs, "use_pre_allocated_outputs"),
        (runtime.enable_output_allocator, "use_output_allocator_outputs"),
    ],
)
def test_switches_reach_every_engine_and_are_undone(pair, switch, option):
    x = randn(2, 3)
    with switch(pair):
        assert getattr(pair._run_on_acc_0.engine, option) and getattr(pair._run_on_acc_1.engine, option)
        torch.testing.assert_close(pair(x), x.relu())
        torch.testing.assert_close(pair(x), x.relu())
    assert not getattr(pair._run_on_acc_0.engine, option)
    torch.testing.assert_close(pair(x), x.relu())


@pytest.mark.parametrize("switch", ["enable_cudagraphs", "enable_pre_allocated_outputs", "weight_streaming"])
def test_modules_without_engines_are_refused(switch):
    with pytest.raises(InputError, match="has none"):
        getattr(runtime, switch)(torch.nn.ReLU())


def test_optimization_profile_is_restored():
    near, far = {"x": ((1, 3), (1, 3), (2, 3))}, {"x": ((5, 3), (6, 3), (9, 3))}
    held = module(engines.relu((-1, 3)), near, far)
    with runtime.optimization_profile(held, 1):
        assert held(randn(7, 3)).shape == (7, 3)
    with pytest.raises(InputError):
        held(randn(7, 3))
    with runtime.optimization_profile(held, "auto"):
        held(randn(7, 3))
    assert held.get_optimization_profile_state()[1] is False
    with pytest.raises(InputError, match="number or 'auto'"):
        runtime.optimization_profile(held, "best").__enter__()


def test_resources_are_restored(pair):
    from torch_tensorrt.dynamo.runtime import ResourceAllocationStrategy

    x = randn(2, 3)
    with ResourceAllocationStrategy(pair):
        assert pair._run_on_acc_0.dynamically_allocate_resources
        torch.testing.assert_close(pair(x), x.relu())
    assert not pair._run_on_acc_0.dynamically_allocate_resources


def test_weight_streaming_without_streamable_weights(pair):
    with runtime.weight_streaming(pair) as context:
        assert context.total_device_budget == 0
        with pytest.raises(InputError, match="enable_weight_streaming=True"):
            context.device_budget = 1


def test_weight_streaming_shares_the_budget():
    def weighted(network):
        x = network.add_input("x", trt.float32, (1, 64))
        weights = network.add_constant((64, 64), trt.Weights(torch.eye(64).numpy())).get_output(0)
        none = trt.MatrixOperation.NONE
        engines.returned(network, network.add_matrix_multiply(x, none, weights, none).get_output(0))

    plan = engines.build(weighted, flags=[trt.BuilderFlag.WEIGHT_STREAMING])
    held = engines.TorchTensorRTModule(plan, name="engine")
    x = randn(1, 64)
    with runtime.weight_streaming(held) as context:
        assert context.total_device_budget >= 64 * 64 * 4
        for budget in (0, context.total_device_budget // 2, context.get_automatic_weight_streaming_budget()):
            context.device_budget = budget
            assert context.device_budget == budget
            torch.testing.assert_close(held(x), x)
        with pytest.raises(InputError):
            context.device_budget = -1


def test_shares_add_up():
    assert sum(_weight_streaming._shares(1000, [333, 333, 334])) == 1000
    assert _weight_streaming._shares(0, [5, 5]) == [0, 0]


def test_rtx_names_exist_and_refuse():
    with runtime.runtime_config("target") as target:
        assert target == "target"
    with (
        pytest.raises(NotImplementedError, match="RTX"),
        runtime.runtime_config("t", cuda_graph_strategy="x"),
    ):
        pass
    with pytest.raises(InputError), runtime.runtime_config("t", no_such_setting=1):
        pass
    with pytest.raises(NotImplementedError, match="RTX"):
        runtime.RuntimeCache("path").save()
    assert not torch.classes.tensorrt.RuntimeCacheHandle("path").has_cache()


def test_both_doors_of_the_log_are_one():
    before = torch.ops.tensorrt.get_logging_level()
    torch.ops.tensorrt.set_logging_level(0)
    assert torch_tensorrt._C._get_reportable_log_level() == torch_tensorrt._C.LogLevel.INTERNAL_ERROR
    torch.ops.tensorrt.set_logging_level(before)
    with pytest.raises(RuntimeError, match="Logging level 9"):
        torch.ops.tensorrt.set_logging_level(9)
