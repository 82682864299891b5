"""The old name of a module with a pure Python runtime: one runtime serves both now."""

from __future__ import annotations

import warnings
from typing import Any

from torch_tensorrt.dynamo.runtime._TorchTensorRTModule import TorchTensorRTModule


class PythonTorchTensorRTModule(TorchTensorRTModule):
    """TorchTensorRTModule under its old name; `_debugger_config` is accepted and has no effect."""

    def __init__(self, *args: Any, _debugger_config: Any = None, **kwargs: Any) -> None:
        warnings.warn(
            "PythonTorchTensorRTModule is now the same as TorchTensorRTModule; use that name",
            DeprecationWarning,
            stacklevel=2,
        )
        super().__init__(*args, **kwargs)
