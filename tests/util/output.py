"""Output: a model of transformers as a module that takes and gives tensors."""

import torch
from torch import nn


class Output(nn.Module):
    """One tensor of a transformers model's output; arguments by position."""

    def __init__(self, model: nn.Module, field: str, *names: str) -> None:
        super().__init__()
        self.model, self.field, self.names = model, field, names

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return getattr(self.model(**dict(zip(self.names, inputs, strict=True))), self.field)
