"""Switch: an option of every engine of a module, on for the length of a `with` block."""

from __future__ import annotations

from typing import Any

import torch

from torch_tensorrt.dynamo.runtime._engine_controls import EngineControls, require_engine_modules


class EngineSwitch:
    """`option`: a boolean attribute of torch.classes.tensorrt.Engine."""

    def __init__(self, module: torch.nn.Module, option: str, what: str) -> None:
        require_engine_modules(module, what)
        self._module, self._option, self._what = module, option, what
        self._before: list[tuple[EngineControls, bool]] = []

    def __enter__(self) -> EngineSwitch:
        for held in require_engine_modules(self._module, self._what):
            engine = held.get_engine()
            self._before.append((held, getattr(engine, self._option)))
            setattr(engine, self._option, True)
        return self

    def __exit__(self, *_: Any) -> None:
        while self._before:
            held, value = self._before.pop()
            setattr(held.get_engine(), self._option, value)
