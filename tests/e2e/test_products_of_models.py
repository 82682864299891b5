"""Which layers an engine makes of the products of models: every one with its bias and its activation."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
import torch
import torch_tensorrt
from torch import nn

from tests.e2e.judge import DEVICE, assert_as_eager, engine_modules
from tests.e2e.test_models import WORDS, bert, gpt2, varied, vit
from tests.util.output import Output

pytest.importorskip("transformers")
if torch_tensorrt.provider().name != "embedded":
    pytest.skip("layers of the embedded engine", allow_module_level=True)

DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=["float32", "float16"])


pytestmark = pytest.mark.usefixtures("detailed_engines")


@pytest.fixture(autouse=True)
def same_numbers():
    torch.manual_seed(0)


def layers_of(model: nn.Module, *inputs: torch.Tensor) -> list[dict[str, Any]]:
    """The layers of the one engine, which computes as well as eager."""
    model, inputs = model.to(DEVICE), tuple(x.to(DEVICE) for x in inputs)
    compiled = torch_tensorrt.compile(model, ir="dynamo", inputs=list(inputs), require_full_compilation=True)
    (module,) = engine_modules(compiled)
    assert_as_eager(compiled, model, *inputs)
    return json.loads(module.get_layer_info())["Layers"]


def kinds(layers: list[dict[str, Any]]) -> Counter[str]:
    return Counter(layer["LayerType"] for layer in layers)


def products(layers: list[dict[str, Any]]) -> list[tuple[str | None, bool]]:
    """Activation and whether there is a bias, by product."""
    found = [layer for layer in layers if layer["LayerType"] in ("Linear", "FusedLinear", "MatrixMultiply")]
    assert all(layer["LayerType"] != "MatrixMultiply" for layer in found), found
    return [(layer.get("Activation"), "Bias" in layer) for layer in found]


def tokens() -> torch.Tensor:
    return torch.randint(0, WORDS, (2, 20))


@DTYPES
def test_bert(dtype):
    """Query, key and value are one product; the first of the two behind attention has its gelu."""
    model = Output(varied(bert()), "last_hidden_state", "input_ids").eval().to(dtype)
    layers = layers_of(model, tokens())
    assert products(layers) == [(None, True), (None, True), ("kGELU_ERF", True), (None, True)] * 2
    assert kinds(layers)["Activation"] == 0


@DTYPES
def test_gpt2(dtype):
    """Its Conv1D is a product between two reshapes; gelu is written as a formula."""
    model = Output(varied(gpt2()), "logits", "input_ids").eval().to(dtype)
    layers = layers_of(model, tokens())
    layer = [(None, True), (None, True), ("kGELU_TANH", True), (None, True)]
    assert products(layers) == [*layer, *layer, (None, False)]
    assert kinds(layers)["Activation"] == 0


@DTYPES
def test_vit(dtype):
    model = Output(varied(vit()), "logits", "pixel_values").eval().to(dtype)
    layers = layers_of(model, torch.randn(2, 3, 32, 32).to(dtype))
    assert products(layers) == [
        *[(None, True), (None, True), ("kGELU_ERF", True), (None, True)] * 2,
        (None, True),
    ]
    assert kinds(layers)["Activation"] == 0


class GatedMLP(nn.Module):
    """down(silu(gate(x)) * up(x)), as in LLaMA."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.up = nn.Linear(32, 64, bias=False), nn.Linear(32, 64, bias=False)
        self.down = nn.Linear(64, 32, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(nn.functional.silu(self.gate(x)) * self.up(x))


@DTYPES
def test_gated_mlp(dtype):
    layers = layers_of(GatedMLP().eval().to(dtype), torch.randn(2, 20, 32).to(dtype))
    assert products(layers) == [(None, False)] * 2


class GroupedQueries(nn.Module):
    """Projections of attention with two heads of keys for four of queries,
    so that merged weights have other lengths."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(32, length, bias=False) for length in (32, 16, 16))
        self.o = nn.Linear(32, 32, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (f(x).unflatten(-1, (-1, 8)).transpose(1, 2) for f in (self.q, self.k, self.v))
        y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return self.o(y.transpose(1, 2).flatten(2))


@DTYPES
def test_grouped_queries(dtype):
    layers = layers_of(GroupedQueries().eval().to(dtype), torch.randn(2, 20, 32).to(dtype))
    assert products(layers) == [(None, False)] * 2


class Embedded(nn.Module):
    """A product with silu alone, as behind the time steps of diffusion models."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(16, 32), nn.Linear(32, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(nn.functional.silu(self.first(x)))


@DTYPES
def test_silu(dtype):
    layers = layers_of(Embedded().eval().to(dtype), torch.randn(20, 16).to(dtype))
    assert products(layers) == [("kSILU", True), (None, True)]
    assert kinds(layers)["ElementWise"] == 0
