"""enable_pre_allocated_outputs: memory for the next call's outputs is taken while the present one runs."""

from __future__ import annotations

import torch

from torch_tensorrt.runtime._switch import EngineSwitch


def enable_pre_allocated_outputs(module: torch.nn.Module) -> EngineSwitch:
    """Context manager. A call with other shapes than the last allocates as usual."""
    return EngineSwitch(module, "use_pre_allocated_outputs", "enable_pre_allocated_outputs")
