"""The name of a module that recompiles itself when its weights change; it is not built yet."""

from __future__ import annotations

from typing import Any, NoReturn

import torch


class MutableTorchTensorRTModule:
    """Not there yet: engines cannot be refitted, so a change of weights needs a new compilation."""

    def __new__(cls, pytorch_model: torch.nn.Module, **settings: Any) -> NoReturn:
        raise NotImplementedError(
            "MutableTorchTensorRTModule is not built yet: engines of this release cannot be refitted\n"
            "  To go on: call torch_tensorrt.compile(model, inputs=...) again after the weights have changed"
        )
