"""optimization_profile: which range of input shapes the engines of a module are set to."""

from __future__ import annotations

from typing import Any

import torch

from torch_tensorrt.dynamo.runtime._engine_controls import (
    EngineControls,
    ProfileState,
    require_engine_modules,
)


class optimization_profile:
    """Context manager. `profile`: a number, "auto" (by the inputs of each call), or None (no change)."""

    def __init__(self, module: torch.nn.Module, profile: int | str | None) -> None:
        self._modules = require_engine_modules(module, "optimization_profile")
        self._profile = profile
        self._before: list[tuple[EngineControls, ProfileState]] = []

    def __enter__(self) -> optimization_profile:
        try:
            for held in self._modules if self._profile is not None else ():
                self._before.append((held, held.get_optimization_profile_state()))
                held.set_optimization_profile(self._profile)  # type: ignore[arg-type]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: Any) -> None:
        while self._before:
            held, state = self._before.pop()
            held.restore_optimization_profile_state(state)
