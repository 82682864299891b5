"""Ranges of shapes: one engine serves every shape in the range, and only those."""

import pytest
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt import ts

from tests.py.ts.harness import assert_same, compiled, engines_of, run_engine
from tests.py.ts.models import FRONTS, MobileNet, randomized


def batches(*shape: int, dtype: torch.dtype = torch.float32) -> torch_tensorrt.Input:
    return torch_tensorrt.Input(
        min_shape=(1, *shape), opt_shape=(4, *shape), max_shape=(8, *shape), dtype=dtype
    )


@pytest.mark.parametrize("front", FRONTS)
def test_batch_of_a_network(front: str) -> None:
    model = randomized(MobileNet())
    module = compiled(
        FRONTS[front](model, torch.randn(4, 3, 32, 32)), [batches(3, 32, 32)], require_full_compilation=True
    )
    for batch in (1, 3, 8):
        x = torch.randn(batch, 3, 32, 32)
        torch.testing.assert_close(module(x), model(x).detach(), rtol=1e-4, atol=1e-5)


class Sizes(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        b, c, n = x.size(0), x.shape[1], x.shape[2]
        heads = x.view(b, c, 2, n // 2).transpose(1, 2).reshape(b * 2, c, -1)
        return heads, x.flatten(0, 1)[1:], torch.zeros(b, 2, dtype=x.dtype) + x.mean([1, 2]).unsqueeze(1)


@pytest.mark.parametrize("front", FRONTS)
def test_arithmetic_on_sizes(front: str) -> None:
    model = Sizes()
    module = compiled(
        FRONTS[front](model, torch.randn(4, 3, 6)), [batches(3, 6)], require_full_compilation=True
    )
    assert engines_of(module) == 1
    for batch in (1, 5, 8):
        x = torch.randn(batch, 3, 6)
        assert_same(module(x), model(x))


def test_engine_bytes() -> None:
    engine = ts.convert_method_to_trt_engine(torch.jit.script(Sizes()), inputs=[batches(3, 6)])
    x = torch.randn(7, 3, 6)
    assert_same(run_engine(engine, x), Sizes()(x))


def test_outside_the_range() -> None:
    module = compiled(torch.jit.script(nn.ReLU()), [batches(3)], require_full_compilation=True)
    with pytest.raises(RuntimeError, match="9"):
        module(torch.randn(9, 3))


class Mixed(nn.Module):
    """Sizes taken before the operator that stays in PyTorch are used by the engine behind it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b = x.size(0)
        y = torch.cumprod(torch.relu(x) + 1, -1)
        return torch.sigmoid(y.view(b * 3, -1)) * 2


@pytest.mark.parametrize("front", FRONTS)
def test_sizes_across_parts(front: str) -> None:
    model = Mixed()
    module = compiled(FRONTS[front](model, torch.randn(4, 3, 6)), [batches(3, 6)], min_block_size=1)
    assert engines_of(module) == 2
    for batch in (1, 5, 8):
        x = torch.randn(batch, 3, 6)
        assert_same(module(x), model(x))
