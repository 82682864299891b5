"""MutableTorchTensorRTModule: a module that compiles itself again when its weights change. Not built yet."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any


class RefitFlag(Enum):
    """What a changed module needs."""

    UNKNOWN = auto()
    NEEDS_REFIT = auto()
    NEEDS_RECOMPILE = auto()
    LIVE = auto()


class MutableTorchTensorRTModule:
    """Not built yet: refitting engines comes first. Creating one raises NotImplementedError."""

    def __init__(self, pytorch_model: Any, **kwargs: Any) -> None:
        raise NotImplementedError(
            "MutableTorchTensorRTModule is not built yet\n"
            "  To go on: torch_tensorrt.compile(model, inputs=...), again after its weights have changed"
        )
