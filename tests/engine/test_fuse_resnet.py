"""ResNets from both front ends: every convolution takes up its BatchNorm, relu and residual."""

from __future__ import annotations

import warnings
from collections import Counter

import pytest
import tensorrt as trt
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt.dynamo.conversion import _build_config

from tests.engine._case import FLOATS, device
from tests.engine._passes import layers_of
from tests.util.oracle import assert_as_good_as_eager


class Bottleneck(nn.Module):
    """As in torchvision's ResNet: 1x1, 3x3, 1x1,
    and a shortcut with a convolution of its own where lengths change."""

    def __init__(self, inside: int, between: int, outside: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inside, between, 1, bias=False), nn.BatchNorm2d(between)
        self.conv2 = nn.Conv2d(between, between, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(between)
        self.conv3, self.bn3 = nn.Conv2d(between, outside, 1, bias=False), nn.BatchNorm2d(outside)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or inside != outside:
            shortcut = nn.Conv2d(inside, outside, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(outside))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


def small_resnet() -> nn.Module:
    blocks = [Bottleneck(8, 8, 16, 1), Bottleneck(16, 8, 16, 1), Bottleneck(16, 8, 24, 2)]
    stem = [
        nn.Conv2d(3, 8, 7, 2, 3, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
    ]
    return nn.Sequential(*stem, *blocks)


def resnet50() -> nn.Module:
    transformers = pytest.importorskip("transformers")
    return transformers.ResNetForImageClassification(
        transformers.ResNetConfig(num_labels=10, return_dict=False)
    )


def trained(model: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Statistics and parameters as training might leave them."""
    generator = torch.Generator().manual_seed(0)
    for part in model.modules():
        if isinstance(part, nn.BatchNorm2d):
            for tensor in (part.weight, part.running_var):
                tensor.data.uniform_(0.5, 1.5, generator=generator)
            for tensor in (part.bias, part.running_mean):
                tensor.data.uniform_(-0.5, 0.5, generator=generator)
    return model.eval().requires_grad_(False).to(device(), dtype)


def from_dynamo(model: nn.Module, x: torch.Tensor) -> bytes:
    program = torch.export.export(model, (x,))
    return torch_tensorrt.dynamo.convert_exported_program_to_serialized_trt_engine(program, inputs=[x])


def from_torchscript(model: nn.Module, x: torch.Tensor) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script = torch.jit.trace(model, (x,))
        shape = torch_tensorrt.Input(x.shape, dtype=x.dtype)
        return torch_tensorrt.ts.convert_method_to_trt_engine(script, "forward", inputs=[shape], debug=True)


@pytest.fixture
def detailed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines tell everything about their layers."""
    limits = _build_config._set_limits

    def with_layers(config: trt.IBuilderConfig, settings: object) -> None:
        limits(config, settings)
        config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED

    monkeypatch.setattr(_build_config, "_set_limits", with_layers)


def convolutions(plan: bytes, others: dict[str, int]) -> Counter[tuple[bool, int]]:
    """Convolutions by whether they end in a relu, and by their number of inputs;
    beside `others` there is nothing."""
    layers = layers_of(plan)
    found = Counter(layer["LayerType"] for layer in layers)
    del found["FusedConvolution"]
    assert found == others
    told = [layer for layer in layers if layer["LayerType"] == "FusedConvolution"]
    return Counter((bool(layer["Relu"]), len(layer["Inputs"])) for layer in told)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("front", [from_dynamo, from_torchscript])
def test_blocks(front, dtype, detailed):
    model = trained(small_resnet(), dtype)
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1)).to(device(), dtype)
    with torch.no_grad():
        found = convolutions(front(model, x), {"Pooling": 1})
    assert found == {(True, 3): 7, (True, 4): 3, (False, 2): 2}


@pytest.mark.parametrize("front", [from_dynamo, from_torchscript])
def test_resnet50_in_float16(front, detailed):
    model = trained(resnet50(), torch.float16)
    with torch.no_grad():
        plan = front(model, torch.zeros(1, 3, 224, 224, dtype=torch.float16, device=device()))
    found = convolutions(plan, {"Pooling": 1, "Reduce": 1, "Shuffle": 1, "Linear": 1})
    assert found == {(True, 3): 33, (True, 4): 16, (False, 2): 4}


@pytest.mark.gpu
@pytest.mark.skipif(device().type != "cuda", reason="a CUDA device is needed")
def test_one_image_stays_in_channels_last() -> None:
    """The strides of axes of length 1 say nothing. The only copies are those at the borders of the engine."""
    model = trained(small_resnet(), torch.float16)
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)).half().to(device())
    with torch.no_grad():
        engine = trt.Runtime(trt.Logger()).deserialize_cuda_engine(from_dynamo(model, x))
        eager = model(x)
        wanted = model.double()(x.double())
    context = engine.create_execution_context()
    y = torch.empty_like(eager, memory_format=torch.contiguous_format)
    names = [engine.get_tensor_name(i) for i in range(2)]
    for name in names:
        given = engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT
        assert context.set_tensor_address(name, (x if given else y).data_ptr())
    for _ in range(4):
        assert context.execute_async_v3(torch.cuda.current_stream().cuda_stream)
    with torch.profiler.profile(activities=list(torch.profiler.supported_activities())) as profile:
        assert context.execute_async_v3(torch.cuda.current_stream().cuda_stream)
        torch.cuda.synchronize()
    assert sum("direct_copy" in event.name for event in profile.events()) <= 2
    assert_as_good_as_eager(y, eager, wanted)
