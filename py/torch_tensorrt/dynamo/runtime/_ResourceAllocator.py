"""Whether engines keep their scratch memory or bring it at every call, for a while."""

from __future__ import annotations

from typing import Any

import torch

from torch_tensorrt.dynamo.runtime._TorchTensorRTModule import engine_modules


class ResourceAllocationStrategy:
    """Inside, engines of `compiled_module` bring their scratch memory at each call (True) or keep it."""

    def __init__(self, compiled_module: torch.nn.Module, dynamically_allocate_resources: bool = True) -> None:
        self.compiled_module = compiled_module
        self.dynamically_allocate_resources = dynamically_allocate_resources
        self._before: list[tuple[Any, bool]] = []

    def __enter__(self) -> ResourceAllocationStrategy:
        for module in engine_modules(self.compiled_module):
            self._before.append((module, module.dynamically_allocate_resources))
            module.use_dynamically_allocated_resources(self.dynamically_allocate_resources)
        return self

    def __exit__(self, *_: Any) -> None:
        while self._before:
            module, dynamic = self._before.pop()
            module.use_dynamically_allocated_resources(dynamic)
