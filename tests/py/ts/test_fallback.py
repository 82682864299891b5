"""Modules that run partly in PyTorch: the result has eager's types and values whatever runs where."""

import pytest
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt._errors import InputError

from tests.py.ts.harness import assert_same, compiled, engines_of, inputs_of
from tests.py.ts.models import FRONTS, MLP, ResNet, randomized


class Holed(nn.Module):
    """cumprod has no converter; it stands in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.a(x)) + 1
        x = x.cumprod(-1)
        return torch.sigmoid(self.b(x)) * 2


@pytest.mark.parametrize("front", FRONTS)
def test_unsupported_operator_splits(front: str) -> None:
    x, model = torch.randn(3, 4), Holed().eval()
    module = compiled(FRONTS[front](model, x), inputs_of(x), min_block_size=1)
    assert engines_of(module) == 2
    assert_same(module(x), model(x).detach())
    assert [line.split()[0] for line in module.fallbacks] == ["aten::cumprod"]


def test_min_block_size() -> None:
    x, model = torch.randn(3, 4), Holed().eval()
    module = compiled(torch.jit.script(model), inputs_of(x), min_block_size=10)
    assert engines_of(module) == 0
    assert_same(module(x), model(x).detach())


def test_executed_ops() -> None:
    x, model = torch.randn(2, 16), MLP().eval()
    module = compiled(
        torch.jit.script(model), inputs_of(x), min_block_size=1, torch_executed_ops=["aten::gelu"]
    )
    assert engines_of(module) == 2
    assert "named in torch_executed_ops" in module.fallbacks[0]
    assert_same(module(x), model(x).detach())


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("name", ["layer2", "tests.py.ts.models.BasicBlock", "BasicBlock"])
def test_executed_modules(front: str, name: str) -> None:
    x, model = torch.randn(1, 3, 32, 32), randomized(ResNet())
    module = compiled(FRONTS[front](model, x), inputs_of(x), min_block_size=1, torch_executed_modules=[name])
    assert module.fallbacks and all("torch_executed_modules" in line for line in module.fallbacks)
    assert engines_of(module) == 2
    torch.testing.assert_close(module(x), model(x).detach())


class Diamond(nn.Module):
    """Two branches that meet: the engine's part of both is one engine."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        left, right = torch.relu(x) + 1, torch.cumprod(x, -1)
        return left * 2 + torch.tanh(left), right + left


def test_branches() -> None:
    x = torch.randn(3, 4)
    model = torch.jit.script(Diamond())
    module = compiled(model, inputs_of(x), min_block_size=1)
    assert_same(module(x), model(x))


class InPlace(nn.Module):
    """Writes through a view of its input: order and aliasing have to be PyTorch's."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x.clone()
        y[0].add_(1)
        return y * 2 + torch.sigmoid(y)


def test_writes_stay_in_pytorch() -> None:
    x = torch.randn(3, 4)
    model = torch.jit.script(InPlace())
    module = compiled(model, inputs_of(x), min_block_size=1)
    assert_same(module(x.clone()), model(x.clone()))


class DataDependent(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(x) * 2 + 1
        if bool(y.sum() > 0):
            y = y * 3
        return torch.nonzero(y > 1) + 1


def test_data_dependent_parts_stay_in_pytorch() -> None:
    x = torch.randn(3, 4)
    model = torch.jit.script(DataDependent())
    module = compiled(model, inputs_of(x), min_block_size=1)
    assert engines_of(module) == 1
    for value in (x, -x.abs() - 5):
        assert_same(module(value), model(value))


class Containers(nn.Module):
    def forward(
        self, pair: tuple[torch.Tensor, torch.Tensor], many: list[torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        return {"sum": pair[0] + pair[1], "many": torch.stack(many).sum(0)}


@pytest.mark.parametrize("full", [True, False])
def test_containers(full: bool) -> None:
    from torch_tensorrt import ts

    a, b, c = (torch_tensorrt.Input((2, 3), dtype=torch.float32) for _ in range(3))
    model = torch.jit.script(Containers())
    module = ts.compile(
        model, input_signature=((a, b), [c, c, c]), require_full_compilation=full, min_block_size=1
    )
    x = torch.randn(2, 3)
    arguments = ((x, x * 2), [x, x, x])
    assert_same(module(*arguments), model(*arguments))


def test_full_compilation_and_fallback_exclude_each_other() -> None:
    with pytest.raises(InputError, match="torch_executed_ops"):
        compiled(
            torch.jit.script(MLP().eval()),
            [(2, 16)],
            require_full_compilation=True,
            torch_executed_ops=["aten::gelu"],
        )
