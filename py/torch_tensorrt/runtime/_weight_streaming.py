"""weight_streaming: how many bytes of weights the engines of a module keep on the device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from torch_tensorrt._errors import InputError
from torch_tensorrt.dynamo.runtime._engine_controls import require_engine_modules


class weight_streaming:
    """Context manager; engines have to be built with `enable_weight_streaming=True`.

    with torch_tensorrt.runtime.weight_streaming(module) as context:
        context.device_budget = context.total_device_budget // 2

    Budgets are bytes. The former ones are back when the block ends. Raises InputError for what is no number
    of bytes, and where no engine has weights that can be streamed.
    """

    def __init__(self, module: torch.nn.Module) -> None:
        self._modules = require_engine_modules(module, "weight_streaming")
        self._streamable = [held.get_streamable_device_memory_budget() for held in self._modules]
        self.total_device_budget = sum(self._streamable)
        """Bytes of weights that can be streamed, all engines together."""
        self._before: list[int] = []

    def __enter__(self) -> weight_streaming:
        self._before = [held.get_device_memory_budget() for held in self._modules]
        return self

    def __exit__(self, *_: Any) -> None:
        self._set(self._before)

    def _set(self, budgets: Sequence[int]) -> None:
        for held, budget in zip(self._modules, budgets, strict=False):
            if held.get_device_memory_budget() != budget:  # a change makes a new execution context
                held.set_device_memory_budget(budget)

    def get_automatic_weight_streaming_budget(self) -> int:
        """The budget that the engines propose, all together."""
        return sum(held.get_automatic_device_memory_budget() for held in self._modules)

    @property
    def device_budget(self) -> int:
        """Bytes of weights kept on the device, all engines together; shared out by their sizes."""
        return sum(held.get_device_memory_budget() for held in self._modules)

    @device_budget.setter
    def device_budget(self, budget_bytes: int) -> None:
        if isinstance(budget_bytes, bool) or not isinstance(budget_bytes, int) or budget_bytes < 0:
            raise InputError(f"a weight streaming budget is a number of bytes from 0, got {budget_bytes!r}")
        if self.total_device_budget == 0:
            raise InputError(
                "the engines have no weights that can be streamed\n"
                "  Compile with enable_weight_streaming=True"
            )
        self._set(_shares(min(budget_bytes, self.total_device_budget), self._streamable))


def _shares(budget: int, sizes: Sequence[int]) -> list[int]:
    """`budget` in proportion to `sizes`, rounded down but for the last, so that nothing is lost."""
    total = sum(sizes)
    shares = [budget * size // total for size in sizes]
    shares[-1] = min(sizes[-1], budget - sum(shares[:-1]))
    return shares
