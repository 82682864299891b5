"""enable_output_allocator: engines ask for the memory of every output."""

from __future__ import annotations

import torch

from torch_tensorrt.runtime._switch import EngineSwitch


def enable_output_allocator(module: torch.nn.Module) -> EngineSwitch:
    """Context manager. Outputs whose size depends on values are allocated that way without it."""
    return EngineSwitch(module, "use_output_allocator_outputs", "enable_output_allocator")
