"""Small models for the tests of the dynamo front end, and what they have in common."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch_tensorrt import Input, dynamo


class ConvRelu(nn.Module):
    """relu(conv(x)) + 1"""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv(x)) + 1


class Mlp(nn.Module):
    """Two linear maps with a rectifier between them."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.first = nn.Linear(width, 2 * width)
        self.second = nn.Linear(2 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(torch.relu(self.first(x)))


class Sandwich(nn.Module):
    """Engine, an operator that may stay in PyTorch (sin), engine."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(x * 2 + 1)
        y = torch.sin(y)
        return torch.relu(y * 3 + 1)


class IntBuffer(nn.Module):
    """An int64 buffer on the way of floats: index_select, then a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("order", torch.tensor([2, 0, 1]))
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x.index_select(1, self.order))


def compiled(model: nn.Module, inputs: Any, **settings: Any) -> torch.fx.GraphModule:
    """The model traced and compiled; engines of any size, unless the test says otherwise."""
    model.eval()
    settings.setdefault("min_block_size", 1)
    program = dynamo.trace(model, arg_inputs=inputs)
    return dynamo.compile(program, arg_inputs=inputs, **settings)


def engines(module: torch.fx.GraphModule) -> list[str]:
    """Names of the submodules that hold engines."""
    return [name for name, _ in module.named_children() if name.startswith("_run_on_acc")]


def torch_parts(module: torch.fx.GraphModule) -> list[str]:
    """Names of the submodules that run in PyTorch."""
    return [name for name, _ in module.named_children() if name.startswith("_run_on_gpu")]


def batch(low: int, usual: int, high: int, *rest: int, **more: Any) -> Input:
    """An Input whose first axis has a range."""
    return Input(min_shape=(low, *rest), opt_shape=(usual, *rest), max_shape=(high, *rest), **more)
