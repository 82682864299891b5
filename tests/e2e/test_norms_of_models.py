"""Which layers an engine makes of the normalizations of models: one each, with the residual's sum."""

from __future__ import annotations

import json

import pytest
import torch
import torch_tensorrt
from torch import nn

from tests.e2e.judge import DEVICE, assert_as_eager, engine_modules
from tests.util.oracle import assert_close_or_as_good, float64_reference

pytest.importorskip("transformers")
if torch_tensorrt.provider().name != "embedded":
    pytest.skip("layers of the embedded engine", allow_module_level=True)

from transformers.models.llama.modeling_llama import LlamaRMSNorm  # noqa: E402
from transformers.models.t5.modeling_t5 import T5LayerNorm  # noqa: E402

FLOATS = [torch.float32, torch.float16, torch.bfloat16]
WIDTH = 64


pytestmark = pytest.mark.usefixtures("detailed_engines")


@pytest.fixture(autouse=True)
def same_numbers():
    torch.manual_seed(0)


class ByVariance(nn.Module):
    """Layer norm by torch.var, the scale before the quotient."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma, self.beta = nn.Parameter(torch.rand(WIDTH) + 0.5), nn.Parameter(torch.rand(WIDTH))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        variance = x.var(-1, keepdim=True, unbiased=False)
        return self.gamma * (x - x.mean(-1, keepdim=True)) / torch.sqrt(variance + 1e-5) + self.beta


class InFloat32(nn.LayerNorm):
    """Layer norm that models compute in float32, whatever their type."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight, bias = self.weight.float(), self.bias.float()
        return nn.functional.layer_norm(x.float(), self.normalized_shape, weight, bias, self.eps).to(x.dtype)


class Residual(nn.Module):
    """The norm of a sum, which is used once more."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: torch.Tensor, r: torch.Tensor) -> torch.Tensor:
        total = x + r
        return self.norm(total) - total


NORMS = {
    "LayerNorm": lambda: nn.LayerNorm(WIDTH),
    "LayerNorm without parameters": lambda: nn.LayerNorm(WIDTH, elementwise_affine=False),
    "LayerNorm without bias": lambda: nn.LayerNorm(WIDTH, bias=False),
    "RMSNorm": lambda: nn.RMSNorm(WIDTH),
    "LLaMA": lambda: LlamaRMSNorm(WIDTH),
    "T5": lambda: T5LayerNorm(WIDTH),
    "by variance": ByVariance,
    "in float32": lambda: InFloat32(WIDTH),
}


def kinds(model: nn.Module, *inputs: torch.Tensor) -> list[str]:
    """Kinds of the layers of the one engine, which computes as well as eager; without those of parameters."""
    model = model.to(DEVICE).eval()
    compiled = torch_tensorrt.compile(model, ir="dynamo", inputs=list(inputs), min_block_size=1)
    (module,) = engine_modules(compiled)
    with torch.no_grad():  # some models are not evaluated in float64, whatever their type
        found, eager = compiled(*inputs), model(*inputs)
    assert_close_or_as_good(found, eager, lambda: float64_reference(model, inputs))
    told = json.loads(module.get_layer_info())["Layers"]
    return [layer["LayerType"] for layer in told if layer["LayerType"] not in ("Constant", "Shuffle", "Cast")]


@pytest.mark.parametrize("dtype", FLOATS, ids=["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("norm", NORMS)
def test_one_layer(norm: str, dtype: torch.dtype) -> None:
    x = torch.randn(2, 5, WIDTH, device=DEVICE).to(dtype)
    assert kinds(NORMS[norm]().to(dtype), x) in (["Normalization"], ["RowNormalization"])


@pytest.mark.parametrize("dtype", FLOATS, ids=["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("norm", NORMS)
def test_one_layer_with_the_sum(norm: str, dtype: torch.dtype) -> None:
    x, r = (torch.randn(2, 5, WIDTH, device=DEVICE).to(dtype) for _ in range(2))
    found = kinds(Residual(NORMS[norm]().to(dtype)), x, r)
    assert found[0] == "RowNormalization" and len(found) == 2


@pytest.mark.parametrize("dtype", FLOATS, ids=["float32", "float16", "bfloat16"])
def test_group_norm(dtype: torch.dtype) -> None:
    x = torch.randn(2, 8, 5, 6, device=DEVICE).to(dtype)
    assert kinds(nn.GroupNorm(2, 8).to(dtype), x) == ["Normalization"]


@pytest.mark.parametrize(
    "norm", [nn.InstanceNorm2d(8, affine=True), nn.GroupNorm(4, 8)], ids=["instance", "group"]
)
def test_norm_between_convolutions_keeps_its_variance(norm):
    """Behind a convolution images are channels-last, for which torch's own kernel cancels on the CPU."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), norm, nn.Conv2d(8, 4, 3)).eval().to(DEVICE)
    model[0].bias.data += 3
    x = torch.randn(4, 3, 48, 48, device=DEVICE)
    compiled = torch_tensorrt.compile(model, inputs=[x], min_block_size=1, require_full_compilation=True)
    assert_as_eager(compiled, model, x)
